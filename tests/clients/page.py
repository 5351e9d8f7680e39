"""docs/reference/clients.md, written from what a run of the suite saw."""

import difflib
import os
import textwrap

from libraries import ALONE, CLIENTS, VERIFIERS, Library

from support.process import REPO

PATH = "docs/reference/clients.md"
BLESS = "LOCUM_BLESS=1 tests/all setup build clients"

HEAD = f"""# Libraries that work with Locum, unmodified

<!-- Written by the suite `clients` from what it saw:
     {BLESS} -->

Each of them is installed at the version shown, as its registry has it, and
makes real exchanges with `locum dev` on loopback whenever the suite runs.
Other versions were not tried.

## Clients
Tried with each: an exchange of ada's ID token, and of her access token as
`jwt`, for `invoice.read` at `sap`; the token's signature, its `act` and that it
opens the target are checked. Then a scope that needs consent, a scope that does
not exist, a wrong proof of the client. Those that read the metadata found that
of an issuer with a path as well, with `locum serve`.

The two columns before the last say what a caller reads of a refusal: in the
text of the error, and only on the error object. `error_description` always ends
with what to do next.

| client | version | entry | endpoints from | proves itself by | `actor_token` | consent missing | wrong proof | verdict |
|---|---|---|---|---|---|---|---|---|
"""

VERIFIERS_HEAD = """
## Verifiers
Tried with each: a good token, whose `act` must be readable; one whose `act` was
changed; one for another target; a revoked one. A verifier that does not ask the
broker takes a revoked token until it expires, at most its 300 seconds.

| verifier | version | entry | sees a revocation | verdict |
|---|---|---|---|---|
"""

SNIPPETS = """
## How to point each at Locum
This is the code that ran. `ask` holds what the caller knows: the agent's
`client_id` and `client_secret`, the person's token as `subject_token` (or in
`token_file`), the target's `audience`, a `scope`; `ask.actor` is
`actor_token` and `actor_token_type`, or nothing; `ask.way` is the column
“proves itself by”. `EXCHANGE` is
`urn:ietf:params:oauth:grant-type:token-exchange`. For a verifier, `ask` holds
the metadata's `jwks_uri` and `introspection_endpoint`, and the resource
server's own id and secret. What allows plain `http` is for loopback alone.
"""


class Tried:
    """What was seen of each library."""

    def __init__(self):
        self._notes: dict[str, dict] = {}
        self._failed: dict[str, set[str]] = {}

    def note(self, library: Library, what: str, seen) -> None:
        """One observation."""
        self._notes.setdefault(library.name, {})[what] = seen

    def failed(self, library: Library, test: str) -> None:
        """One test that did not hold."""
        self._failed.setdefault(library.name, set()).add(test)

    def of(self, library: Library, what: str):
        """The observation, `None` where there is none."""
        return self._notes.get(library.name, {}).get(what)

    def verdict(self, library: Library) -> str:
        """One word, or what did not hold."""
        flaws = sorted(self._failed.get(library.name, ()))
        return "pass" if library.name in self._notes and not flaws else "fails: " + ", ".join(flaws or ["not run"])


def _shown(parts) -> str:
    """`text: …; object: …`."""
    if parts is None:
        return "–"
    named = {"text": parts[0], "object": parts[1]}
    return "; ".join(f"{where}: " + ", ".join(f"`{name}`" for name in names) for where, names in named.items() if names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _clients(tried: Tried) -> str:
    text = HEAD
    for library in CLIENTS:
        consent, proof = (_shown(tried.of(library, what)) for what in ("refusal", "wrong proof"))
        actor = "is its proof" if ALONE in library.ways else "yes" if library.actor else "cannot be sent"
        found = "metadata" if library.discovers else "its caller"
        text += _row(
            library.package, library.version, f"`{library.entry}`", found, ", ".join(library.ways), actor, consent,
            "the same" if proof == consent else proof, tried.verdict(library))
    return text


def _verifiers(tried: Tried) -> str:
    text = VERIFIERS_HEAD
    for library in VERIFIERS:
        sees = {True: "yes", False: "no", None: "–"}[tried.of(library, "revocation")]
        text += _row(library.package, library.version, f"`{library.entry}`", sees, tried.verdict(library))
    return text


def _snippets() -> str:
    text = SNIPPETS
    for library in (*CLIENTS, *VERIFIERS):
        note = textwrap.fill(" ".join(library.note.split()), 80, break_on_hyphens=False)
        text += f"\n### {library.package}: `{library.entry}`\n" + (f"{note}\n\n" if note else "\n")
        # Indented and not fenced: fenced blocks are run as a reader would, these were run already.
        text += textwrap.indent(library.code, "    ") + "\n"
    return text


def render(tried: Tried) -> str:
    """The whole page."""
    return _clients(tried) + _verifiers(tried) + _snippets()


def stale(tried: Tried) -> str | None:
    """Writes the page if that was asked for; else how it differs from what was seen."""
    fresh, file = render(tried), REPO / PATH
    if "LOCUM_BLESS" in os.environ:
        file.write_text(fresh)
        return None
    held = file.read_text() if file.exists() else ""
    if held == fresh:
        return None
    diff = difflib.unified_diff(held.splitlines(), fresh.splitlines(), PATH, "what was seen", lineterm="", n=0)
    verdicts = {tried.verdict(library) for library in (*CLIENTS, *VERIFIERS)}
    remedy = f"run `{BLESS}`" if verdicts == {"pass"} else "what failed comes first"
    return "\n".join([*diff, f"{PATH} is not what was seen: {remedy}"])
