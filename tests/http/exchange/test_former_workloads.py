"""§5: a workload identity that was an agent's proves nothing until it is that agent's again, or is released."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import JWT, exchange
from support.scene import problem
from support.world import entry, unique


class Known:
    """An agent known by a workload identity, and another one that may act for plain workloads."""

    def __init__(self, world):
        self.world, self.broker, self.admin = world, world.broker, world.admin
        self.name, self.target = unique("w"), world.target()
        limits = [entry(self.target.id, ["thing.read"], ["thing.read"], alone=["thing.read"])]
        self.claims = {"sub": f"wl/{self.name}", "env": "prod"}
        self.agent = world.agent(ceiling=limits, workload={"issuer": "demo-workloads", "claims": self.claims},
                                 actor_token_authenticates=True, subject_issuers=["demo"])
        self.other = world.agent(ceiling=limits, subject_issuers=["demo-workloads", "locum"])
        for each in (self.agent, self.other):
            world.permit(each.id, self.target.id)

    def token(self, **changes):
        return tokens.workload_token(self.broker, self.name, **{"env": "prod"} | changes)

    def as_subject(self, **changes):
        return exchange(self.broker, self.token(**changes), JWT, agent=self.other, audience=self.target.audience)

    def as_actor(self):
        return exchange(self.broker, actor_token=self.token(), actor_token_type=JWT, agent=self.other,
                        audience=self.target.audience)

    def as_sole_proof(self):
        return exchange(self.broker, actor_token=self.token(), actor_token_type=JWT, auth=None, client_id=None,
                        audience=self.target.audience)

    def declare(self, workload):
        """The agent with another workload identity, or none."""
        body = self.admin.get(f"/agents/{self.agent.id}").json() | {"workload": workload}
        answer = self.admin.put(f"/agents/{self.agent.id}", body)
        assert answer.status_code == 200, answer.text

    def release(self):
        return self.admin.post(f"/agents/{self.agent.id}/workload/release", {"reason": "test"})


@pytest.fixture
def known(world):
    return Known(world)


ENDS = {
    "retired": lambda known: known.world.agent_state(known.agent.id, "retire"),
    "taken away": lambda known: known.declare(None),
    "changed": lambda known: known.declare({"issuer": "demo-workloads", "claims": {"sub": f"wl/{unique('w')}"}}),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_former_workload_identity_is_refused_in_every_slot(known, end):
    issued(known.as_sole_proof())
    assert issued(known.as_subject()).claims["sub"] == known.agent.id
    ENDS[end](known)
    refused(known.broker, known.as_subject(), "LCM-SUBJECT-INVALID")
    refused(known.broker, known.as_actor(), "LCM-ACTOR-INVALID")
    refused(known.broker, known.as_sole_proof(), "LCM-CLIENT-AUTH", status=401, recorded=False)


def test_the_whole_claim_set_tells_what_was_an_agents(known):
    ENDS["retired"](known)
    for other in ({"env": "test"}, {"env": tokens.DROP}):
        assert permitted(known.broker, known.as_subject(**other)).claims["sub"] == f"demo-workloads:wl/{known.name}"


def test_an_identity_that_is_its_agents_again_proves_it_again(known):
    ENDS["taken away"](known)
    known.declare({"issuer": "demo-workloads", "claims": known.claims})
    issued(known.as_sole_proof())


@pytest.mark.parametrize("end", ENDS)
def test_a_released_identity_is_a_plain_workload_and_may_be_another_agents(known, end):
    problem(known.release(), 409)
    ENDS[end](known)
    workload = {"issuer": "demo-workloads", "claims": known.claims}
    body = known.admin.get(f"/agents/{known.other.id}").json() | {"workload": workload}
    problem(known.admin.put(f"/agents/{known.other.id}", body), 409)
    answer = known.release()
    assert answer.status_code == 200 and answer.json()["id"] == known.agent.id, answer.text
    problem(known.release(), 409)
    assert permitted(known.broker, known.as_subject()).claims["sub"] == f"demo-workloads:wl/{known.name}"
    refused(known.broker, known.as_sole_proof(), "LCM-CLIENT-AUTH", status=401, recorded=False)
    assert known.admin.put(f"/agents/{known.other.id}", body).status_code == 200
    made = issued(known.as_subject())
    assert made.claims["sub"] == known.other.id and "act" not in made.claims


def test_a_former_identity_stays_refused_after_a_restart(fresh_broker, fresh_world):
    known = Known(fresh_world)
    ENDS["retired"](known)
    fresh_broker.restart()
    refused(fresh_broker, known.as_subject(), "LCM-SUBJECT-INVALID")
    assert known.release().status_code == 200
    fresh_broker.restart(kill=True)
    permitted(fresh_broker, known.as_subject())
