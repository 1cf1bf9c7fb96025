"""Who is at the helm, with a clock of our own."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from auxfocus_ros.errors import InputError
from auxfocus_ros.panel.helm import Helm, HelmState


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def helm(clock: Clock) -> Helm:
    helm = Helm(5.0, clock)
    for viewer in (1, 2, 3):
        helm.join(viewer)
    return helm


def test_the_first_viewer_has_it(helm: Helm) -> None:
    assert helm.state == HelmState(1, (), 3)


def test_who_asks_gets_it_when_nobody_answers(helm: Helm, clock: Clock) -> None:
    assert "viewer 1 has been asked" in helm.take(2)
    clock.now_s += 4.9
    helm.tick()
    assert helm.state == HelmState(1, (2,), 3)
    helm.take(2)  # asking again does not begin anew
    clock.now_s += 0.1
    helm.tick()
    assert helm.state == HelmState(2, (), 3)


def test_the_next_in_line_waits_its_own_time(helm: Helm, clock: Clock) -> None:
    helm.take(2)
    helm.take(3)
    clock.now_s += 5.0
    helm.tick()
    helm.tick()
    assert helm.state == HelmState(2, (3,), 3)
    clock.now_s += 5.0
    helm.tick()
    assert helm.state == HelmState(3, (), 3)


def test_the_holder_hands_it_over_or_keeps_it(helm: Helm, clock: Clock) -> None:
    helm.take(2)
    assert helm.take(1) == "you are at the helm"
    assert helm.state == HelmState(1, (), 3)
    clock.now_s += 60.0
    helm.tick()
    assert helm.state.holder == 1
    assert helm.give(1, 3) == "viewer 3 is at the helm"
    assert helm.state == HelmState(3, (), 3)


def test_laying_down(helm: Helm) -> None:
    assert helm.lay_down(1) == "the helm is free"
    assert helm.state == HelmState(None, (), 3)
    assert helm.take(3) == "you are at the helm"
    helm.take(2)
    helm.take(1)
    assert helm.lay_down(2) == "you are not at the helm"  # does not want it any more
    assert helm.state == HelmState(3, (1,), 3)
    assert helm.lay_down(3) == "viewer 1 is at the helm"


def test_a_holder_that_leaves(helm: Helm) -> None:
    helm.take(3)
    helm.leave(1)
    assert helm.state == HelmState(3, (), 2)
    helm.leave(3)
    assert helm.state == HelmState(None, (), 1)  # 2 has not asked
    helm.join(4)
    assert helm.state.holder is None
    helm.leave(2)
    helm.leave(4)
    helm.join(5)
    assert helm.state == HelmState(5, (), 1)


@pytest.mark.parametrize(("viewer", "to", "words"), [(2, 3, "only who is at the helm"), (1, 9, "there is no viewer 9")])
def test_what_cannot_be_handed_over(helm: Helm, viewer: int, to: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        helm.give(viewer, to)
    assert helm.state.holder == 1


class Bridge(RuleBasedStateMachine):
    """Any order of events leaves one holder at most, who is there, and no asker who is not."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.helm = Helm(5.0, self.clock)
        self.here: set[int] = set()

    @rule(viewer=st.integers(1, 4))
    def join(self, viewer: int) -> None:
        if viewer not in self.here:
            self.here.add(viewer)
            self.helm.join(viewer)

    @rule(viewer=st.integers(1, 4))
    def leave(self, viewer: int) -> None:
        if viewer in self.here:
            self.here.discard(viewer)
            self.helm.leave(viewer)

    @rule(viewer=st.integers(1, 4), take=st.booleans())
    def ask(self, viewer: int, take: bool) -> None:
        if viewer in self.here:
            held = self.helm.state.holder
            (self.helm.take if take else self.helm.lay_down)(viewer)
            if take and held not in (None, viewer):
                assert self.helm.state.holder == held  # nobody loses it without having been asked

    @rule(passed_s=st.floats(0.0, 8.0))
    def wait(self, passed_s: float) -> None:
        self.clock.now_s += passed_s
        self.helm.tick()

    @invariant()
    def one_holder(self) -> None:
        state = self.helm.state
        assert state.viewers == len(self.here)
        assert state.holder is None or state.holder in self.here
        assert set(state.wanted_by) <= self.here - {state.holder}
        assert not (state.holder is None and state.wanted_by)


TestBridge = Bridge.TestCase
TestBridge.settings = settings(max_examples=50, stateful_step_count=30)
