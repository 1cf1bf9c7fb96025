"""One node, one process: start, spin, and an end that clients hear.

The signals are ours (`SignalHandlerOptions.NO`): with rclpy's own handler the context is gone before a goal can be aborted, and
a client with a goal under way never gets an answer. Here a signal ends the spinning, goals are aborted with a reason, the
executor spins on until the answers are out (bounded), and then everything is shut down in order.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.ros.transport import check_shared_memory, use_shipped_profile

PARENT_VARIABLE = "AUXFOCUS_PARENT"
"""The process id of the command that started this node."""
PR_SET_PDEATHSIG = 1  # linux/prctl.h
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT_BUFFER_BYTES = 1 << 25  # glibc's upper limit
KEPT_TOTAL_BYTES = 1 << 28
FAREWELL_S = 0.5
"""How long the executor spins on after goals were aborted: answers need a few turns, and who is gone must not hold us."""

END_S = 20
"""How long the end may take in all. The middleware can wait for ever for a lock in shared memory that a killed process held, with
the interpreter's own lock in its hand: then no Python runs any more, and the alarm's default action ends the process.
"""


def end_with_parent() -> None:
    """Where a command started us, take its end, however it comes, for a SIGINT: no node is left behind (Linux alone)."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != int(parent):  # it is gone already
        signal.raise_signal(signal.SIGINT)


def keep_large_buffers() -> None:
    """Have the C library keep freed buffers of some megabytes for the next picture.

    By default glibc gives each back to the kernel and takes it anew, page by page: with pictures of 3 MB that is most of the time
    that some steps take. Where the C library is another one, nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT_BUFFER_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_TOTAL_BYTES)


def spin_turn(executor: Any, node: Any, timeout_s: float) -> None:
    """One turn. In Jazzy a lifecycle transition that is not possible now, asked for by a client, raises out of the executor."""
    from rclpy._rclpy_pybind11 import RCLError

    try:
        executor.spin_once(timeout_sec=timeout_s)
    except RCLError as error:
        node.get_logger().error(f"refused: {' '.join(str(error).split())}")


def run_node(make_node: Callable[[], Any], arguments: Sequence[str] | None = None, carries_pictures: bool = False) -> int:
    """Run one `ManagedNode` until SIGINT, SIGTERM or a failed start.

    Args:
        make_node: makes the node; called after `rclpy.init`.
        arguments: command line, `sys.argv` when None; ROS arguments are taken from it.
        carries_pictures: use the shipped Fast DDS profile unless the user has set one.

    Returns:
        The exit status: 0 after a signal, 2 when the node could not be set up for a reason that a person can mend.
    """
    lines: list[str | None] = []
    if carries_pictures:
        lines = [use_shipped_profile(), check_shared_memory()]
        keep_large_buffers()

    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    received: list[int] = []

    def on_signal(number: int, _: FrameType | None) -> None:
        received.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    end_with_parent()
    rclpy.init(args=None if arguments is None else list(arguments), signal_handler_options=SignalHandlerOptions.NO)
    node = None
    try:
        node = make_node()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        for line in filter(None, lines):
            node.get_logger().info(line)
        started = node.start()
        while started and not received and rclpy.ok():
            spin_turn(executor, node, 0.1)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(END_S)
        node.shutting_down("the node is shutting down")
        ends = time.monotonic() + FAREWELL_S
        while started and time.monotonic() < ends:
            spin_turn(executor, node, 0.02)
        node.trigger_shutdown()
        executor.remove_node(node)
        executor.shutdown(timeout_sec=1.0)
        return int(node.exit_status)
    except AuxfocusError as error:
        print(f"{sys.argv[0].rsplit('/', 1)[-1]}: {error}", file=sys.stderr)
        return 2
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
        signal.alarm(0)
