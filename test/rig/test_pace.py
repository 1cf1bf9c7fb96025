"""Frames at their time, and never in bursts."""

import math
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.rig import Frame, Pacer, SourceCounts

CAMERA = CameraModel(4, 4, 4.0, 4.0, 1.5, 1.5)
PICTURE = np.zeros((4, 4), np.uint8)


class FakeSource:
    """Frames at given stamps (milliseconds); each takes `cost_s` to make; may end in an error."""

    name, duration_s, has_depth = "fake", 1.0, False

    def __init__(self, stamps_ms: list[float], cost_s: float = 0.0, rate_hz: float = 50.0, error: str = "") -> None:
        self.stamps_ms, self.cost_s, self.rate_hz, self.error = stamps_ms, cost_s, rate_hz, error
        self.follows_lens = False
        self.counts = SourceCounts()
        self.made: list[float] = []

    def frames(self) -> Iterator[Frame]:
        for stamp_ms in self.stamps_ms:
            time.sleep(self.cost_s)
            self.made.append(time.monotonic())
            yield Frame(round(stamp_ms * 1e6), PICTURE, CAMERA, "mono8")
        if self.error:
            raise InputError(self.error)

    def set_lens_position(self, position_steps: float) -> None: ...

    def close(self) -> None: ...


def moments(pacer: Pacer) -> list[float]:
    return [release.monotonic_s for release in pacer]


def test_recorded_intervals() -> None:
    pacer = Pacer(FakeSource([0, 60, 100, 220]))
    gaps = np.diff(moments(pacer))
    np.testing.assert_allclose(gaps, [0.06, 0.04, 0.12], atol=0.025)
    assert (pacer.counts.released, pacer.counts.passes) == (4, 1)


def test_speed_and_fixed_rate() -> None:
    assert np.ptp(moments(Pacer(FakeSource([0, 200, 400, 600]), speed=10.0))) == pytest.approx(0.06, abs=0.025)
    assert np.ptp(moments(Pacer(FakeSource([0, 1, 1000, 9]), rate_hz=50.0))) == pytest.approx(0.06, abs=0.025)


def test_without_a_pace_frames_come_as_they_are_taken_and_none_is_late() -> None:
    pacer = Pacer(FakeSource([0, 4000, 8000]), speed=math.inf)
    for _ in pacer:
        time.sleep(0.01)
    assert (pacer.counts.released, pacer.counts.late) == (3, 0)


def test_the_mean_rate_is_kept_over_many_frames() -> None:
    times = moments(Pacer(FakeSource(list(range(30))), rate_hz=50.0))
    assert 0.0199 < (times[-1] - times[0]) / (len(times) - 1) < 0.025


def test_a_release_carries_its_moment_and_pass() -> None:
    clock = iter(range(100, 200))
    pacer = Pacer(FakeSource([0, 10]), loop=True, now_ns=lambda: next(clock))
    seen = []
    for release in pacer:
        seen.append((release.frame.stamp_ns, release.stamp_ns, release.pass_index))
        if len(seen) == 5:
            break
    assert seen == [(0, 100, 0), (10_000_000, 101, 0), (0, 102, 1), (10_000_000, 103, 1), (0, 104, 2)]


def test_who_is_late_does_not_burst() -> None:
    pacer = Pacer(FakeSource([0, 30, 60, 90, 120, 150]))
    times = []
    for release in pacer:
        times.append(release.monotonic_s)
        if len(times) == 2:
            time.sleep(0.2)  # the reader is slow once
    gaps = np.diff(times)
    assert gaps[1] >= 0.2
    assert (gaps[2:] > 0.012).all()
    assert 1 <= pacer.counts.late <= 2  # a busy machine may add one


def test_a_source_slower_than_its_rate_is_late_each_time() -> None:
    pacer = Pacer(FakeSource([0, 5, 10, 15, 20], cost_s=0.02))
    moments(pacer)
    assert pacer.counts.late == 4


def test_frames_are_made_ahead() -> None:
    source = FakeSource(list(range(0, 500, 20)))
    pacer = Pacer(source, prefetch=3)
    for release in pacer:
        if release.frame.stamp_ns >= 100_000_000:
            # The sixth is released: three wait in the queue and one in the hand of the thread, give or take a moment.
            assert 9 <= len(source.made) <= 11
            break


def test_a_picture_that_follows_the_lens_is_made_just_in_time() -> None:
    source = FakeSource(list(range(0, 300, 30)), cost_s=0.002, rate_hz=33.0)
    source.follows_lens = True
    ages = [release.monotonic_s - source.made[-1] for release in Pacer(source)]
    assert np.median(ages[2:]) < 0.02
    assert len(source.made) == 10


def test_stop_from_another_thread_is_prompt() -> None:
    for follows in (False, True):
        source = FakeSource([0, 4_000], rate_hz=0.25)
        source.follows_lens = follows
        pacer = Pacer(source)
        timer = threading.Timer(0.05, pacer.stop)
        begun = time.monotonic()
        timer.start()
        assert len(list(pacer)) == 1
        assert time.monotonic() - begun < 0.5
        timer.join()
        pacer.stop()


def test_a_damaged_end() -> None:
    pacer = Pacer(FakeSource([0, 1, 2], error="it breaks off"))
    seen = []
    with pytest.raises(InputError, match="it breaks off"):
        for release in pacer:
            seen.append(release)
    assert len(seen) == 3
    said: list[str] = []
    looping = Pacer(FakeSource([0, 1, 2], error="it breaks off"), loop=True, on_problem=said.append)
    for release in looping:
        if release.pass_index == 3:
            break
    assert said == ["it breaks off"]


def test_a_loop_without_frames_ends() -> None:
    with pytest.raises(InputError, match="gives no frame"):
        list(Pacer(FakeSource([]), loop=True))
    with pytest.raises(InputError, match="nothing at all"):
        list(Pacer(FakeSource([], error="nothing at all"), loop=True))


def test_stamps_that_jump() -> None:
    said: list[str] = []
    times = moments(Pacer(FakeSource([0, 10, 3_600_000, 3_600_010, 5, 15], rate_hz=100.0), on_problem=said.append))
    assert max(np.diff(times)) < 1.0
    assert len(said) == 1 and "jump forward by 3.6e+03 s" in said[0]


@pytest.mark.parametrize("wrong", [{"rate_hz": 0.0}, {"rate_hz": float("nan")}, {"speed": 0.0}, {"speed": -1}, {"prefetch": -1}])
def test_what_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        Pacer(FakeSource([0]), **wrong)  # type: ignore[arg-type]


def test_an_error_in_a_source_reaches_the_reader() -> None:
    class Broken(FakeSource):
        def frames(self) -> Iterator[Frame]:
            raise RuntimeError("a mistake")
            yield

    with pytest.raises(RuntimeError, match="a mistake"):
        list(Pacer(Broken([0])))
