"""`limits.max_token_age_s` and `limits.assertion_max_age_s` of `locum serve` over restarts (contract §12)."""

import pytest

from support import client, tokens
from support.serving import AGENT_SECRET, Serving

BOT = {"client_id": "bot", "client_secret": AGENT_SECRET}
KIND = 'kind = "oidc"'
MORE = "\n[limits]\nmax_token_age_s = {}\n"


@pytest.fixture
def people():
    """A folder to be served, whose issuer's key the test has."""
    key = tokens.new_jwk()
    members = ", ".join(f'{name} = "{value}"' for name, value in tokens.public(key).items())
    with Serving(more=MORE.format(300)) as home:
        home.change("conf.d/objects.toml", KIND, f'kind = "jwt"\njwks = {{ keys = [{{ {members} }}] }}')
        yield home, key


def issued(key, ago_s: int) -> str:
    t = tokens.now()
    return tokens.sign({"iss": "https://idp.example", "sub": "ada", "aud": "my-app", "iat": t - ago_s, "exp": t + 7_200}, key)


def code(home, token) -> str | None:
    answer = client.exchange(home, token, agent=BOT, audience="urn:test:sap")
    return None if answer.status_code == 200 else answer.json()["code"]


def restarted(home, before: int, after: int):
    home.stop()
    home.change("locum.toml", MORE.format(before), MORE.format(after))
    home.start()


def test_a_max_token_age_s_that_is_raised_counts_for_tokens_issued_since(people):
    home, key = people
    home.start()
    old, young = issued(key, 1_000), issued(key, 100)
    assert code(home, young) is None
    assert code(home, old) == "LCM-SUBJECT-INVALID"
    restarted(home, 300, 3_600)
    assert code(home, old) == "LCM-SUBJECT-INVALID", "it was issued before"
    assert code(home, young) is None
    assert code(home, issued(key, 0)) is None
    restarted(home, 3_600, 60)
    assert code(home, young) == "LCM-SUBJECT-INVALID", "a lower one counts at once"


def test_a_new_folder_takes_its_first_max_token_age_s_for_every_token(people):
    home, key = people
    home.change("locum.toml", MORE.format(300), MORE.format(604_800))
    home.start()
    assert code(home, issued(key, 172_800)) is None
