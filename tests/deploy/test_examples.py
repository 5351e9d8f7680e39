"""`deploy/examples`: each is a target that `locum config check` takes, and that names no secret that it does not explain."""

import json
import re
import subprocess
import tomllib

import pytest
from packages import DEPLOY
from support.process import REPO, binary

EXAMPLES = sorted((DEPLOY / "examples").glob("*.toml"))
PROFILES = {path.stem for path in (REPO / "docs/connectors").glob("*.md")} - {"add-a-profile"}


def test_there_is_one_for_every_profile():
    assert {path.stem for path in EXAMPLES} == PROFILES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_config_check_takes_it(example, tmp_path):
    text = example.read_text()
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/target.toml").write_text(text)
    key = tmp_path / "master-key"
    key.write_text("A" * 43 + "=\n")
    key.chmod(0o600)
    [allow] = re.findall(r"^#     (allow = .*)$", text, re.M)
    (tmp_path / "locum.toml").write_text(
        'issuer = "https://broker.example"\ndata_dir = "data"\ninclude = ["conf.d/*.toml"]\n'
        f'[keys]\nmaster_key_file = "master-key"\n[downstream]\n{allow}\n')
    ran = subprocess.run([binary(), "config", "check", "--config", tmp_path / "locum.toml", "-o", "json"],
                         capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    [target] = tomllib.loads(text)["targets"]
    said = json.loads(ran.stdout)
    unknown = {name for warning in said["warnings"] for name in re.findall(r"secret `([a-z0-9-]+)`", warning)}
    explained = set(re.findall(r"locum secrets set ([a-z0-9-]+) ", text))
    assert unknown <= explained and explained, said["warnings"]
    named = json.dumps(target["connector"])
    assert all(f'"{name}"' in named for name in explained)
    assert re.search(rf"^#     locum targets test {target['id']}$", text, re.M)
