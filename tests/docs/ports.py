"""Free loopback ports in place of those a page names, and back in what is printed.

A page says `127.0.0.1:8420`; ten free ports in a row stand for 8420 to 8429, so
that what lies beside a port still does.
"""
import random
import re
import socket
import threading

NAMED = re.compile(r"\b(127\.0\.0\.1|localhost):(\d{4,5})\b")
# Below where Linux takes the ports of outgoing connections from.
FIRST, LAST = 10_240, 32_760
_taken: set[int] = set()
_lock = threading.Lock()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _row() -> int:
    with _lock:
        while True:
            first = random.randrange(FIRST // 10, LAST // 10)
            if first not in _taken and all(_free(first * 10 + at) for at in range(10)):
                _taken.add(first)
                return first


class Ports:
    """The ports of one page."""

    def __init__(self):
        self.rows: dict[int, int] = {}

    def there(self, text: str) -> str:
        """The text with free ports."""
        def replaced(match):
            row, at = divmod(int(match[2]), 10)
            if row not in self.rows:
                self.rows[row] = _row()
            return f"{match[1]}:{self.rows[row] * 10 + at}"
        return NAMED.sub(replaced, text)

    def back(self, text: str) -> str:
        """The text with the page's ports."""
        back = {free: named for named, free in self.rows.items()}

        def replaced(match):
            row, at = divmod(int(match[2]), 10)
            return f"{match[1]}:{back[row] * 10 + at}" if row in back else match[0]
        return NAMED.sub(replaced, text)
