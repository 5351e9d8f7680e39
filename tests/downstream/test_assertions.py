"""The SAML assertions that Locum signs are taken by validators that nobody here wrote, and changed ones are not."""

import base64
import json
import uuid

import pytest
from handing import Handed, pem_pair
from recorder import Recorder
from validators import VALIDATORS, XMLSEC1, node_saml

AWKWARD = "Ä & <b> \"q\" 'a' ]]>"
OVERHANG = {"accept_overhang": {"reason": "test"}}
needs_xmlsec1 = pytest.mark.skipif(XMLSEC1 is None, reason="xmlsec1 is not installed")


def unpadded(text: str) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


#: Each profile with what it must be told, and how the assertion is encoded.
PROFILES = {
    "s4hana": ({"client_id": "LOCUM", "audience": "https://s4.example/sap"}, ["client", "signing"], unpadded),
    "abap": ({"client_id": "LOCUM", "audience": "https://abap.example/sap", "scopes": {"a.read": "ZAPI_0001"}},
             ["client", "signing"], unpadded),
    "successfactors": ({"client_id": "key-1", "company_id": "acme"}, ["signing"], base64.b64decode),
    "xsuaa": ({"client_id": "sb-locum!t1", "audience": "acme.aws-live", "alias": "acme.aws-live",
               "scopes": {"a.read": "acme!t1.Read"}}, ["client", "signing"], unpadded),
    "oauth": ({"client_id": "locum", "audience": "https://as.example"}, ["client", "signing"], unpadded),
}


@pytest.fixture(scope="module")
def pair():
    """What signs, and its certificate."""
    return pem_pair("locum-saml")


@pytest.fixture
def signed(broker, pair):
    """The assertion that a vendor of a profile is sent, for a person of that name there."""

    def make(profile: str, name: str = "ada") -> tuple[str, str, str]:
        parameters, roles, decode = PROFILES[profile]
        answer = json.dumps({"access_token": uuid.uuid4().hex, "token_type": "Bearer", "expires_in": 60})
        with Recorder([(200, "application/json", answer)]) as vendor:
            connector = {"kind": "saml_bearer", "profile": profile, "base_url": vendor.url, "secrets": roles,
                         "parameters": parameters | {"subjects": {"demo:ada": name}}}
            secrets = {"client": "secret", "signing": pair[0]}
            handed = Handed(broker, connector, {role: secrets[role] for role in roles}, {"a.read": "low"}, **OVERHANG)
            handed.obtained("a.read")
            request = vendor.requests[0]
        sent = dict(request["form"])["assertion"]
        audience = parameters.get("audience", "www.successfactors.com")
        return decode(sent).decode(), audience, vendor.url + request["path"]

    return make


@needs_xmlsec1
@pytest.mark.parametrize("profile", PROFILES)
def test_independent_validators_take_the_assertion_and_no_changed_one(signed, pair, tmp_path, profile):
    assertion, audience, recipient = signed(profile)
    changed = assertion.replace(">ada<", ">bob<")
    assert changed != assertion
    other = pem_pair("locum-saml")[1]
    for takes in VALIDATORS:
        assert takes(assertion, pair[1], tmp_path), takes.__name__
        assert not takes(changed, pair[1], tmp_path), takes.__name__
        assert not takes(assertion, other, tmp_path), takes.__name__
    assert node_saml(assertion, pair[1], audience, recipient)["got"]["nameID"] == "ada"
    for refused in (node_saml(changed, pair[1], audience, recipient), node_saml(assertion, other, audience, recipient),
                    node_saml(assertion, pair[1], "https://another.example", recipient)):
        assert "error" in refused


@needs_xmlsec1
def test_a_name_full_of_marks_is_signed_as_it_is_read(signed, pair, tmp_path):
    assertion, *_ = signed("s4hana", AWKWARD)
    for takes in VALIDATORS:
        assert takes(assertion, pair[1], tmp_path), takes.__name__
