"""A disk that does not finish writing: 503 in bounded time, no token, and it goes on by itself."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from support import client, tokens
from support.broker import Broker
from support.scene import Scene, problem, until
from support.world import World, unique

SLOW = """
int fdatasync(int fd) {
    while (on()) usleep(20000);
    return syscall(SYS_fdatasync, fd);
}
"""


@pytest.fixture
def slow_disk(shim):
    """A broker whose syncs hang as long as a file is there; the file."""
    switch = shim(SLOW)
    with Broker() as broker:
        yield broker, switch


def test_a_disk_that_hangs_gives_503_and_no_token_and_is_used_again_when_it_does_not(slow_disk):
    broker, switch = slow_disk
    scene = Scene(World(broker))
    before = scene.token()
    switch.touch()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: scene.exchange(), range(8)))
    for answer in answers:
        assert answer.status_code == 503, f"{answer.status_code}: {answer.text}"
        assert answer.json()["code"] == "LCM-UNAVAILABLE" and "access_token" not in answer.text
    switch.unlink()
    after = until(lambda: (a := scene.exchange()).status_code == 200 and a.json())
    for body in (before.body, after):
        assert scene.admin.decision(body["delegation_id"]).status_code == 200


def unavailable(answer):
    """503 of the admin API or of an endpoint, with when to come back."""
    assert answer.status_code == 503 and answer.json()["code"] == "LCM-UNAVAILABLE", f"{answer.status_code}: {answer.text}"
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_change_on_a_disk_that_hangs_is_503_within_its_bound_and_holds_whole_if_it_came_to_be_recorded(slow_disk):
    """Nobody plans a change on a state that lacks one which may still be recorded."""
    broker, switch = slow_disk
    world = World(broker)
    scene, twin = Scene(world), unique("agent")
    made, policies = scene.token(), world.admin.get("/policies")
    forbid = f'@id("{twin}") @reason("test") forbid(principal == Agent::"{scene.agent.id}", action, resource);'
    files = policies.json()["files"] | {"forbid.cedar": forbid}
    body = world.agent_body(twin, scene.agent.private_jwk)
    what = {"what": {"kind": "agent", "id": scene.agent.id}, "reason": "r"}
    switch.touch()
    unavailable(world.admin.put("/policies", {"files": files}, headers={"If-Match": policies.headers["ETag"]}))
    changes = [lambda: world.admin.post("/agents", body), lambda: world.admin.post("/agents", body),
               lambda: world.admin.post("/locks", what), lambda: world.admin.post("/revocations", what),
               lambda: world.admin.post("/keys/rotate", {"alg": "ES256", "reason": "r"}),
               lambda: client.revoke(broker, made.token, agent=scene.agent)]
    with ThreadPoolExecutor(len(changes)) as pool:
        for answer in pool.map(lambda change: change(), changes):
            unavailable(answer)
    switch.unlink()
    created = until(lambda: (a := world.admin.post("/agents", body)).status_code == 201 and a)
    problem(world.admin.post("/agents", body), 409)
    assert client.introspect(broker, made.token, agent=scene.target.server).json() == {"active": False}
    assert scene.exchange(agent={"client_id": twin, "client_secret": created.json()["client_secret"]}).status_code == 400
    # The bundle was recorded after its answer: it is in force, and says so.
    assert world.admin.get("/policies").json()["files"] == files
    assert scene.exchange().json()["code"] == "LCM-POLICY-DENIED"


def test_a_change_is_made_whole_though_nobody_waits_for_it(slow_disk):
    """The caller goes away while the record is written: what follows the record is done all the same."""
    broker, switch = slow_disk
    world = World(broker)
    before = {key["kid"] for key in client.http.get(f"{broker.issuer}/jwks").json()["keys"]}
    switch.touch()
    with pytest.raises(requests.Timeout):
        client.http.post(f"{broker.admin_api}/keys/rotate", json={"alg": "ES256", "reason": "r"}, timeout=1,
                         headers={"Authorization": f"Bearer {broker.admin_token}"})
    switch.unlink()
    rotated = until(lambda: {key["kid"]: key["state"] for key in world.admin.get("/keys").json()["items"]}
                    if len(world.admin.get("/keys").json()["items"]) > len(before) else None)
    published = {key["kid"] for key in client.http.get(f"{broker.issuer}/jwks").json()["keys"]}
    assert published == set(rotated)
    signed = Scene(world).token().header["kid"]
    assert rotated[signed] == "active"


FAILS = """
#include <fcntl.h>
#include <stdio.h>
int fdatasync(int fd) {
    if (!on()) return syscall(SYS_fdatasync, fd);
    char name[4096];
    snprintf(name, sizeof name, "%s.in", getenv("SHIM_SWITCH"));
    close(creat(name, 0600));
    while (on()) usleep(20000);
    errno = EIO;
    return -1;
}
"""


@pytest.mark.parametrize("path", ["introspect", "revoke", "token"])
def test_a_request_whose_mark_could_not_be_recorded_may_be_sent_again_also_after_a_hang_up(shim, path):
    switch = shim(FAILS)
    syncing = switch.with_name(switch.name + ".in")
    with Broker() as broker:
        scene = Scene(World(broker))
        pairs = [("token", scene.token().token), ("client_assertion_type", client.ASSERTION_TYPE),
                 ("client_assertion", tokens.client_assertion(broker, scene.agent))]
        if path == "token":
            pairs = pairs[1:] + client.form(scene.subject(), audience=scene.target.audience, scope="thing.read")
        url, body = client.endpoint(broker, path), urlencode(pairs)
        switch.touch()
        at = urlsplit(url)
        with socket.create_connection((at.hostname, at.port), timeout=30) as line:
            head = ["POST " + at.path + " HTTP/1.1", f"Host: {at.netloc}",
                    "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", "", body]
            line.sendall("\r\n".join(head).encode())
            until(syncing.exists)
        switch.unlink()
        # While the first is under way still, the second is a replay.
        until(lambda: client.call(broker, url, pairs, auth=None).status_code == 200)
