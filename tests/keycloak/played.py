"""The page about Keycloak, played to its end: what held, what did not, and the servers it leaves behind."""

import re
import tempfile
from pathlib import Path

import blocks
import play
from support.process import REPO

PAGE = REPO / "docs" / "how-to" / "connect-keycloak.md"
SLOWEST_S = 240
"""A fuse for one block; a start of Keycloak takes a quarter of a minute where nobody else works."""
JAVA = {"JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx320m"}
"""Little memory."""
TOKEN = re.compile(r"eyJ[\w-]+\.[\w.-]+")


class Played:
    """The page's folder with its Keycloak and its broker, both running."""

    def __init__(self, keycloak: Path):
        self._kept = tempfile.TemporaryDirectory(prefix="locum-keycloak-")
        self.world = play.Page(dict(play.environment(self._kept.name), **JAVA))
        self.folder = Path(self.world.folder)
        (self.folder / "keycloak").symlink_to(keycloak)
        self.flaws: list[str] = []
        self.count = 0

    def play(self) -> "Played":
        """Plays what the page goes on from, then the page; a block that does not hold is a flaw."""
        for block in [*blocks.before(PAGE), *blocks.blocks(PAGE.read_text())]:
            try:
                self.world.play(block)
                self.count += 1
            except (play.Wrong, OSError) as flaw:
                self.flaws.append(TOKEN.sub("…", f"line {block.line}: {block.title}\n{flaw}"))
                if block.kind == "server":
                    break
        return self

    @property
    def keycloak(self) -> str:
        """Keycloak's address."""
        return self.world.ports.there("http://127.0.0.1:8450")

    def text(self, name: str) -> str:
        """A file that the page wrote, with the addresses that it has here."""
        return (self.folder / name).read_text()

    def close(self) -> None:
        """Ends every server and removes the folder."""
        self.world.__exit__()
        self._kept.cleanup()
