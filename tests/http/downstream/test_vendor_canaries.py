"""Contract §15: no secret and no credential stands in a log, a record, a file or an answer that is not its own."""

import os
from pathlib import Path

import pytest

from support import client
from support.broker import DevBroker
from support.canaries import shapes
from support.handouts import Handout
from support.scene import until
from support.vaulted import Vaulted
from support.vendor import Vendor, answer, reset
from support.world import World, unique

# One worker for the whole file: its broker is told everything once.
pytestmark = pytest.mark.xdist_group("vendor-canaries")
OVERHANG = {"accept_overhang": {"reason": "test"}}


def canary(what: str) -> str:
    """A text that must be found nowhere."""
    return f"canary{what}{unique('')}{unique('')}".replace("-", "")


@pytest.fixture(scope="module")
def told():
    """A broker that said all it can, and was stopped: the canaries by name, and what is searched for them."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LOCUM_LOG", "trace")
    birds, answers = {}, []
    try:
        with DevBroker() as broker, Vendor() as vendor:
            play(World(broker), vendor, birds, answers)
            answers.append(client.http.get(f"{broker.operations}/metrics", timeout=30).text)
            answers.append(client.http.get(f"{broker.operations}/readyz?verbose", timeout=30).text)
            backup = client.admin(broker).get("/backup").content
            answers += [client.admin(broker).get(path).text for path in ("/decisions", "/secrets", "/targets", "/changes", "/profiles")]
            assert broker.stop() == 0
            files = {}
            for folder, _, names in os.walk(broker.data_dir):
                for name in names:
                    if not name.startswith("dev-"):
                        files[name] = (Path(folder) / name).read_bytes()
            yield birds, files, broker.output().encode(), "\n".join(answers).encode(), backup
    finally:
        patch.undo()


def play(world, vendor, birds, answers):
    """Everything that has to do with secrets: right and wrong answers, revocations that fail and succeed."""
    scene = Handout(world, vendor)
    birds["upstream secret"] = scene.secret
    birds["first secret"], birds["last secret"] = canary("first"), canary("last")
    for name in ("first secret", "last secret"):
        scene.put_secret(birds[name])
        body = granted(vendor, scene, birds, f"credential by the {name}")
        world.revoke("delegation", body["delegation_id"])
    until(lambda: len(vendor.revoked) == 2)
    vendor.always_revokes = answer(500, {"error": canary("error")})
    open_, tried = granted(vendor, scene, birds, "credential that is not revoked"), len(vendor.revoked)
    world.revoke("delegation", open_["delegation_id"])
    until(lambda: len(vendor.revoked) > tried)
    birds |= {name: canary(name.replace(" ", "")) for name in ("wide", "bad life", "twice", "refused", "refresh", "header", "long life")}
    vendor.says += [
        lambda asked: vendor.granted(asked, access_token=birds["wide"], scope="everything"),
        lambda asked: vendor.granted(asked, access_token=birds["bad life"], expires_in="soon"),
        answer(200, f'{{"access_token":"{birds["twice"]}","access_token":"{birds["twice"]}"}}'),
        answer(400, {"error": birds["refused"], "error_description": birds["refused"], "access_token": birds["refused"]}),
        answer(401, birds["refused"]), reset,
        lambda asked: vendor.granted(asked, access_token=birds["long life"], expires_in=100_000),
        answer(500, birds["refused"], X_Request_Id="4711", Set_Cookie=birds["header"]),
    ]
    while vendor.says:
        got = scene.exchange()
        assert got.status_code in (400, 503), got.text
        answers.append(got.text + str(got.headers))
    saml = Handout(world, vendor, parameters={"token_format": "jwt"}, **OVERHANG)
    birds["second upstream secret"] = saml.secret
    granted(vendor, saml, birds, "credential that cannot be revoked", refresh_token=birds["refresh"])
    refreshed(world, vendor, birds, answers)
    for number, asked in enumerate(asked for asked in vendor.asked_for if "assertion" in asked.form):
        birds[f"assertion {number}"] = asked.form["assertion"].rsplit(".", 1)[-1]


def refreshed(world, vendor, birds, answers):
    """A person's refresh token that is rotated, in an answer that is fine, in one that is not, and that is refused."""
    scene = Vaulted(world, vendor)
    names = ("refresh token put", "refresh token rotated", "refresh token beside nonsense", "refresh token beside a refusal")
    birds |= {name: canary("refresh") for name in names}
    scene.keep(scene.kept, birds[names[0]])
    vendor.always = None
    granted(vendor, scene, birds, "credential of a person", refresh_token=birds[names[1]])
    assert vendor.asked_for[-1].form["refresh_token"] == birds[names[0]]
    vendor.says += [
        lambda asked: vendor.granted(asked, access_token=asked.form["refresh_token"], refresh_token=birds[names[2]]),
        answer(400, {"error": "invalid_grant", "refresh_token": birds[names[3]]}, X_Request_Id=birds[names[3]]),
    ]
    for sent, code in ((1, 503), (2, 400)):
        got = scene.exchange()
        assert got.status_code == code and vendor.asked_for[-1].form["refresh_token"] == birds[names[sent]], got.text
        answers.append(got.text + str(got.headers))


def granted(vendor, scene, birds, name, **changes):
    """The answer with a credential of that name, which is the one place where it may stand."""
    birds[name] = canary("credential")
    vendor.says.insert(0, lambda asked: vendor.granted(asked, access_token=birds[name], headers={"x_request_id": birds[name]}, **changes))
    body = scene.obtained()
    assert body.pop("access_token") == birds[name]
    for other, bird in birds.items():
        assert bird not in str(body), f"{other} stands in an answer beside the credential"
    return body


def found(birds, text: bytes) -> list[str]:
    """Which of them are in it, in any writing."""
    return sorted(name for name, bird in birds.items() if any(shape in text for shape in shapes(bird)))


def test_no_file_of_the_data_folder_holds_one(told):
    birds, files, *_ = told
    assert len(birds) > 15 and any(len(content) > 1000 for content in files.values())
    seen = {name: hits for name, content in files.items() if (hits := found(birds, content))}
    assert seen == {}


def test_no_line_of_the_log_does(told):
    birds, _, log, *_ = told
    assert len(log) > 10_000 and found(birds, log) == []


def test_no_answer_does(told):
    birds, _, _, answers, backup = told
    assert found(birds, answers) == [] and found(birds, backup) == []


def test_the_search_finds_what_is_there(told):
    birds, *_ = told
    name, bird = next(iter(birds.items()))
    for text in (bird, bird.encode().hex()):
        assert name in found(birds, b"before " + text.encode() + b" after")
