"""The end of a node's process has a bound, whatever holds it."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

HELD = """
    import ctypes, os, signal
    from auxfocus_ros.nodes.lens_actuator import LensActuator
    from auxfocus_ros.ros import process

    class Held(LensActuator):
        def start(self):
            started = super().start()
            os.kill(os.getpid(), signal.SIGTERM)
            return started

        def trigger_shutdown(self):
            ctypes.PyDLL(None).sleep(600)  # as the middleware: no Python runs meanwhile

    process.END_S = 2
    process.run_node(Held)
"""


def test_a_node_that_is_held_fast_at_its_end_is_ended(domain: int) -> None:
    process = subprocess.run([sys.executable, "-c", textwrap.dedent(HELD)], capture_output=True, timeout=60, check=False)
    assert process.returncode == -signal.SIGALRM, process.stderr.decode()
