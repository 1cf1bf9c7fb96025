"""Pairing a picture with the cloud (or depth image) of its moment, and with the intrinsics that belong to it.

Over upstream's `message_filters` (or our stand-in), which does the matching by stamp. What it does not do is here:

- It pairs greedily with anything nearer than its slop. When one cloud of a 30 Hz stream is lost, a slop of 50 ms lets the next
  cloud take the picture before its own, and from then on every pair is one frame off. So the slop is narrowed to half the
  shorter period of the two streams, measured on their stamps: beyond that, another message is nearer.
- Stamps that run backwards (a bag that loops) leave its queues full of stamps that are never met. A stream that steps back
  forgets what it had queued, and says so.
- Nothing tells why no pair ever comes. Here the counts are kept and, while pairs fail to come, the reason is said with numbers.
- It calls back under a lock that stays held after an exception. Here its callback only notes the pair; ours is called afterwards.

The intrinsics are not synchronised: a pair takes the camera_info with the picture's own stamp where there is one (with focus
breathing they change from frame to frame), and else the latest.

Everything runs in the executor's thread, at some tens of microseconds a message.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.stream_clock import (
    JUMP_S,
    QUIET_S,
    REPEATS_ALLOWED,
    STAMPS_KEPT,
    backwards_text,
    jump_text,
    narrowed_ns,
    nearest_offset_ns,
    never_meet_text,
    period_of,
    stand_still_text,
)
from auxfocus_ros.ros import qos
from auxfocus_ros.ros.camera_info import picture_size
from auxfocus_ros.ros.stamps import NS_PER_S, to_ns
from auxfocus_ros.ros.upstream import message_filters

__all__ = ["PairSynchronizer", "PictureAndRange", "SyncCounts"]

INFOS_KEPT = 8
SAY_EVERY_S = 2.0


@dataclass(frozen=True)
class PictureAndRange:
    """What belongs together: the messages as they came.

    Attributes:
        picture: sensor_msgs/Image (or CompressedImage).
        camera_info: sensor_msgs/CameraInfo, of the picture's size.
        range: sensor_msgs/PointCloud2, or the depth image.
        offset_s: stamp of the range message minus stamp of the picture.
        stamp_ns: the picture's stamp.
    """

    picture: Any
    camera_info: Any
    range: Any
    offset_s: float
    stamp_ns: int


@dataclass
class SyncCounts:
    """What became of the messages.

    Attributes:
        pictures, ranges, camera_infos: how many came.
        pairs: pairs given out.
        unmatched_pictures, unmatched_ranges: left the queue without a partner.
        late: older than the last pair, or a stamp that was there already.
        without_camera_info: pairs that had no camera_info, or one of another size.
        resets: times a stream's stamps stepped back or jumped ahead.
        failed: pairs whose handler raised.
    """

    pictures: int = 0
    ranges: int = 0
    camera_infos: int = 0
    pairs: int = 0
    unmatched_pictures: int = 0
    unmatched_ranges: int = 0
    late: int = 0
    without_camera_info: int = 0
    resets: int = 0
    failed: int = 0


@dataclass
class _Stream:
    """One of the two streams that are paired."""

    topic: str
    filter: Any = None
    waiting: dict[int, Any] = field(default_factory=dict)
    """Stamp -> message of what is queued, oldest first."""
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=STAMPS_KEPT))
    """The last stamps."""
    differences: deque[int] = field(default_factory=lambda: deque(maxlen=STAMPS_KEPT))
    paired_ns: int | None = None
    """Stamp of the last pair's part."""
    began_s: float = 0.0
    """When it was first heard after a silence."""
    arrived_s: float | None = None
    repeats: int = 0
    """Messages in a row with one and the same stamp."""
    received: int = 0
    unmatched: int = 0

    def period_ns(self) -> int | None:
        """Median time between stamps; None before it is known."""
        return period_of(self.differences)

    def forget(self) -> None:
        """Drop what is queued and known: the stamps that follow have nothing to do with it."""
        self.unmatched += len(self.waiting)
        self.waiting.clear()
        self.recent.clear()
        self.paired_ns = None


class PairSynchronizer:
    """Subscribes to a picture, its camera_info and a cloud or depth image, and gives out what belongs together.

    Without a node it subscribes to nothing and is fed by `add_picture`, `add_camera_info` and `add_range`.
    """

    def __init__(
        self,
        on_pair: Callable[[PictureAndRange], None],
        on_problem: Callable[[str, str], None],
        *,
        tolerance_s: float = 0.05,
        queue_size: int = 10,
        node: Any = None,
        picture_topic: str = "camera/image_raw",
        camera_info_topic: str = "camera/camera_info",
        range_topic: str = "points",
        picture_type: Any = Image,
        range_type: Any = PointCloud2,
        profile: Any = qos.PICTURE_IN,
        clock: Callable[[], float] = time.monotonic,
        **subscription_options: Any,
    ) -> None:
        """Subscribe.

        Args:
            on_pair: called with each pair in the executor's thread; keep it short. What it raises is caught and reported.
            on_problem: called with a code ('sync_backwards', 'sync_jump', 'sync_never_meet', 'sync_missing', 'sync_stamps_stand',
                'camera_info_missing', 'camera_info_size', 'sync_failed') and one line for a person; the same code at most every
                SAY_EVERY_S seconds.
            tolerance_s: largest difference between the two stamps, 0 or more; 0 takes equal stamps only.
            queue_size: messages of each stream that wait for a partner, 1 or more.
            node: to subscribe with; the topics are relative to it.
            picture_topic, camera_info_topic, range_topic: the topics.
            picture_type: Image or CompressedImage.
            range_type: PointCloud2, or Image for a depth image.
            profile: QoS of the picture and the range topic; camera_info has the same.
            clock: steady seconds.
            subscription_options: handed to each subscription (callback_group, ...).

        Raises:
            ConfigurationError: a tolerance below 0 or not finite, or a queue below 1.
        """
        if not 0 <= tolerance_s < float("inf"):
            raise ConfigurationError(f"a match tolerance of {tolerance_s} s: 0 or more is wanted")
        if queue_size < 1:
            raise ConfigurationError(f"a queue of {queue_size} messages: 1 or more is wanted")
        self._on_pair = on_pair
        self._on_problem = on_problem
        self._tolerance_ns = round(tolerance_s * NS_PER_S)
        self._queue_size = queue_size
        self._clock = clock
        self._node = node
        self._pictures = _Stream(picture_topic)
        self._ranges = _Stream(range_topic)
        self._info_topic = camera_info_topic
        self._infos: dict[int, Any] = {}
        self._latest_info: Any = None
        self._counts = SyncCounts()
        self._said_s: dict[str, float] = {}
        self._met_s = clock()
        self._matched: list[tuple[Any, Any]] = []
        self._slop_ns = self._tolerance_ns
        self._narrowing = True
        self._connect()
        self._subscriptions: list[Any] = []
        if node is not None:
            for message_type, topic, take in (
                (CameraInfo, camera_info_topic, self.add_camera_info),
                (picture_type, picture_topic, self.add_picture),
                (range_type, range_topic, self.add_range),
            ):
                # By keyword: upstream's versions differ in what stands after the topic.
                subscriber = message_filters.Subscriber(node, message_type, topic, qos_profile=profile, **subscription_options)
                subscriber.registerCallback(take)
                self._subscriptions.append(subscriber)

    @property
    def counts(self) -> SyncCounts:
        """The counts so far; a copy."""
        counts = SyncCounts(**vars(self._counts))
        counts.pictures, counts.ranges = self._pictures.received, self._ranges.received
        counts.unmatched_pictures, counts.unmatched_ranges = self._pictures.unmatched, self._ranges.unmatched
        return counts

    @property
    def slop_s(self) -> float:
        """The largest difference between stamps that is taken at present: the tolerance, or less (see the module)."""
        return self._slop_ns / NS_PER_S

    def add_camera_info(self, msg: Any) -> None:
        """Take intrinsics."""
        self._counts.camera_infos += 1
        self._latest_info = msg
        self._infos[to_ns(msg.header.stamp)] = msg
        while len(self._infos) > INFOS_KEPT:
            del self._infos[next(iter(self._infos))]

    def add_picture(self, msg: Any) -> None:
        """Take a picture."""
        self._guarded(self._pictures, msg)

    def add_range(self, msg: Any) -> None:
        """Take a cloud or a depth image."""
        self._guarded(self._ranges, msg)

    def check(self) -> None:
        """Say why no pairs come, where none do. Called for each message; call it also from a timer, for when one stream ends."""
        now = self._clock()
        if now - self._met_s < QUIET_S:
            return
        quiet_s = self._quiet_s()
        pictures, ranges = self._pictures, self._ranges
        heard = [stream for stream in (pictures, ranges) if stream.arrived_s is not None and now - stream.arrived_s < quiet_s]
        if not heard or now - max(self._met_s, *(stream.began_s for stream in heard)) < quiet_s:
            return
        if len(heard) == 2:
            self._say_why_apart()
            return
        there = heard[0]
        missing = ranges if there is pictures else pictures
        since = "yet" if missing.arrived_s is None else f"for {now - missing.arrived_s:.0f} s"
        self._say(
            "sync_missing",
            f"nothing on {missing.topic} {since}, while {there.topic} brings messages: is it published, with a fitting QoS?",
        )

    def _quiet_s(self) -> float:
        """How long no message is no news."""
        periods = [self._pictures.period_ns() or 0, self._ranges.period_ns() or 0]
        return max(QUIET_S, 3 * max(periods) / NS_PER_S)

    def _say_why_apart(self) -> None:
        """Both streams come, but no pair."""
        pictures, ranges = self._pictures, self._ranges
        for stream in (pictures, ranges):
            if stream.repeats >= REPEATS_ALLOWED:
                self._say("sync_stamps_stand", stand_still_text(stream.topic, stream.recent[-1]))
                return
        offset_ns = nearest_offset_ns(pictures.recent, ranges.recent)
        if self._slop_ns < abs(offset_ns) <= self._tolerance_ns:
            # Streams too irregular for a period to mean anything: the whole tolerance, from now on.
            self._narrowing = False
            self._slop_ns = self._tolerance_ns
            self._connect()
            return
        # A clock that is off by a multiple of the period, or a stream that is late by one, has near stamps, but in the past.
        lag_ns = ranges.recent[-1] - pictures.recent[-1]
        period_ns = max(pictures.period_ns() or 0, ranges.period_ns() or 0)
        apart_ns = lag_ns if abs(lag_ns) > 2 * period_ns else offset_ns
        self._say("sync_never_meet", never_meet_text(pictures.topic, ranges.topic, apart_ns, self._slop_ns))

    def close(self) -> None:
        """Unsubscribe and let go of the messages. May be called again."""
        for subscriber in self._subscriptions:
            self._node.destroy_subscription(subscriber.sub)
        self._subscriptions.clear()
        self._pictures.forget()
        self._ranges.forget()
        self._infos.clear()
        self._latest_info = None
        self._connect()

    def _guarded(self, stream: _Stream, msg: Any) -> None:
        """Nothing that a message or a handler brings about may reach the executor, which would end the node."""
        try:
            self._take(stream, msg)
        except Exception as error:
            self._counts.failed += 1
            self._say(
                "sync_failed",
                f"a pair of {self._pictures.topic} and {self._ranges.topic} failed: {type(error).__name__}: {error}",
            )

    def _take(self, stream: _Stream, msg: Any) -> None:
        now = self._clock()
        stamp_ns = to_ns(msg.header.stamp)
        stream.received += 1
        passed_s = 0.0 if stream.arrived_s is None else now - stream.arrived_s
        if stream.arrived_s is None or passed_s > self._quiet_s():
            stream.began_s = now
        stream.arrived_s = now
        if stream.recent and not self._in_order(stream, stamp_ns, passed_s):
            return
        stream.recent.append(stamp_ns)
        if stream.paired_ns is not None and stamp_ns <= stream.paired_ns:
            self._counts.late += 1
            return
        self._narrow()
        stream.waiting[stamp_ns] = msg
        while len(stream.waiting) > self._queue_size:
            del stream.waiting[next(iter(stream.waiting))]
            stream.unmatched += 1
        stream.filter.signalMessage(msg)
        if not self._matched:
            self.check()
        while self._matched:
            self._give(*self._matched.pop(0), now)

    def _in_order(self, stream: _Stream, stamp_ns: int, passed_s: float) -> bool:
        """Look at a stamp beside the one before, which came `passed_s` earlier; False for a repeated one."""
        step_ns = stamp_ns - stream.recent[-1]
        if step_ns == 0:
            self._counts.late += 1
            stream.repeats += 1
            self.check()
            return False
        stream.repeats = 0
        if step_ns < 0:
            self._restart(stream, "sync_backwards", backwards_text(stream.topic, -step_ns))
        elif step_ns / NS_PER_S - passed_s > JUMP_S:
            self._restart(stream, "sync_jump", jump_text(stream.topic, step_ns, passed_s))
        else:
            stream.differences.append(step_ns)
        return True

    def _restart(self, stream: _Stream, code: str, text: str) -> None:
        stream.forget()
        if stream is self._pictures:
            self._infos.clear()
        self._connect()
        self._counts.resets += 1
        self._say(code, text)

    def _narrow(self) -> None:
        """Keep the slop within half the shorter period."""
        if not self._narrowing:
            return
        periods = [period for period in (self._pictures.period_ns(), self._ranges.period_ns()) if period is not None]
        if len(periods) < 2:
            return
        wanted_ns = narrowed_ns(self._tolerance_ns, periods)
        # The period's estimate wavers a little; only a real change is worth a new synchroniser.
        if abs(wanted_ns - self._slop_ns) > 0.2 * self._slop_ns:
            self._slop_ns = wanted_ns
            self._connect()

    def _connect(self) -> None:
        """A new synchroniser, upstream's having no reset, holding what still waits."""
        # Upstream's slop is exclusive, ours inclusive. Half a nanosecond more survives the way through float seconds.
        slop_s = (self._slop_ns + 1.5) / NS_PER_S
        self._matched.clear()
        for stream in (self._pictures, self._ranges):
            stream.filter = message_filters.SimpleFilter()
        filters = [self._pictures.filter, self._ranges.filter]
        message_filters.ApproximateTimeSynchronizer(filters, self._queue_size, slop_s).registerCallback(self._note)
        for stream in (self._pictures, self._ranges):
            for msg in stream.waiting.values():
                stream.filter.signalMessage(msg)

    def _note(self, picture: Any, range_: Any) -> None:
        """What the synchroniser calls, under its lock."""
        self._matched.append((picture, range_))

    def _give(self, picture: Any, range_: Any, now: float) -> None:
        self._met_s = now
        stamps = []
        left_over = 0
        for stream, msg in ((self._pictures, picture), (self._ranges, range_)):
            stamp_ns = to_ns(msg.header.stamp)
            stamps.append(stamp_ns)
            stream.waiting.pop(stamp_ns, None)
            stream.paired_ns = stamp_ns
            older = [waiting for waiting in stream.waiting if waiting < stamp_ns]
            for old in older:
                del stream.waiting[old]
            stream.unmatched += len(older)
            left_over += len(older)
        if left_over:
            # Upstream would keep what is older and pair it later: pairs leave in order, and megabytes are not held for nothing.
            self._connect()
        info = self._infos.get(stamps[0], self._latest_info)
        if info is None:
            self._counts.without_camera_info += 1
            self._say("camera_info_missing", f"no camera_info on {self._info_topic} yet: pairs are dropped until one comes")
            return
        if hasattr(picture, "width") and picture_size(info) != (picture.width, picture.height):
            width, height = picture_size(info)
            self._counts.without_camera_info += 1
            self._say(
                "camera_info_size",
                f"the camera_info on {self._info_topic} is for {width} x {height} pixels, the picture on {self._pictures.topic} "
                f"has {picture.width} x {picture.height}: they must be of the same camera and size",
            )
            return
        self._counts.pairs += 1
        self._on_pair(PictureAndRange(picture, info, range_, (stamps[1] - stamps[0]) / NS_PER_S, stamps[0]))

    def _say(self, code: str, text: str) -> None:
        now = self._clock()
        if now - self._said_s.get(code, -SAY_EVERY_S) >= SAY_EVERY_S:
            self._said_s[code] = now
            self._on_problem(code, text)
