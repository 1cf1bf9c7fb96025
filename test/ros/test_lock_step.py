"""Lock-step: who counts as listening, and answers that come, come late, or are of another frame."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from std_msgs.msg import Header

from auxfocus_interfaces.msg import FocusTargetArray
from auxfocus_ros.ros.lock_step import ANSWERS, STEADY_S, LockStep
from auxfocus_ros.ros.stamps import from_ns

PICTURE, CLOUD, DEPTH = "camera/image_raw", "points", "depth/image_raw"
NEEDED = ((PICTURE,), (CLOUD, DEPTH))


class Graph:
    """What a node is asked of the graph: names of nodes by topic."""

    def __init__(self) -> None:
        self.giving: dict[str, list[str]] = {}
        self.taking: dict[str, list[str]] = {}

    def create_subscription(self, _kind: Any, topic: str, hear: Any, _profile: Any) -> None:
        self.topic, self.hear = topic, hear

    def get_publishers_info_by_topic(self, topic: str) -> list[Any]:
        return [SimpleNamespace(node_namespace="/", node_name=name) for name in self.giving.get(topic, [])]

    def get_subscriptions_info_by_topic(self, topic: str) -> list[Any]:
        return [SimpleNamespace(node_namespace="/", node_name=name) for name in self.taking.get(topic, [])]


def answer(stamp_ns: int) -> FocusTargetArray:
    return FocusTargetArray(header=Header(stamp=from_ns(stamp_ns)))


def test_it_begins_when_who_answers_has_taken_picture_and_depth_for_a_moment() -> None:
    graph = Graph()
    step = LockStep(graph, 1.0, threading.Event())
    graph.giving[ANSWERS] = ["aux_focus"]
    graph.taking = {PICTURE: ["aux_focus", "viewer"], CLOUD: ["viewer"], DEPTH: []}
    assert not step.ready(NEEDED, lambda: 10.0)  # a viewer takes the cloud, but does not answer
    assert not step.ready(NEEDED, lambda: 11.0)
    graph.taking[DEPTH] = ["aux_focus"]
    assert not step.ready(NEEDED, lambda: 12.0)
    assert step.ready(NEEDED, lambda: 12.0 + STEADY_S)
    graph.taking[PICTURE] = ["viewer"]
    assert not step.ready(NEEDED, lambda: 13.0)
    graph.taking[PICTURE] = ["aux_focus"]
    assert not step.ready(NEEDED, lambda: 14.0)


def test_an_answer_counts_for_its_own_frame_alone() -> None:
    graph = Graph()
    step = LockStep(graph, 0.02, threading.Event())
    step.expect(7)
    graph.hear(answer(6))
    assert not step.answered()
    step.expect(8)
    graph.hear(answer(7))  # late
    graph.hear(answer(8))
    assert step.answered()
    assert step.unanswered == 1


def test_who_has_died_is_waited_for_ever_shorter_and_an_answer_restores_the_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, waited = Graph(), []
    step = LockStep(graph, 8.0, threading.Event())
    monkeypatch.setattr(step._condition, "wait_for", lambda _, patience_s: waited.append(patience_s))
    for _ in range(9):
        step.expect(7)
        step.answered()
    assert waited == [8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.125, 0.125, 0.125]
    step.expect(8)
    graph.hear(answer(7))  # late: it lives
    step.answered()
    assert waited[-1] == 8.0


@pytest.mark.parametrize("how", ["answer", "stop"])
def test_who_waits_is_woken(how: str) -> None:
    graph = Graph()
    stopping = threading.Event()
    step = LockStep(graph, 60.0, stopping)

    def stop() -> None:
        stopping.set()
        step.wake()

    step.expect(7)
    waker = threading.Timer(0.05, stop if how == "stop" else lambda: graph.hear(answer(7)))
    waker.start()
    assert step.answered()
    waker.join()
    assert step.unanswered == 0
