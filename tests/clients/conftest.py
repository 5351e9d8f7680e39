"""One broker for the libraries; what every one of them is given; the page that says how they fared."""

import shutil

import page
import pytest
from libraries import ALONE
from trial import Ask, Node

from support import client, tokens
from support.broker import DevBroker
from support.world import World

TRIED = pytest.StashKey[page.Tried]()
STALE = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def broker():
    """A dev broker; nothing of its demo world is changed."""
    with DevBroker() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def surroundings():
    """What libraries look for around them: plain http allowed, Node there and no reason to skip."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        assert shutil.which("node"), "expected `node` on the PATH, found none; run tests/all setup"
        yield
        Node.stop()


@pytest.fixture(scope="session")
def lone_agent(broker):
    """An agent at sap whose workload token may be its only proof; the name of its workload."""
    World(broker).actor("sap", ("invoice.read", "invoice.post"), actor_token_authenticates=True,
                        workload={"issuer": "demo-workloads", "claims": {"sub": "wl/lone"}})
    return "lone"


@pytest.fixture
def ask(broker, lone_agent, tmp_path):
    """Makes an `Ask` for a client; `secret` is another one than the agent's."""

    def make(library, scope="invoice.read", way=None, actor=False, subject="id_token", secret=None) -> Ask:
        agent, way = broker.agent("invoice-agent"), way or library.ways[0]
        token, kind = client.sign_in(broker)[subject], {"id_token": client.ID_TOKEN, "access_token": client.JWT}
        (tmp_path / "subject").write_text(token)
        wrong = {"key": tokens.new_jwk()} if secret else {}
        acts = tokens.workload_token(broker, lone_agent, **wrong) if way == ALONE else client.workload_sign_in(broker)
        return Ask(
            issuer=broker.issuer, token_endpoint=broker.token_endpoint, client_id=agent.client_id,
            client_secret=secret or agent.client_secret, private_jwk=agent.private_jwk, way=way,
            subject_token=token, subject_token_type=kind[subject], token_file=str(tmp_path / "subject"),
            actor={"actor_token": acts, "actor_token_type": client.JWT} if actor or way == ALONE else {},
            audience="urn:demo:sap", scope=scope, target_url=broker.target("sap").url + "/invoices/4711")

    return make


@pytest.fixture
def tried(request):
    """Notes what the page says of a library."""
    return request.config.stash[TRIED]


def pytest_configure(config):
    config.stash[TRIED] = page.Tried()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and "library" in getattr(item, "funcargs", {}):
        item.config.stash[TRIED].failed(item.funcargs["library"], item.originalname)
    return report


def pytest_sessionfinish(session):
    options = session.config.option
    chosen = any("::" in word or word.endswith(".py") for word in session.config.args)
    if chosen or options.keyword or options.markexpr or options.collectonly or getattr(options, "numprocesses", None):
        return  # a part of the suite, or a part of what one process of it saw
    stale = page.stale(session.config.stash[TRIED])
    if stale:
        session.config.stash[STALE] = stale
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    if STALE in config.stash:
        terminalreporter.section("the page")
        terminalreporter.write_line(config.stash[STALE])
