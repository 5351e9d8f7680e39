"""Contract §12, clients that are no agents."""

import pytest

from support import client
from support.checks import refused
from support.scene import problem
from support.world import unique


def body(client_id, **changes):
    """The example of contract §12 under another id."""
    return {"id": client_id, "kind": "resource_server", "auth": [{"method": "client_secret"}]} | changes


@pytest.mark.parametrize("kind", ["resource_server", "presenter"])
def test_a_client_is_made_and_reads_back_without_its_secret(admin, kind):
    name = unique("client")
    made = admin.post("/clients", body(name, kind=kind))
    assert made.status_code == 201, made.text
    shown = admin.get(f"/clients/{name}")
    assert shown.status_code == 200 and shown.headers["ETag"]
    assert (shown.json()["id"], shown.json()["kind"]) == (name, kind)
    assert made.json()["client_secret"] not in shown.text


def test_a_client_s_id_is_taken_once_also_by_an_agent(world, admin):
    problem(admin.post("/clients", body(world.client()["client_id"])), 409)
    problem(admin.post("/clients", body(world.draft().id)), 409)
    problem(admin.post("/clients", body("invoice-agent")), 409)


@pytest.mark.parametrize("changes", [{"kind": "emperor"}, {"auth": [{"method": "telepathy"}]}, {"auth": None}])
def test_a_client_that_makes_no_sense_is_refused(admin, changes):
    problem(admin.post("/clients", body(unique("client"), **changes)), 422)


def test_an_id_outside_the_grammar_is_refused(admin):
    problem(admin.post("/clients", body("Not-An-Id")), 422)


def test_an_unknown_client_is_not_found(admin):
    problem(admin.get(f"/clients/{unique('nobody')}"), 404)


def test_the_resource_server_of_a_demo_target_is_a_client(admin):
    assert admin.get("/clients/sap-rs").json()["kind"] == "resource_server"


@pytest.mark.parametrize("kind", ["resource_server", "presenter"])
def test_a_client_that_is_no_agent_does_not_exchange_for_itself(broker, world, kind):
    """§10: a client that is no agent acting."""
    made = world.client(kind=kind)
    refused(broker, client.exchange(broker, agent=made), "LCM-CLIENT-NOT-ALLOWED")
