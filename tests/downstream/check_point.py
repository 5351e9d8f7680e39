"""A Check Point management server as its SDK and Locum see it: sessions of administrators, and changes that count once
they are published.

One server answers over https, on which the SDK insists, and one over http, where Locum is let in `dev`.
"""

import json
import re
import uuid

from recorder import Recorder

from support.process import Member

COMMAND = re.compile(r"/web_api/(?:v[0-9.]+/)?([a-z-]+)")
IDLE_S = range(10, 3_601)
LOST = (401, "generic_err_wrong_session_id", "Wrong session id [canary].")


class CheckPoint:
    """Knows two administrators and a host. With `generous` a session that should only read may write too; with `slow_to_end`
    its idle time is not the one that was asked for."""

    administrators = {"svc-read": "secret-of-the-reader", "svc-write": "secret-of-the-writer"}

    def __init__(self, folder):
        self.generous = self.slow_to_end = False
        self.hosts = ["host-1"]
        self.sessions: dict[str, Member] = {}
        self.logins: list[dict] = []
        self._secure = Recorder(self._answer, folder)
        self._plain = Recorder(self._answer)

    def __enter__(self):
        self._secure.__enter__()
        self._plain.__enter__()
        return self

    def __exit__(self, *_):
        self._secure.__exit__()
        self._plain.__exit__()

    @property
    def url(self) -> str:
        """Where Locum asks."""
        return self._plain.url

    @property
    def port(self) -> int:
        """Where the SDK asks."""
        return self._secure.port

    def _answer(self, request: dict, headers) -> tuple[int, str, str]:
        command = COMMAND.fullmatch(request["path"])[1]
        status, body = self.call(command, request.get("json") or {}, headers.get("X-chkp-sid"))
        return status, "application/json", json.dumps(body)

    def call(self, command: str, given: dict, sid: str | None) -> tuple[int, dict]:
        """The answer to one command."""
        if command == "login":
            return self._login(given)
        session = self.sessions.get(sid)
        if session is None:
            return self._error(*LOST)
        if command == "show-hosts":
            return 200, {"objects": [{"name": name} for name in self.hosts], "from": 1, "to": 1, "total": len(self.hosts)}
        if command in ("add-host", "publish") and session.read_only:
            return self._error(403, "generic_err_no_permissions", "This session may only read [canary].")
        if command == "add-host":
            session.changes.append(given["name"])
        elif command == "publish":
            self.hosts += session.changes
            session.changes.clear()
        elif command == "discard":
            session.changes.clear()
        elif command == "logout":
            del self.sessions[sid]
        else:
            return self._error(404, "generic_err_command_not_found", "canary")
        return 200, {"message": "OK"}

    def _login(self, given: dict):
        self.logins.append(given)
        known = self.administrators.get(given.get("user"))
        if known is None or given.get("password") != known:
            return self._error(400, "err_login_failed", "Authentication to server failed [canary].")
        idle_s = given.get("session-timeout", 600)
        if idle_s not in IDLE_S:
            return self._error(400, "generic_err_invalid_parameter", "canary")
        read_only = bool(given.get("read-only")) and not self.generous
        sid = uuid.uuid4().hex
        self.sessions[sid] = Member(read_only=read_only, changes=[])
        return 200, {"sid": sid, "uid": str(uuid.uuid4()), "url": f"{self.url}/web_api", "read-only": read_only,
                     "session-timeout": IDLE_S[-1] if self.slow_to_end else idle_s, "api-server-version": "1.9"}

    @staticmethod
    def _error(status: int, code: str, message: str):
        return status, {"code": code, "message": message}
