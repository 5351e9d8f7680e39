"""Fenced blocks of a page, each with a kind the runner knows.

| info string | kind |
|---|---|
| `sh` | runs in the page's one shell; must end with 0 |
| `sh fails` | the same, and must end with another status |
| `sh server`, `sh server=NAME` | runs in the background until it is ready |
| `sh stop`, `sh stop=NAME` | stops that server; what the block says is for people |
| `sh restart`, `sh restart=NAME` | stops it and starts it again, with the block's command if it has one |
| `toml file=PATH` (any language) | is written to that file |
| `text`, `json` right after an `sh` | is what the block before printed; `…` stands for anything in a line, alone in a line for any lines |
| `text figure` | a drawing |
| `console` | cannot be run here: counted, its commands looked at |
"""
import dataclasses
import pathlib
import re

FENCE = re.compile(r"^(?P<ticks>```+)(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=ticks)[ \t]*$", re.M | re.S)
# A page that goes on from another one is played in that one's folder.
BEGINS = re.compile(r"\bBegins where\s\[[^]]*\]\(([^)]*)\) ends\b", re.M)
SHELL = {"fails", "server", "stop", "restart"}
DEFAULT = "server"


class Unknown(Exception):
    """A block of no known kind."""


@dataclasses.dataclass
class Block:
    """One block: its kind, the server or file it is about, its text, its line in the page."""

    kind: str
    about: str
    text: str
    line: int

    @property
    def title(self) -> str:
        """The first line that says something."""
        lines = [line for line in self.text.strip().splitlines() if not line.startswith("#")]
        return (self.about if self.kind == "file" else lines[0] if lines else self.kind)[:70]


def _kind(info: str, before: "Block | None") -> tuple[str, str]:
    words = info.split()
    language, rest = (words[0], words[1:]) if words else ("", [])
    if len(rest) == 1 and rest[0].startswith("file="):
        return "file", rest[0].removeprefix("file=")
    if language == "sh" and not rest:
        return "run", ""
    if language == "sh" and len(rest) == 1:
        kind, _, name = rest[0].partition("=")
        if kind in SHELL and (not name or kind != "fails"):
            return kind, name or DEFAULT
    if language == "console" and not rest:
        return "console", ""
    if words == ["text", "figure"]:
        return "figure", ""
    if language in ("text", "json") and not rest and before and before.kind in ("run", "fails"):
        return "shows", ""
    raise Unknown(f"a block `{info.strip()}` is of no kind that is run (see tests/docs/blocks.py)")


def blocks(text: str) -> list[Block]:
    """Every block of a page, in order."""
    found: list[Block] = []
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        try:
            kind, about = _kind(match["info"], found[-1] if found else None)
        except Unknown as flaw:
            raise Unknown(f"line {line}: {flaw}") from None
        found.append(Block(kind, about, match["text"], line))
    outside = FENCE.sub("", text)
    if "```" in outside:
        raise Unknown("a fence is open or indented")
    return found


def before(page: pathlib.Path) -> list[Block]:
    """Blocks of the page that this one goes on from."""
    match = BEGINS.search(page.read_text())
    return blocks((page.parent / match[1]).read_text()) if match else []


def inline(text: str) -> list[str]:
    """Code within sentences."""
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def matches(expected: str, printed: str) -> bool:
    """Whether what a page shows is what was printed."""
    pattern = ""
    for line in expected.strip("\n").splitlines():
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ \t]*\n"
    return re.fullmatch(pattern, printed.strip("\n") + "\n") is not None
