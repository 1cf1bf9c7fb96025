"""Pairs of a picture and a cloud, from streams that are right and from streams that are not."""

import re
import time

import numpy as np
import pytest
import rclpy
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.ros import qos
from auxfocus_ros.ros.stamps import from_ns, to_ns
from auxfocus_ros.ros.sync import PairSynchronizer

MS = 1_000_000
FRAME_MS = 100 / 3


class Rig:
    """A synchroniser that is fed by hand, and what it said."""

    def __init__(self, **options):
        self.now = 0.0
        self.pairs = []
        self.problems = []
        self.sync = PairSynchronizer(
            self.pairs.append, lambda *said: self.problems.append(said), clock=lambda: self.now, **options
        )
        self.info()

    def info(self, width=64, height=48, stamp_ms=0.0):
        msg = CameraInfo(width=width, height=height)
        msg.header.stamp = from_ns(round(stamp_ms * MS))
        self.sync.add_camera_info(msg)
        return msg

    def picture(self, stamp_ms, width=64, height=48):
        self._feed(Image(width=width, height=height), self.sync.add_picture, stamp_ms)

    def cloud(self, stamp_ms):
        self._feed(PointCloud2(), self.sync.add_range, stamp_ms)

    def _feed(self, msg, take, stamp_ms):
        msg.header.stamp = from_ns(round(stamp_ms * MS))
        take(msg)

    def play(self, events):
        """(arrival ms, 'picture' or 'cloud', stamp ms) in order of arrival."""
        for arrival_ms, kind, stamp_ms in sorted(events, key=lambda event: event[0]):
            self.now = arrival_ms / 1000
            getattr(self, kind)(stamp_ms)

    def stamps(self):
        return [(pair.stamp_ns / MS, to_ns(pair.range.header.stamp) / MS) for pair in self.pairs]

    def codes(self):
        return [code for code, _ in self.problems]


def stream(kind, count, *, period_ms=FRAME_MS, first_ms=0.0, late_ms=0.0, lost=()):
    times = [first_ms + i * period_ms for i in range(count) if i not in lost]
    return [(stamp + late_ms, kind, stamp) for stamp in times]


def test_equal_stamps():
    rig = Rig()
    rig.play(stream("picture", 30) + stream("cloud", 30, late_ms=4))
    assert len(rig.pairs) == 30 and all(a == b for a, b in rig.stamps()) and rig.problems == []
    counts = rig.sync.counts
    assert (counts.pictures, counts.ranges, counts.camera_infos, counts.pairs) == (30, 30, 1, 30)
    assert counts.unmatched_pictures == counts.unmatched_ranges == counts.late == counts.resets == 0


def test_a_lost_cloud_does_not_shift_all_that_follow():
    # Clouds come first, so a picture that lost its cloud waits when the next cloud comes: 33 ms away, within the tolerance.
    rig = Rig(tolerance_s=0.05)
    rig.play(stream("cloud", 60) + stream("picture", 60, late_ms=4, lost=(20, 40)))
    assert len(rig.pairs) == 58 and all(a == b for a, b in rig.stamps())
    assert rig.sync.counts.unmatched_ranges == 2
    assert rig.sync.slop_s == pytest.approx(1.1 * 0.5 * FRAME_MS / 1000, rel=0.01)


def test_different_rates_pair_with_the_nearest_picture():
    # 30 Hz and 10 Hz, 12 ms apart: the nearest picture is never more than half a frame away. The first pairs, before the
    # periods are known, may be a frame off.
    rig = Rig(tolerance_s=0.05)
    rig.play(stream("picture", 90) + stream("cloud", 30, period_ms=100, first_ms=12, late_ms=60))
    offsets = [pair.offset_s for pair in rig.pairs[8:]]
    assert len(rig.pairs) >= 28 and np.allclose(offsets, 0.012, atol=1e-6)
    assert rig.sync.counts.unmatched_pictures >= 50


def test_the_tolerance_is_inclusive_and_may_be_zero():
    rig = Rig(tolerance_s=0.0)
    rig.play([(0, "picture", 100), (1, "cloud", 100), (2, "picture", 200), (3, "cloud", 200.000001)])
    assert rig.stamps() == [(100, 100)]
    rig = Rig(tolerance_s=0.05)
    rig.play([(0, "picture", 100), (1, "cloud", 150), (2, "picture", 900), (3, "cloud", 950.000001)])
    assert rig.stamps() == [(100, 150)] and rig.pairs[0].offset_s == pytest.approx(0.05)


def test_streams_that_never_meet_say_by_how_much():
    rig = Rig(tolerance_s=0.01)
    rig.play(stream("picture", 100, period_ms=100) + stream("cloud", 100, period_ms=100, first_ms=40))
    assert rig.pairs == []
    codes = set(rig.codes())
    assert codes == {"sync_never_meet"} and 3 <= len(rig.problems) <= 5  # 10 s, the first two of them quiet, at most every 2 s
    text = rig.problems[-1][1]
    assert "points are 0.040 s ahead of those of camera/image_raw that arrive with them, 0.010 s are allowed" in text
    assert rig.sync.counts.unmatched_pictures >= 85


def test_clocks_that_are_seconds_apart():
    rig = Rig()
    rig.play([(t, kind, s - 7200_000 * (kind == "cloud") + 1e7) for t, kind, s in stream("picture", 200) + stream("cloud", 200)])
    assert rig.pairs == [] and "points are 7200.0" in rig.problems[-1][1] and "behind" in rig.problems[-1][1]


def test_a_cloud_that_comes_too_late_for_its_picture():
    rig = Rig(queue_size=5)
    rig.play(stream("picture", 200) + stream("cloud", 190, late_ms=300))
    assert rig.pairs == []
    # 300 ms late at 30 Hz: the newest cloud is nine or ten pictures old.
    assert re.search(r"points are 0\.(300|333) s behind .* bring the late one sooner", rig.problems[-1][1])


def test_a_stream_that_does_not_come_is_named():
    rig = Rig()
    rig.play(stream("picture", 100))
    assert set(rig.codes()) == {"sync_missing"} and "nothing on points yet" in rig.problems[0][1]
    rig = Rig()
    rig.play(stream("picture", 200) + stream("cloud", 50))
    assert rig.problems[-1][0] == "sync_missing" and "nothing on points for" in rig.problems[-1][1]
    rig.problems.clear()
    rig.now += 10
    rig.sync.check()  # nothing comes at all: not the synchroniser's trouble
    assert rig.problems == []


@pytest.mark.parametrize("pause_ms", [5000, 60_000])
def test_a_pause_is_no_trouble(pause_ms):
    """Before the first message, and in the middle: the first picture after it has no cloud yet."""
    rig = Rig()
    for start_ms in (pause_ms, 2 * pause_ms + 1000):
        rig.play([(a + start_ms, k, s + start_ms) for a, k, s in stream("picture", 30) + stream("cloud", 30, late_ms=9)])
    assert len(rig.pairs) == 60 and rig.problems == []


def test_slow_streams_are_not_missing():
    rig = Rig()
    rig.play(stream("picture", 40, period_ms=1500) + stream("cloud", 40, period_ms=1500, late_ms=10))
    assert len(rig.pairs) == 40 and rig.problems == []


@pytest.mark.parametrize("frames", [2, 5, 40])
def test_a_recording_that_loops(frames):
    """The picture's stream steps back first, then the cloud's: nothing is lost and it is said once a step."""
    rig = Rig()
    events = []
    for loop in range(6):
        shift = loop * frames * FRAME_MS
        one = stream("picture", frames) + stream("cloud", frames, late_ms=4)
        events += [(arrival + shift, kind, stamp + 5000) for arrival, kind, stamp in one]
    rig.play(events)
    assert len(rig.pairs) == 6 * frames and all(a == b for a, b in rig.stamps())
    assert rig.sync.counts.resets == 10 and set(rig.codes()) == {"sync_backwards"}
    assert "run backwards by" in rig.problems[0][1] and "two publishers" in rig.problems[0][1]
    if frames == 2:
        assert len(rig.problems) == 1  # six loops within two seconds are one line


def test_a_loop_after_pictures_were_lost():
    """Leftovers of the end must not fill the queues of the new beginning."""
    rig = Rig(queue_size=3)
    rig.play(stream("picture", 10, first_ms=9000) + stream("cloud", 3, first_ms=9000, late_ms=2))
    rig.play([(a + 400, k, s) for a, k, s in stream("picture", 10) + stream("cloud", 10, late_ms=2)])
    assert rig.stamps()[3:] == [(s, s) for s in np.round(np.arange(10) * FRAME_MS, 6)]


def test_a_clock_that_jumps_ahead():
    rig = Rig()
    rig.play(stream("picture", 10) + stream("cloud", 10, late_ms=2))
    rig.play([(a + 400, k, s + 3600_000) for a, k, s in stream("picture", 10) + stream("cloud", 10, late_ms=2)])
    assert len(rig.pairs) == 20 and rig.codes() == ["sync_jump"]
    assert "jump 3599.7" in rig.problems[0][1]


def test_stamps_that_stand_still():
    rig = Rig()
    rig.play([(a, k, 0) for a, k, _ in stream("picture", 150) + stream("cloud", 150, late_ms=2)])
    assert len(rig.pairs) == 1 and set(rig.codes()) == {"sync_stamps_stand"}
    assert "stand still at 0.000 s" in rig.problems[0][1] and rig.sync.counts.late == 298


def test_what_is_older_than_the_last_pair_is_late():
    rig = Rig()
    rig.play([(0, "picture", 100), (1, "cloud", 110), (2, "cloud", 110), (3, "picture", 100)])
    assert len(rig.pairs) == 1 and rig.sync.counts.late == 2


def test_camera_info_goes_with_its_picture():
    rig = Rig()
    infos = {stamp: rig.info(stamp_ms=stamp) for stamp in (100, 200, 300)}
    rig.play([(0, "picture", 200), (1, "cloud", 200), (2, "picture", 250), (3, "cloud", 250)])
    assert rig.pairs[0].camera_info is infos[200]
    assert rig.pairs[1].camera_info is infos[300]  # none of its own: the latest


def test_camera_info_that_is_missing_or_of_another_size():
    rig = Rig()
    rig.sync.close()
    rig.play([(0, "picture", 100), (1, "cloud", 100)])
    assert rig.codes() == ["camera_info_missing"]
    rig.info(width=640, height=480)
    rig.play([(2, "picture", 200), (3, "cloud", 200)])
    assert rig.problems[1][1].startswith(
        "the camera_info on camera/camera_info is for 640 x 480 pixels, the picture on camera/image_raw"
    )
    rig.info()
    rig.play([(4, "picture", 300), (5, "cloud", 300)])
    assert len(rig.pairs) == 1 and rig.sync.counts.without_camera_info == 2


def test_compressed_pictures_have_no_size_to_compare():
    rig = Rig()
    picture = CompressedImage()
    picture.header.stamp = from_ns(100 * MS)
    rig.sync.add_picture(picture)
    rig.cloud(100)
    assert rig.pairs[0].picture is picture


def test_a_handler_that_raises_stops_nothing():
    rig = Rig()
    seen = []

    def fail(pair):
        seen.append(pair)
        raise RuntimeError("boom")

    rig.sync._on_pair = fail
    rig.play(stream("picture", 5) + stream("cloud", 5, late_ms=2))
    assert len(seen) == 5 and rig.sync.counts.failed == 5
    assert rig.problems == [("sync_failed", "a pair of camera/image_raw and points failed: RuntimeError: boom")]


def test_a_message_without_a_header_stops_nothing():
    rig = Rig()
    rig.sync.add_picture(object())
    rig.play([(1, "picture", 100), (2, "cloud", 100)])
    assert len(rig.pairs) == 1 and rig.codes() == ["sync_failed"]


def test_irregular_streams_get_the_whole_tolerance():
    """Bursts of pictures make the period look short; where nothing meets within half of it, the tolerance counts again."""
    rig = Rig(tolerance_s=0.05)
    events = []
    for second in range(20):
        events += stream("picture", 10, period_ms=2, first_ms=1000 * second)
        events += stream("cloud", 1, first_ms=1000 * second + 50, late_ms=1)
    rig.play(events)
    assert len(rig.pairs) >= 10 and rig.pairs[-1].offset_s == pytest.approx(0.032)


@pytest.mark.parametrize(
    "options", [{"tolerance_s": -0.1}, {"tolerance_s": float("nan")}, {"tolerance_s": float("inf")}, {"queue_size": 0}]
)
def test_options_that_cannot_be(options):
    with pytest.raises(ConfigurationError):
        Rig(**options)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["picture", "cloud"]), st.integers(0, 400), st.integers(0, 3000)), max_size=80))
def test_any_order_of_messages(events):
    """Pairs are within the tolerance, no message is in two of them, and every message is accounted for."""
    rig = Rig(tolerance_s=0.05, queue_size=4)
    for kind, stamp_ms, wait_ms in events:
        rig.now += wait_ms / 1000
        getattr(rig, kind)(stamp_ms)
    counts = rig.sync.counts
    assert counts.failed == 0 and counts.pairs == len(rig.pairs)
    assert all(abs(pair.offset_s) <= 0.05 + 1e-9 for pair in rig.pairs)
    for part in ("picture", "range"):
        parts = [id(getattr(pair, part)) for pair in rig.pairs]
        assert len(set(parts)) == len(parts)
    rig.sync.close()
    counts = rig.sync.counts
    left = counts.pictures + counts.ranges - 2 * counts.pairs - counts.late
    assert counts.unmatched_pictures + counts.unmatched_ranges == left


def test_its_own_cost_is_small():
    rig = Rig()
    rig.play(stream("picture", 40) + stream("cloud", 40, late_ms=4))
    messages = []
    for i in range(40, 640):
        for make, take in ((Image(width=64, height=48), rig.sync.add_picture), (PointCloud2(), rig.sync.add_range)):
            make.header.stamp = from_ns(round(i * FRAME_MS * MS))
            messages.append((make, take))
    started = time.perf_counter()
    for msg, take in messages:
        take(msg)
    each_s = (time.perf_counter() - started) / len(messages)
    assert len(rig.pairs) == 640
    assert each_s < 1e-3, f"{each_s * 1e6:.0f} us a message"  # 60 a second: 6 % of a core at the very most; it takes about 40 us


@pytest.mark.graph
def test_over_dds():
    """Real subscriptions: pairs arrive, and closing ends them."""
    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node("sync_test", context=context, namespace="/sync_test")
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    pairs, problems = [], []
    try:
        sync = PairSynchronizer(pairs.append, lambda *said: problems.append(said), node=node)
        publishers = [
            node.create_publisher(kind, topic, qos.PICTURE_OUT)
            for kind, topic in ((CameraInfo, "camera/camera_info"), (Image, "camera/image_raw"), (PointCloud2, "points"))
        ]
        ends = time.monotonic() + 10
        while any(publisher.get_subscription_count() == 0 for publisher in publishers) and time.monotonic() < ends:
            executor.spin_once(timeout_sec=0.05)
        frame = 0
        while len(pairs) < 5 and time.monotonic() < ends:
            for publisher, msg in zip(
                publishers, (CameraInfo(width=8, height=4), Image(width=8, height=4), PointCloud2()), strict=True
            ):
                msg.header.stamp = from_ns(frame * 33 * MS)
                publisher.publish(msg)
            frame += 1
            for _ in range(4):
                executor.spin_once(timeout_sec=0.01)
        assert len(pairs) >= 5 and all(pair.offset_s == 0 for pair in pairs)
        assert node.count_subscribers("/sync_test/points") == 1
        sync.close()
        sync.close()
        assert node.count_subscribers("/sync_test/points") == 0 or not list(node.subscriptions)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)
