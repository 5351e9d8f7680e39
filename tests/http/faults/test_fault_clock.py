"""Time never goes back behind the newest record: a start with an earlier clock waits, not ready, and says so (§14)."""

import socket
import subprocess
import threading

from support import client, tokens
from support.broker import Broker, DevBroker
from support.process import STOP_DEADLINE_S, binary, free_port
from support.scene import Scene, until
from support.serving import Serving
from support.world import World


def test_a_start_with_an_earlier_clock_waits_until_it_has_caught_up(clock):
    with Broker() as broker:
        scene = Scene(World(broker))
        made = scene.token()
        broker.stop()
        clock(-7200)
        starting = threading.Thread(target=broker.start)
        starting.start()
        try:
            until(lambda: "behind the newest record" in broker.output())
            assert broker.running and starting.is_alive(), "it waits and is not ready"
        finally:
            clock(0)
            starting.join(60)
        assert scene.active(made.token) and scene.exchange().status_code == 200


def test_a_start_that_waits_for_the_clock_can_be_told_to_stop(clock):
    with Broker() as broker:
        broker.stop()
        clock(-7200)
        command = [binary(), "serve", "--config", str(broker.config)]
        waiting = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            assert any("behind the newest record" in line for line in waiting.stderr), "it says why it waits"
            waiting.terminate()
            assert waiting.wait(30) == 0
        finally:
            waiting.kill()
            waiting.wait(30)
            waiting.stderr.close()


def test_a_start_that_fails_ends_at_once_whoever_asks_on_the_operations_listener(clock):
    with Serving() as home:
        port = free_port()
        home.change("locum.toml", 'operations = "127.0.0.1:0"', f'operations = "127.0.0.1:{port}"')
        home.start().stop()
        # What files declare is compared with the record once the clock has caught up with it.
        home.change("conf.d/objects.toml", "urn:test:sap", "urn:test:other")
        clock(-7200)
        starting = subprocess.Popen(home.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE, text=True)
        try:
            assert any("behind the newest record" in line for line in starting.stderr)
            with socket.create_connection(("127.0.0.1", port), timeout=30) as asking:
                asking.sendall(b"GET /readyz HTTP/1.1\r\n")
                clock(0)
                said = starting.stderr.read()
                assert starting.wait(STOP_DEADLINE_S) == 1
            assert "audience" in said and "requests under way" not in said
        finally:
            starting.kill()
            starting.wait(STOP_DEADLINE_S)
            starting.stderr.close()


def test_a_dev_world_that_was_left_alone_for_months_signs_with_the_key_it_had(clock):
    with DevBroker() as broker:
        kids = [key["kid"] for key in client.http.get(f"{broker.issuer}/jwks", timeout=30).json()["keys"]]
        made = client.exchange(broker).json()["access_token"]
        broker.stop()
        clock(200 * 86_400)
        broker.start()
        assert [key["kid"] for key in client.http.get(f"{broker.issuer}/jwks", timeout=30).json()["keys"]] == kids
        then = tokens.now() + 200 * 86_400
        again = client.exchange(broker, tokens.id_token(broker, iat=then, exp=then + 600)).json()["access_token"]
        assert tokens.header(again)["kid"] == tokens.header(made)["kid"]
