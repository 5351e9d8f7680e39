"""A person whose refresh token is an upstream secret, and a vendor that rotates it."""

import secrets
import threading

from support.handouts import SCOPES, Handout, changed
from support.vendor import refusal
from support.world import unique


def refreshing(vendor, secret: str, profile: str = "oauth", **parameters) -> dict:
    """A connector whose credentials are narrowed by request and revoked alone, and nobody's yet."""
    given = {"client_id": "locum", "scopes": SCOPES, "revocation_path": "/revoke", "token_validity_s": 600, "vault": {}}
    return {"kind": "refresh_vault", "profile": profile, "base_url": vendor.url, "parameters": changed(given, parameters),
            "secrets": {"client": secret}}


class Rotating:
    """A vendor's memory of one refresh token, which is another after each use; a second use ends the line."""

    def __init__(self, vendor):
        self.vendor, self.token = vendor, f"refresh-{secrets.token_hex(16)}"
        self.all, self.reused = [self.token], []
        self._lock = threading.Lock()
        vendor.always = self.answer

    def answer(self, asked):
        """Grants once a token."""
        with self._lock:
            if asked.form.get("refresh_token") != self.token:
                self.reused.append(asked.form.get("refresh_token"))
                return refusal(400)
            self.token = f"refresh-{secrets.token_hex(16)}"
            self.all.append(self.token)
            return self.vendor.granted(asked, refresh_token=self.token)


class Vaulted(Handout):
    """One person whose refresh token is an upstream secret."""

    def __init__(self, world, vendor, connector=refreshing, **target):
        super().__init__(world, vendor, connector, **target)
        self.at_vendor, self.kept = Rotating(vendor), unique("refresh")
        self.keep(self.kept, self.at_vendor.token)
        self.vault({self.person: self.kept})

    def keep(self, name: str, token: str, **more):
        """Puts a refresh token as an operator does."""
        taken = self.admin.put(f"/secrets/{name}", {"value": token, "reason": "consented", **more})
        assert taken.status_code in (200, 201), taken.text

    def declared(self, vault) -> dict:
        """The target with that vault."""
        connector = self.target.body["connector"]
        parameters = connector["parameters"] | {"vault": vault}
        return self.target.body | {"connector": connector | {"parameters": parameters}}

    def vault(self, vault):
        """Names the secrets of people."""
        put = self.admin.put(f"/targets/{self.target.id}", self.declared(vault))
        assert put.status_code == 200, put.text
