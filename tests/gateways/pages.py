"""The files that the pages on gateways show, with what stands for a reader's own values put in."""

import re
import sys
from pathlib import Path

from support.process import REPO

sys.path.append(str(REPO / "tests" / "docs"))

import blocks  # noqa: E402

PAGES = ("docs/how-to/check-tokens-at-a-gateway.md", "docs/how-to/check-tokens-in-a-platform.md")


def files() -> dict[str, str]:
    """Every file of the pages, by the name that the page gives it."""
    found = {}
    for page in PAGES:
        for block in blocks.blocks((REPO / page).read_text()):
            if block.kind == "file":
                assert block.about not in found, f"{page}: a second {block.about}"
                found[block.about] = block.text
    return found


def written(name: str, folder: Path, values: dict[str, str]) -> Path:
    """One file of the pages in a folder; each value takes the place of what the page says."""
    text = files()[name]
    # The longest first: an address is the beginning of another one.
    pattern = "|".join(re.escape(old) for old in sorted(values, key=len, reverse=True))
    text = re.sub(pattern, lambda found: values[found[0]], text)
    path = folder / Path(name).name
    path.write_text(text)
    return path
