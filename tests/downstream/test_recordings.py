"""What the vendors' clients send is what the connectors are held to."""

import json
import os

import pytest
from recordings import FOLDER, RECORDINGS

RECORD = os.environ.get("DOWNSTREAM_RECORD") == "1"


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_a_vendors_client_still_sends_what_is_recorded(recording, tmp_path):
    made = json.loads(json.dumps(recording.made(tmp_path)))
    path = FOLDER / f"{recording.name}.json"
    if RECORD:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    assert made == json.loads(path.read_text())


def test_every_recorded_file_is_recorded_anew():
    names = {recording.name for recording in RECORDINGS}
    assert {path.stem for path in FOLDER.glob("*.json")} == names
