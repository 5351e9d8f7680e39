"""§2: numbers in JSON are whole and below 2^53; another is refused with its place, never kept as something else."""

import pytest

from support import client, tokens
from support.scene import problem
from support.world import unique


def sent(broker, path, body: str):
    """POST exactly these bytes."""
    headers = {"Authorization": f"Bearer {broker.admin_token}", "Content-Type": "application/json"}
    return client.http.post(broker.admin_api + path, data=body.encode(), headers=headers, timeout=30)


def agent(agent_id, number: str) -> str:
    """An agent whose workload must have a claim of that number."""
    return (f'{{"id":"{agent_id}","name":"n","owner":{{"kind":"team","id":"t"}},"risk":"low","auth":[],'
            f'"workload":{{"issuer":"demo-workloads","claims":{{"sub":"wl/{agent_id}","level":{number}}}}},'
            '"presenters":[],"subject_issuers":[],"max_depth":4,"ceiling":[]}')


@pytest.mark.parametrize("number", ["1.1e-7", "0.1", "1.0", "1e2", "-0", "1E400", "9007199254740992", "-9007199254740992",
                                    "18446744073709551615", "123456789012345678901234567890", "1e-400"])
def test_a_number_that_is_not_whole_and_below_2_53_is_refused(broker, number):
    name = unique("agent")
    # A number that no double holds is no JSON to any of our readers: the body has no places then.
    pointer = None if number == "1E400" else "/workload/claims/level"
    problem(sent(broker, "/agents", agent(name, number)), 422, pointer)
    assert client.admin(broker).get(f"/agents/{name}").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "9007199254740991", "-9007199254740991"])
def test_a_whole_number_comes_back_as_it_was_sent(broker, number):
    name = unique("agent")
    made = sent(broker, "/agents", agent(name, number))
    assert made.status_code == 201, made.text
    assert f'"level":{number}' in client.admin(broker).get(f"/agents/{name}").text.replace(" ", "")


def test_it_is_so_in_every_free_part_of_an_object(broker, world):
    key = tokens.public(tokens.new_jwk()) | {"x-weight": 0.5}
    body = world.agent_body(unique("agent"), key)
    body["auth"] = [{"method": "private_key_jwt", "jwks": {"keys": [key]}}]
    problem(world.admin.post("/agents", body), 422, "/auth/0/jwks/keys/0/x-weight")
    issuer = unique("iss")
    body = {"issuer": f"https://{issuer}.example", "kind": "jwt", "role": "subject", "jwks": {"keys": [key]}, "audiences": ["a"]}
    problem(world.admin.put(f"/issuers/{issuer}", body), 422, "/jwks/keys/0/x-weight")
