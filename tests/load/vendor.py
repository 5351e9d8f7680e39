"""A vendor in a process of its own that answers at once, or never, and the targets of it that the load asks for."""

import datetime
import json
import multiprocessing
import os
import selectors
import socket
import uuid

import driver
import requests

AGENT, SCOPE = "load-agent", "thing.read"
LIFE_S = 60
"""Of a credential: as long as its permit, so that nothing is left to revoke, and short, so that few are out."""
FREE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


class Vendor:
    """Listens on loopback while its `with` block lasts; one that is `silent` accepts, reads, and says nothing."""

    def __init__(self, silent: bool = False):
        self._silent = silent
        self.asked = multiprocessing.Value("i")
        """Requests that have come in whole."""
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self):
        # With the cores of who started it: those of the load.
        self._process = multiprocessing.get_context("fork").Process(target=self._serve, daemon=True)
        self._process.start()
        self._server.close()
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.join()

    def _serve(self):
        selector, buffers = selectors.DefaultSelector(), {}
        self._server.setblocking(False)
        selector.register(self._server, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is self._server:
                    connection, _ = self._server.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(connection, selectors.EVENT_READ)
                    buffers[connection] = b""
                    continue
                piece = key.fileobj.recv(65_536)
                if not piece:
                    selector.unregister(key.fileobj)
                    buffers.pop(key.fileobj)
                    key.fileobj.close()
                    continue
                buffers[key.fileobj] += piece
                if whole(buffers[key.fileobj]):
                    buffers[key.fileobj] = b""
                    self.asked.value += 1
                    if not self._silent:
                        key.fileobj.sendall(granted())


def whole(request: bytes) -> bool:
    """Whether all of it has come."""
    head = request.find(b"\r\n\r\n")
    length = driver.LENGTH.search(request, 0, head + 2) if head >= 0 else None
    return length is not None and len(request) >= head + 4 + int(length[1])


def granted() -> bytes:
    """A credential that nobody was given before."""
    body = json.dumps({"access_token": uuid.uuid4().hex + os.urandom(16).hex(), "token_type": "bearer",
                       "expires_in": LIFE_S}).encode()
    return FREE % (len(body), body)


def connector(profile: str, url: str) -> dict:
    """By a client's secret alone, or by an assertion that Locum signs with RS256."""
    kind = {"oauth": "client_credentials", "xsuaa": "jwt_bearer"}[profile]
    parameters = {"client_id": "locum", "scopes": {SCOPE: "Thing.Read"}, "token_validity_s": LIFE_S}
    return {"kind": kind, "profile": profile, "base_url": url, "parameters": parameters, "secrets": {"client": "load"}}


class Targets:
    """Targets by their connectors, and one agent that may use all of them for everybody of the staff."""

    def __init__(self, bench, connectors: dict[str, dict]):
        self._bench, self._ready = bench, bench.ready
        self._tell("PUT", "/secrets/load", {"value": "secret-of-the-load", "reason": "load"})
        for name, declared in connectors.items():
            server = {"id": f"load-{name}", "kind": "resource_server", "auth": [{"method": "client_secret"}]}
            self._tell("POST", "/clients", server)
            self._tell("PUT", f"/targets/{name}", {
                "audience": f"urn:load:{name}", "resources": [f"https://{name}.example/"], "resource_server": f"load-{name}",
                "connector": declared, "delivery": "handout", "max_lifetime": LIFE_S, "scopes": {SCOPE: {"risk": "low"}},
                "entitlements": {SCOPE: ["demo:staff"]}})
        ceiling = [{"target": name, "scopes": [SCOPE], "default": [SCOPE], "max_lifetime": LIFE_S} for name in connectors]
        made = self._tell("POST", "/agents", {
            "id": AGENT, "owner": {"kind": "team", "id": "load"}, "auth": [{"method": "client_secret"}],
            "subject_issuers": ["demo"], "ceiling": ceiling})
        self._basic = (AGENT, made["client_secret"])
        version = self._tell("POST", f"/agents/{AGENT}/versions",
                             {"version": "1", "digest": "sha256:" + "0" * 64, "model": "load"})["id"]
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
        self._tell("POST", f"/agents/{AGENT}/versions/{version}/certify",
                   {"until": until.strftime("%Y-%m-%dT%H:%M:%SZ"), "reason": "load"})
        self._permit(connectors)

    def _tell(self, method: str, path: str, body: dict, **headers) -> dict:
        headers["Authorization"] = f"Bearer {self._ready['admin_token']}"
        answer = requests.request(method, self._ready["admin_api"] + path, json=body, headers=headers, timeout=30)
        if not answer.ok:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() | {"etag": answer.headers.get("ETag")}

    def _permit(self, names) -> None:
        headers = {"Authorization": f"Bearer {self._ready['admin_token']}"}
        current = requests.get(f"{self._ready['admin_api']}/policies", headers=headers, timeout=30)
        text = "".join(f'@id("load-{name}-{action[:3]}") @reason("load") permit(principal == Agent::"{AGENT}", '
                       f'action == Action::"{action}", resource == Target::"{name}");\n'
                       for name in names for action in ("exchange", "pre_authorise"))
        files = current.json()["files"] | {"load-vendors.cedar": text}
        self._tell("PUT", "/policies", {"files": files}, **{"If-Match": current.headers["ETag"]})

    def requests(self, name: str, tokens: list[str]) -> list[bytes]:
        """An exchange at that target for each of the people's tokens."""
        forms = [self._bench.world.exchange_form(token) | {"audience": f"urn:load:{name}", "scope": SCOPE}
                 for token in tokens]
        return [self._bench.request("/token", form, self._basic) for form in forms]
