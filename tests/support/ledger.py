"""A data folder's ledger, read as `docs/reference/ledger-format.md` describes it."""

import json
from pathlib import Path

HEAD, FRAME = 40, 12


def records(data: Path) -> list[dict]:
    """Every record, oldest first; `bytes` is what its frame takes, `side` its side record or `None`."""
    found = []
    for segment in sorted((Path(data) / "ledger").glob("*.seg")):
        whole, at = segment.read_bytes(), HEAD
        while at + FRAME <= len(whole):
            length, side = (int.from_bytes(whole[at + i:at + i + 4], "little") for i in (0, 4))
            record = whole[at + FRAME:at + FRAME + length]
            beside = whole[at + FRAME + length + 4:at + FRAME + length + 4 + side]
            size = FRAME + length + 4 + side
            found.append(json.loads(record) | {"bytes": size, "side": json.loads(beside) if beside else None})
            at += size
    return found


def of_type(data: Path, kind: str, **members) -> list[dict]:
    """Those of one type whose bodies have these members."""
    return [r for r in records(data) if r["type"] == kind and members.items() <= r["body"].items()]
