"""How long it takes from a stop that is sent to one node until others refuse a token."""

import json
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from support import client
from support.parallel import at_once

ASKED_EVERY_S = 0.003


def until_refused(node, token: str, server) -> float:
    """Asks a node again and again, by a connection of its own that costs little; the moment of its first no."""
    link, pause = HTTPConnection(urlsplit(node.base).netloc, timeout=30), threading.Event()
    head = {"Authorization": client.basic(server["client_id"], server["client_secret"]),
            "Content-Type": "application/x-www-form-urlencoded"}
    while True:
        link.request("POST", "/introspect", urlencode({"token": token}), head)
        answer = link.getresponse()
        body = json.loads(answer.read())
        assert answer.status == 200, body
        if body == {"active": False}:
            link.close()
            return time.monotonic()
        pause.wait(ASKED_EVERY_S)


def reach(stop, nodes, token: str, server) -> float:
    """Seconds from the moment at which a stop is sent until every one of these nodes has refused the token."""
    def sent() -> float:
        moment = time.monotonic()
        stop()
        return moment

    began, *refused = at_once(sent, *[lambda node=node: until_refused(node, token, server) for node in nodes])
    return max(refused) - began
