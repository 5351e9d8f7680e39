"""The programs of docs/how-to/build-an-agent.md where no dev world gets them, and the page's table of codes.

What they do with a broker that answers is played by `tests/docs/run`.
"""

import io
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.process import REPO

PAGE = (REPO / "docs" / "how-to" / "build-an-agent.md").read_text()
ERRORS = (REPO / "docs" / "errors.md").read_text()
PROGRAMS = dict(re.findall(r"^```python file=(\S+)\n(.*?)^```$", PAGE, re.M | re.S))
WAITS = "import runpy, sys, time; time.sleep = lambda s: print('waits', s); runpy.run_path(sys.argv.pop(1))"
"""Runs a program whose waiting is said and not done."""
FUSE_S = 60
REFUSED = {"error": "temporarily_unavailable", "code": "LCM-UNAVAILABLE", "retryable": True,
           "error_description": "expected the ledger, found it full; try again later [LCM-UNAVAILABLE]"}
INVOICE = {"id": "4711", "seen": {"sub": "demo:ada", "act": {"sub": "invoice-agent"}}}
each = pytest.mark.parametrize("name", sorted(PROGRAMS))


class Unavailable:
    """Token endpoint and target in one: the first so many requests for a token are refused, as unavailable or so."""

    def __init__(self, times: int, refused: dict = REFUSED, status: int = 503):
        self.forms: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.forms.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if len(outer.forms) <= times:
                    return self._answer(status, refused, {"Retry-After": "2"})
                return self._answer(200, {"access_token": "t", "token_type": "Bearer", "expires_in": 300,
                                          "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})

            def do_GET(self):
                self._answer(200, INVOICE)

            def _answer(self, status, body, headers=()):
                text = json.dumps(body).encode()
                self.send_response(status)
                head = {"Content-Type": "application/json", "Content-Length": len(text), **dict(headers)}
                for name, value in head.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Refusing(Unavailable):
    """The same, but what it refuses, it refuses for good: each exchange, with that body, so many times."""

    def __init__(self, times: int, body: dict):
        super().__init__(0)
        self.left, self.body = times, body
        outer, handler = self, self._server.RequestHandlerClass

        class Handler(handler):
            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"]))
                if b"actor_token=" in form and outer.left > 0:
                    outer.left -= 1
                    outer.forms.append(form.decode())
                    return self._answer(400, outer.body)
                self.rfile = io.BytesIO(form)
                return super().do_POST()

        self._server.RequestHandlerClass = Handler


def run(name, folder, server) -> subprocess.CompletedProcess:
    """Runs a program of the page against that server."""
    (folder / name).write_text(PROGRAMS[name])
    (folder / "ada.jwt").write_text("a.b.c\n")
    kept = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    said = {"LOCUM_ISSUER": server.url, "DEMO_SAP": server.url, "LOCUM_CLIENT_ID": "me", "LOCUM_CLIENT_SECRET": "s"}
    return subprocess.run([sys.executable, "-c", WAITS, name, "invoice.read"], cwd=folder, env=kept | said, text=True,
                          capture_output=True, timeout=FUSE_S)


@each
def test_a_program_waits_and_sends_the_same_request_again_while_locum_is_unavailable(name, tmp_path):
    with Unavailable(times=1) as server:
        done = run(name, tmp_path, server)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["waits 2", "invoice 4711 for demo:ada by invoice-agent"]
    assert len(server.forms) == 3 and server.forms[0] == server.forms[1]
    assert "actor_token=t" in server.forms[2]


@each
def test_a_program_stops_after_a_few_attempts(name, tmp_path):
    with Unavailable(times=100) as server:
        done = run(name, tmp_path, server)
    assert done.returncode == 1 and len(server.forms) == 3
    assert done.stderr.startswith("stop: ") and "[LCM-UNAVAILABLE]" in done.stderr


@each
def test_a_program_takes_no_word_of_somebody_else_for_the_code(name, tmp_path):
    text = "expected a subset of `invoice.read`, found `[LCM-RATE]`; see `[LCM-UNAVAILABLE]` [LCM-TARGET-UNKNOWN]"
    refused = REFUSED | {"error": "invalid_target", "code": "LCM-TARGET-UNKNOWN", "error_description": text,
                         "error_uri": "https://broker.example/errors/LCM-TARGET-UNKNOWN"}
    with Unavailable(times=100, refused=refused, status=400) as server:
        done = run(name, tmp_path, server)
    assert done.returncode == 1 and done.stderr.startswith("stop: "), done.stderr
    assert len(server.forms) == 1, "it is not sent again"


def table() -> dict[str, str]:
    """What the page's table says to do, by code."""
    rows = re.findall(r"^\| (`LCM-[^|]+) \| ([a-z ]+) \|", PAGE, re.M)
    pairs = [(code, do) for codes, do in rows for code in re.findall(r"LCM-[A-Z-]+", codes)]
    assert len(pairs) == len(dict(pairs)), "a code stands there twice"
    return dict(pairs)


def test_the_page_says_what_to_do_for_every_code():
    assert set(table()) == set(re.findall(r"^## (LCM-[A-Z-]+)$", ERRORS, re.M))
    assert set(table().values()) == {"retry", "narrow", "ask the person", "stop"}


@each
def test_the_lists_of_a_program_are_those_of_the_table(name):
    for word, do in (("RETRY", "retry"), ("NARROW", "narrow"), ("ASK", "ask the person")):
        listed = set(re.findall(r"LCM-[A-Z-]+", re.search(rf"^{word} = (.*)$", PROGRAMS[name], re.M)[1]))
        assert listed and listed <= {code for code, said in table().items() if said == do}
    assert {code for code, said in table().items() if said == "ask the person"} == listed


def refusal(code, error, **more):
    return {"error": error, "code": code, "retryable": False, "error_description": f"expected x, found y [{code}]"} | more


@each
@pytest.mark.parametrize("times", [1, 2])
def test_a_program_gets_a_new_token_of_its_own_once(name, tmp_path, times):
    with Refusing(times, refusal("LCM-ACTOR-INVALID", "invalid_request")) as server:
        done = run(name, tmp_path, server)
    assert (done.returncode, len(server.forms)) == (times - 1, 4), done.stderr
    assert done.stderr == "" or done.stderr.startswith("stop: ")


@each
@pytest.mark.parametrize("passes", [{"scope": "invoice.list"}, None])
def test_a_program_narrows_to_what_would_pass_and_stops_where_nothing_would(name, tmp_path, passes):
    body = refusal("LCM-SCOPE-REFUSED", "invalid_scope", **({"would_pass": passes} if passes else {}))
    with Refusing(1, body) as server:
        done = run(name, tmp_path, server)
    if passes:
        assert done.stdout.startswith("narrow: invoice.list\n"), done.stderr
        assert "scope=invoice.list" in server.forms[3]
    else:
        assert done.returncode == 1 and len(server.forms) == 2 and done.stderr.startswith("stop: ")
