"""SAP systems without an emulator in the dev world, as a client of theirs sees them: they take a SAML assertion only
where an independent validator takes its signature, and where it says what theirs must.

Each refuses in its own form, and remembers for whom it made a token.
"""

import base64
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

from lxml import etree
from validators import signxml_takes

from support.process import Member
from support.vendor import Vendor, answer

SAML = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion"}
SAML_BEARER = "urn:ietf:params:oauth:grant-type:saml2-bearer"
CM_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


class Refused(Exception):
    """The system does not take it, by this code."""


def unpadded(text: str) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Sap(Vendor):
    """Takes assertions by the key of `certificate`, whose common name is `locum-saml`.

    `ahead_s` is how far its clock is ahead; `life_s` is how long its tokens live.
    """

    path = "/sap/bc/sec/oauth2/token"
    audience, issuer = "https://own.sap.example/web", "locum-saml"
    decode = staticmethod(unpadded)

    def __init__(self, certificate: str):
        super().__init__()
        self.certificate = certificate
        self.ahead_s, self.life_s = 0, 300
        self.tokens: dict[str, Member] = {}
        self._seen: set[str] = set()
        self.always = self._reply

    def _reply(self, asked):
        try:
            return self.token(asked)
        except Refused as refused:
            return self.refuse(str(refused))

    def refuse(self, code: str):
        """As RFC 6749 §5.2."""
        return answer(401 if code == "invalid_client" else 400, {"error": code, "error_description": "canary"})

    def token(self, asked):
        """The answer to who may have one."""
        self.authenticate(asked)
        if asked.path != self.path or asked.form.get("grant_type") != SAML_BEARER:
            raise Refused("unsupported_grant_type")
        return self.issue(asked, self.read(asked))

    def authenticate(self, asked) -> None:
        """The OAuth client by Basic, and its name in the form too."""
        expected = base64.b64encode(b"LOCUM:secret").decode()
        if asked.headers.get("Authorization") != f"Basic {expected}" or asked.form.get("client_id") != "LOCUM":
            raise Refused("invalid_client")

    def read(self, asked) -> Member:
        """What the assertion says: `id`, `person`, `attributes`."""
        try:
            text = self.decode(asked.form["assertion"]).decode()
            assertion = etree.fromstring(text.encode())
        except (KeyError, ValueError, etree.XMLSyntaxError) as flaw:
            raise Refused("invalid_request") from flaw
        if not signxml_takes(text, self.certificate, Path()):
            raise Refused("invalid_grant")
        at = lambda path: assertion.xpath(path, namespaces=SAML)  # noqa: E731
        now = datetime.now(timezone.utc) + timedelta(seconds=self.ahead_s)
        times = [datetime.fromisoformat(text) for text in at("//@NotBefore | //@NotOnOrAfter")]
        sound = [
            at("saml:Issuer/text()") == [self.issuer],
            at("saml:Conditions/saml:AudienceRestriction/saml:Audience/text()") == [self.audience],
            at("saml:Subject/saml:SubjectConfirmation/@Method") == [CM_BEARER],
            at("saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData/@Recipient") == [self.url + self.path],
            at("//@NotOnOrAfter") and max(times) - now < timedelta(minutes=10),
            all(datetime.fromisoformat(text) <= now for text in at("//@NotBefore")),
            all(now < datetime.fromisoformat(text) for text in at("//@NotOnOrAfter")),
        ]
        if not all(sound):
            raise Refused("invalid_grant")
        attributes = {found.get("Name"): "".join(found.itertext())
                      for found in at("saml:AttributeStatement/saml:Attribute")}
        return Member(id=assertion.get("ID"), person="".join(at("saml:Subject/saml:NameID/text()")), attributes=attributes)

    def issue(self, asked, said: Member, scope: str | None = None):
        """A token for the person; an assertion counts once."""
        if said.id in self._seen:
            raise Refused("invalid_grant")
        self._seen.add(said.id)
        token = uuid.uuid4().hex
        self.tokens[token] = Member(said, scope=scope)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": str(self.life_s)}
        return answer(200, body | ({"scope": scope} if scope else {}))


class S4(Sap):
    """S/4HANA Cloud: whatever scope is asked for, the scenario's is granted; demands the attribute `client_id`."""

    def issue(self, asked, said, scope=None):
        if said.attributes.get("client_id") != asked.form["client_id"]:
            raise Refused("invalid_grant")
        return super().issue(asked, said, "SCENARIO_0001 SCENARIO_0002")


class Abap(Sap):
    """An ABAP system: without a scope nothing, and of those that it knows. `generous`: it grants more than was asked."""

    knows, generous = {"ZAPI_0001", "ZAPI_0002"}, False

    def issue(self, asked, said, scope=None):
        wanted = set(asked.form.get("scope", "").split())
        if not wanted or wanted - self.knows:
            raise Refused("invalid_scope")
        return super().issue(asked, said, " ".join(sorted(self.knows if self.generous else wanted)))


class SuccessFactors(Sap):
    """SuccessFactors: no secret, standard base64, a day for every token, and the same one again for the same assertion
    unless a new one is asked for; `forgetful` about that, it always returns the one of the person."""

    path = "/oauth/token"
    audience = issuer = "www.successfactors.com"
    decode = staticmethod(base64.b64decode)
    forgetful = False

    def __init__(self, certificate: str):
        super().__init__(certificate)
        self.life_s = 86_400
        self._given: dict[str, str] = {}

    def refuse(self, code: str):
        return answer(401, {"errorHttpCode": "401", "errorMessage": "canary"})

    def authenticate(self, asked) -> None:
        if asked.form.get("client_id") != "key-1" or asked.form.get("company_id") != "acme":
            raise Refused("invalid_client")

    def issue(self, asked, said, scope=None):
        if said.attributes.get("api_key") != asked.form["client_id"]:
            raise Refused("invalid_grant")
        known = said.person if self.forgetful else said.id
        if (self.forgetful or asked.form.get("new_token") != "true") and known in self._given:
            return answer(200, {"access_token": self._given[known], "token_type": "Bearer", "expires_in": self.life_s - 1})
        self._seen.discard(said.id)
        status, headers, body = super().issue(asked, said)
        self._given[known] = list(self.tokens)[-1]
        return status, headers, body
