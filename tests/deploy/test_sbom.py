"""The bill of materials and the licences: what is linked, all of it, once, and allowed."""

import json
import os
import re
import subprocess
import tomllib

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packages import DEPLOY, REPO

BUILDS = [("x86_64-unknown-linux-gnu", ""), ("aarch64-unknown-linux-gnu", ""), ("x86_64-unknown-linux-gnu", "otlp")]
SPDX = get_spdx_licensing()


def written(*words, **environment) -> str:
    """What `deploy/sbom` writes."""
    env = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"} | environment
    return subprocess.run([DEPLOY / "sbom", *words], check=True, capture_output=True, text=True, timeout=120, env=env).stdout


@pytest.fixture(scope="module", params=BUILDS)
def text(request):
    """The bill of one target and its features."""
    target, features = request.param
    return written("--target", target, *(["--features", features] if features else []))


@pytest.fixture
def bill(text):
    """The same, read."""
    return json.loads(text)


def every(bill) -> list[dict]:
    """All components, the executable and those within others included."""
    found, left = [], [bill["metadata"]["component"], *bill["components"]]
    while left:
        found.append(left.pop())
        left += found[-1].get("components", [])
    return found


def test_it_keeps_to_the_schema_of_cyclonedx_1_6(text):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_every_linked_crate_is_in_it_once_with_its_checksum(bill):
    about = {entry["name"]: entry["value"] for entry in bill["metadata"]["properties"]}
    said = subprocess.run(["cargo", "tree", "--locked", "-p", "locum-server", "--target", about["cargo:target"], "-e",
                           "normal,no-proc-macro", "--no-default-features", "--features", about.get("cargo:features", ""), "--prefix", "none", "-f", "{p}"], cwd=REPO, check=True, capture_output=True, text=True).stdout
    linked = {tuple(line.replace(" v", " ").split()[:2]) for line in said.splitlines() if line}
    found = [(c["name"], c["version"]) for c in every(bill) if c["purl"].startswith("pkg:cargo/")]
    assert len(found) == len(set(found))
    assert linked <= set(found) and {name for name, _ in set(found) - linked} == {"openssl-src"}
    lock = tomllib.loads((REPO / "Cargo.lock").read_text())["package"]
    checksums = {(e["name"], e["version"]): e["checksum"] for e in lock if "checksum" in e}
    hashes = {(c["name"], c["version"]): c["hashes"][0]["content"] for c in every(bill) if "hashes" in c}
    assert hashes == {crate: checksums[crate] for crate in found if crate in checksums}


def test_what_only_builds_or_tests_is_not_in_it(bill):
    names = {c["name"] for c in every(bill)}
    assert not names & {"ring", "cc", "serde_derive", "proptest", "trybuild"}
    assert {"aws-lc-sys", "openssl", "libmimalloc-sys"} <= names
    features = [entry["value"] for entry in bill["metadata"]["properties"] if entry["name"] == "cargo:features"]
    assert ("opentelemetry-otlp" in names) == (features == ["otlp"])


def test_its_graph_reaches_everything_from_the_executable(bill):
    needs = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    seen, left = set(), [bill["metadata"]["component"]["bom-ref"]]
    while left:
        ref = left.pop()
        if ref not in seen:
            seen.add(ref)
            left += needs[ref]
    assert seen == set(needs) == {c["bom-ref"] for c in every(bill) if c["purl"].startswith("pkg:cargo/")}


def allowed(expression: str, known: set[str]) -> bool:
    """Whether an SPDX expression can be met by these licences."""
    parsed = SPDX.parse(expression, validate=True)
    met = {symbol: SPDX.TRUE if str(symbol) in known else SPDX.FALSE for symbol in parsed.literals}
    return parsed.subs(met).simplify() == SPDX.TRUE


def test_every_licence_is_one_that_may_enter(bill):
    known = set(tomllib.loads((REPO / "deny.toml").read_text())["licenses"]["allow"])
    assert not allowed("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", known)
    for part in every(bill):
        [licence] = part["licenses"]
        assert allowed(licence["expression"], known), part["name"]


def test_the_same_sources_give_the_same_bytes_and_a_time_only_when_asked():
    text, dated = written(), json.loads(written(SOURCE_DATE_EPOCH="1700000000"))
    assert text == written()
    assert dated["metadata"].pop("timestamp") == "2023-11-14T22:13:20Z"
    assert dated == json.loads(text)


def test_the_texts_of_all_licences_come_with_the_crates_they_belong_to():
    texts, bill = written("--licences"), json.loads(written())
    others = [c for c in bill["components"] if "hashes" in c]
    head = texts.partition("=" * 78)[0]
    assert len(re.findall(r"^\S+ \S+: ", head, re.M)) == len(others)
    for part in others:
        title = f"{part['name']} {part['version']}: "
        assert f"\n{title}{part['licenses'][0]['expression']}" in head
        if f"{title}Apache-2.0, no text in its package\n" not in head:
            assert re.search(rf"^{re.escape(title)}\S*\S*$", texts.removeprefix(head), re.M), title
    assert "opentelemetry-otlp" not in texts and "opentelemetry-otlp" in written("--licences", "--features", "otlp")
    assert "openssl/LICENSE.txt" in texts and "aws-lc/LICENSE" in texts
    assert "Apache License" in texts and "Permission is hereby granted" in texts
