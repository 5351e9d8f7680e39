"""Time never goes back behind the newest record: a start with an earlier clock waits, not ready, and says so (§14)."""

import subprocess
import threading

from support.broker import Broker
from support.process import binary
from support.scene import Scene, until
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
