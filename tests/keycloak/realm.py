"""A realm of the running Keycloak, made of the page's own files, and what its people and clients get there."""

import json
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from html import unescape
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from played import Played

from support import tokens
from support.client import TIMEOUT_S
from support.process import Member
from support.world import unique

PAGE_ISSUER, PAGE_REALM = "http://127.0.0.1:8420", "acme"


class Realm:
    """The realm that the page makes, under another name and for another broker."""

    def __init__(self, played: Played, broker):
        self.played, self._broker, self.name = played, broker, unique("realm")
        self.issuer = f"{played.keycloak}/realms/{self.name}"
        self._passwords, self._rotations, self._bearer = {}, 0, ""
        self._administrator = {"grant_type": "password", "client_id": "admin-cli", "username": "admin",
                               "password": played.text("secrets/keycloak-admin")}
        self.admin("POST", "", self.file("realm.json"), of="")
        self.admin("POST", "/client-scopes", self.file("scope.json"))
        self.client("client.json")
        for person in ("ada", "bob"):
            self._passwords[person] = token_urlsafe(24)
            body = {"type": "password", "value": self._passwords[person]}
            self.admin("PUT", f"/users/{self.person(person)}/reset-password", body)

    def file(self, file_name: str, /, **changes) -> dict:
        """A JSON file of the page, about this realm and this broker."""
        text = self.played.text(file_name)
        there = self.played.world.ports.there(PAGE_ISSUER)
        assert PAGE_ISSUER not in text
        text = text.replace(there, self._broker.issuer).replace(f'"realm":"{PAGE_REALM}"', f'"realm":"{self.name}"')
        return json.loads(text) | changes

    def client(self, file_name: str = "client.json", /, **changes) -> dict:
        """Makes a client of one of the page's files."""
        body = self.file(file_name, **changes)
        self.admin("POST", "/clients", body)
        return body

    def admin(self, method: str, path: str, body=None, of: str | None = None):
        """One call of the admin API as the page's administrator, below this realm; its JSON."""
        place = f"/{self.name}" if of is None else of
        url = f"{self.played.keycloak}/admin/realms{place}{path}"
        for _ in range(2):
            head = {"Authorization": f"Bearer {self._bearer}"}
            answer = requests.request(method, url, json=body, headers=head, timeout=TIMEOUT_S)
            if answer.status_code != 401:
                break
            # It lives a minute.
            self._bearer = self._ask("master", self._administrator).access_token
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def _ask(self, realm: str, pairs: dict, session=requests) -> Member:
        url = f"{self.played.keycloak}/realms/{realm}/protocol/openid-connect/token"
        answer = session.post(url, data=pairs, timeout=TIMEOUT_S)
        assert answer.status_code == 200, f"{answer.status_code} {answer.json().get('error_description')}"
        return Member(answer.json())

    def person(self, name: str) -> str:
        """The id of a user, which is the `sub` of its tokens."""
        return self.admin("GET", f"/users?exact=true&username={name}")[0]["id"]

    def sign_in(self, person="ada", scope="openid erp.read", client_id="workbench") -> Member:
        """Direct grant: `id_token`, `access_token`, `refresh_token`."""
        return self._ask(self.name, {"grant_type": "password", "client_id": client_id, "username": person,
                                     "password": self._passwords[person], "scope": scope})

    def refreshed(self, refresh_token: str, session=requests) -> Member:
        """Fresh tokens of the same sign-in."""
        return self._ask(self.name, {"grant_type": "refresh_token", "client_id": "workbench",
                                     "refresh_token": refresh_token}, session)

    def job(self, scope="openid erp.read", **changes) -> Member:
        """What the page's job gets for itself (`client_credentials`)."""
        job = self.client("job.json", clientId=unique("job"), secret=token_urlsafe(24), **changes)
        found = self._ask(self.name, {"grant_type": "client_credentials", "client_id": job["clientId"],
                                      "client_secret": job["secret"], "scope": scope})
        return Member(found, client_id=job["clientId"])

    def browsed(self, person="ada") -> Member:
        """Authorization code with PKCE, as a browser goes through it."""
        verifier, redirect = token_urlsafe(48), self.file("client.json")["redirectUris"][0]
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {"response_type": "code", "client_id": "workbench", "redirect_uri": redirect, "scope": "openid",
                 "state": "s", "nonce": token_urlsafe(8), "code_challenge": challenge, "code_challenge_method": "S256"}
        page = requests.get(f"{self.issuer}/protocol/openid-connect/auth?{urlencode(asked)}", timeout=TIMEOUT_S)
        action = unescape(re.search(r'<form[^>]+action="([^"]+)"', page.text)[1])
        # Keycloak's cookies are for https alone; a browser takes loopback for as good.
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in page.cookies)
        pairs = {"username": person, "password": self._passwords[person]}
        sent = requests.post(action, data=pairs, headers={"Cookie": cookies}, allow_redirects=False, timeout=TIMEOUT_S)
        [code] = parse_qs(urlsplit(sent.headers["Location"]).query)["code"]
        return self._ask(self.name, {"grant_type": "authorization_code", "client_id": "workbench", "code": code,
                                     "redirect_uri": redirect, "code_verifier": verifier})

    def rotate(self, alg: str = "RS256") -> str:
        """A new provider above all others, as the page makes it; the `kid` that signs from now on."""
        self._rotations += 1
        body = self.file("key.json", name=unique("key"))
        body["config"]["priority"] = [str(1000 + self._rotations)]
        if alg == "ES256":
            body["providerId"] = "ecdsa-generated"
            body["config"] = body["config"] | {"ecdsaEllipticCurveKey": ["P-256"]}
            del body["config"]["algorithm"], body["config"]["keySize"]
        self.admin("POST", "/components", body)
        self.admin("PUT", "", {"defaultSignatureAlgorithm": alg})
        return self.admin("GET", "/keys")["active"][alg]

    def drop(self, kid: str) -> None:
        """Deletes the provider of a key."""
        [provider] = [key["providerId"] for key in self.admin("GET", "/keys")["keys"] if key["kid"] == kid]
        self.admin("DELETE", f"/components/{provider}")


def kid(token: str) -> str:
    """The key that a token names."""
    return tokens.header(token)["kid"]
