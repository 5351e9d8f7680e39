"""A realm that a broker trusts: the page's issuer declaration, an agent, and policies about groups."""

from realm import Realm

from support import client
from support.process import Member
from support.world import World, unique

SCOPES = ("invoice.read", "invoice.post")


class Trust:
    """The one issuer of this realm (two cannot have one address), and an agent that may act for anybody there."""

    def __init__(self, world: World, realm: Realm, **changes):
        self.world, self.broker, self.realm, self.id = world, world.broker, realm, unique("kc")
        body = realm.file("issuer.json", issuer=realm.issuer, **changes)
        answer = world.admin.put(f"/issuers/{self.id}", body)
        assert answer.status_code == 201, answer.text
        self.agent = self.agent_for("")

    def agent_for(self, who: str) -> Member:
        """An agent that may read and post at sap beforehand for those in a group, or for all."""
        agent = self.world.actor("sap", SCOPES, ("exchange",), subject_issuers=[self.id])
        when = f'context has person && context.person in Group::"{self.id}:{who}"' if who else ""
        self.world.permit(agent.id, "sap", ("pre_authorise",), when)
        return agent

    def exchange(self, token: str, kind: str = client.ID_TOKEN, agent=None, **params):
        """The answer of the token endpoint; the default scope unless `params` say otherwise."""
        return client.exchange(self.broker, token, kind, agent=agent or self.agent, **params)

    def change(self, **changes) -> Member:
        """Declares the issuer anew with some members changed."""
        return self.world.change(f"/issuers/{self.id}", **changes)
