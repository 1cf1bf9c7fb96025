"""The source `topics`: any driver's pictures, intrinsics, clouds or depth images, as they come.

The executor's thread only queues what arrives (`DriverTopics`, `Inbox`); the thread that iterates over `frames()` does the work
(`LiveFrames`). A frame carries its driver's stamp, and goes out as soon as it is complete: no pacing, and nothing made ahead.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.rig_file import RigDescription
from auxfocus_ros.rig.robot import Robot
from auxfocus_ros.rig.source import SourceCounts
from auxfocus_ros.rig.stream_clock import NS_PER_S
from auxfocus_ros.rig.urdf import load_urdf
from auxfocus_ros.ros.driver_topics import DriverTopics, camera_info_beside
from auxfocus_ros.ros.inbox import Inbox
from auxfocus_ros.ros.live_frames import RANGE_ROLES, LiveFrames
from auxfocus_ros.ros.live_parts import LiveSettings
from auxfocus_ros.ros.transform_lookup import transform_lookup

__all__ = ["TopicsSource"]

INBOX = {"image": 16, "points": 16, "depth": 16, "camera_info": 64, "depth_info": 64, "joint_states": 2048}
"""Messages of each role that wait while a frame is being consumed; beyond, the oldest go."""
DEFAULT_RATE_HZ = 30.0
TURN_S, IDLE_S = 0.005, 0.1
"""How long the iteration sleeps while something waits for its time, and while nothing does; a message wakes it."""


class TopicsSource:
    """Live drivers as a source of frames. See `Source`; further attributes:

    robot: the gimbal of the rig file, None without one. topics: role -> the topic that is listened to, resolved.
    """

    duration_s = math.inf
    follows_lens = False

    def __init__(
        self,
        node: Any,
        rig: RigDescription | None = None,
        *,
        image_topic: str | None = None,
        camera_info_topic: str | None = None,
        points_topic: str | None = None,
        depth_topic: str | None = None,
        joint_states_topic: str | None = None,
        match_tolerance_s: float | None = None,
        match_wait_s: float = 0.5,
        points_clock_offset_s: float = 0.0,
        transform_wait_s: float = 0.2,
        camera_info_wait_s: float = 3.0,
        joint_timeout_s: float = 0.5,
        fixed_frame: str | None = None,
        keep_unmatched: bool = True,
        on_problem: Callable[[str, str], None] = lambda code, text: None,
    ) -> None:
        """Subscribe. The node's executor must run in another thread than the one that iterates.

        Args:
            node: to subscribe with.
            rig: what the drivers do not say themselves; what stands there wins (its camera over camera_info, its extrinsics over
                tf and the URDF).
            image_topic: the picture, raw or compressed; None: the rig file's.
            camera_info_topic: None: the rig file's, else beside the picture as image_transport spells it.
            points_topic, depth_topic: clouds, depth images; None: the rig file's, else none.
            joint_states_topic: None: the rig file's, else 'joint_states' where the rig has a gimbal, else none.
            match_tolerance_s: largest |stamp of cloud - stamp of picture|, seconds, 0 or more; None: the rig file's.
            match_wait_s: how much later than its picture a cloud may arrive, or the other way round, seconds, > 0.
            points_clock_offset_s: how far the clock of clouds and depth images is ahead of the picture's, seconds; taken off
                their stamps.
            transform_wait_s: how long a picture waits for a transform that is late, seconds, 0 or more.
            camera_info_wait_s: how long pictures are held back for the first camera_info, seconds, 0 or more.
            joint_timeout_s: without joint states for so long, they have stopped, seconds, > 0.
            fixed_frame: the frame that stands still while clouds are brought to the picture's time; None: the rig file's
                gimbal's base, else base_link. A frame of the world takes the platform's motion out as well, where tf has it.
            keep_unmatched: give pictures without a cloud or depth image too.
            on_problem: called with a code and one line for a person, from both threads, again and again while something is
                wrong: the caller limits the rate.

        Raises:
            ConfigurationError: no picture's topic, a number out of its range, a URDF that cannot be right.
        """
        rig = rig if rig is not None else RigDescription()
        tolerance_s = rig.match_tolerance_s if match_tolerance_s is None else match_tolerance_s
        _check("match_tolerance_s", tolerance_s, 0.0)
        _check("match_wait_s", match_wait_s, 0.001)
        _check("points_clock_offset_s", points_clock_offset_s, -math.inf)
        _check("transform_wait_s", transform_wait_s, 0.0)
        _check("camera_info_wait_s", camera_info_wait_s, 0.0)
        _check("joint_timeout_s", joint_timeout_s, 0.001)
        named = {
            "image": image_topic or rig.topics.get("image"),
            "points": points_topic or rig.topics.get("points"),
            "depth": depth_topic or rig.topics.get("depth"),
            "joint_states": joint_states_topic or rig.topics.get("joint_states") or ("joint_states" if rig.gimbal else None),
        }
        if not named["image"]:
            raise ConfigurationError(
                "the source `topics` needs the picture's topic: set image_topic, or name a rig file that has topics: {image: ...}"
            )
        if rig.camera is None:
            named["camera_info"] = camera_info_topic or rig.topics.get("camera_info") or camera_info_beside(named["image"])
        if named["depth"]:
            named["depth_info"] = camera_info_beside(named["depth"])
        self.topics: dict[str, str] = {role: node.resolve_topic_name(topic) for role, topic in named.items() if topic}
        self.robot: Robot | None = None if rig.gimbal is None else load_urdf(rig.gimbal.urdf)
        self.name = self.topics["image"]
        self.has_depth = any(role in self.topics for role in RANGE_ROLES)
        self.counts = SourceCounts()
        self._on_problem = on_problem
        self._inbox = Inbox({role: INBOX[role] for role in self.topics})
        self._running = threading.Event()
        self._dropped = 0
        self._tf = transform_lookup(node, lambda text: on_problem("topics_tf", text)) if self.has_depth else None
        self._settings = LiveSettings(
            topics=self.topics,
            rig=rig,
            robot=self.robot,
            tf=self._tf,
            fixed_frame=fixed_frame or (rig.gimbal.base_frame if rig.gimbal is not None else "base_link"),
            tolerance_ns=round(tolerance_s * NS_PER_S),
            match_wait_ns=round(match_wait_s * NS_PER_S),
            clock_ahead_ns=round(points_clock_offset_s * NS_PER_S),
            transform_wait_ns=round(transform_wait_s * NS_PER_S),
            camera_info_wait_ns=round(camera_info_wait_s * NS_PER_S),
            joint_timeout_s=joint_timeout_s,
            keep_unmatched=keep_unmatched,
            wall_ahead_ns=time.time_ns() - time.monotonic_ns(),
        )
        self._live: LiveFrames | None = None
        self._driver = DriverTopics(node, self.topics, self._inbox.put, on_problem)

    @property
    def rate_hz(self) -> float:
        """Pictures a second, by their stamps; 30 before it is known."""
        return (self._live.rate_hz if self._live is not None else None) or DEFAULT_RATE_HZ

    def frames(self) -> Iterator[Frame]:
        """Frames from now on, until `stop` or `close`.

        It begins with the call, not with the first frame, so that a `stop` that comes in between is not lost.
        """
        self._inbox.take()
        live = self._live = LiveFrames(self._settings, self.counts, self._on_problem, time.monotonic_ns)
        self._dropped = self.counts.dropped
        self._running.set()
        return self._pass(live)

    def _pass(self, live: LiveFrames) -> Iterator[Frame]:
        already_dropped = self._inbox.dropped
        while self._running.is_set() and live is self._live:
            # Before it fetches: what is taken as having come must have been fetched.
            now_ns = time.monotonic_ns()
            for arrival in self._inbox.take():
                live.take_in(arrival.role, arrival.message, arrival.arrival_ns)
            frame = live.next_frame(now_ns)
            self.counts.dropped = self._dropped + self._inbox.dropped - already_dropped + live.lagged
            live.watch(now_ns)
            if frame is not None:
                yield frame
            else:
                self._inbox.wait(TURN_S if live.waiting() else IDLE_S)

    def figures(self) -> dict[str, str]:
        """What diagnostics should show beside the counts; from any thread."""
        return {} if self._live is None else self._live.figures()

    def set_lens_position(self, position_steps: float) -> None:
        """Ignored: the driver's pictures are what they are."""

    def stop(self) -> None:
        """End the iteration within a turn; from any thread, and more than once."""
        self._running.clear()
        self._inbox.wake()

    def close(self) -> None:
        """End the iteration and unsubscribe; in the executor's thread. May be called twice."""
        self.stop()
        self._driver.close()
        if self._tf is not None:
            self._tf.close()


def _check(name: str, value: float, minimum: float) -> None:
    if not math.isfinite(value) or value < minimum:
        wanted = "a finite number" if math.isinf(minimum) else f"a finite number of at least {minimum:g}"
        raise ConfigurationError(f"{name} is {value}: wanted {wanted}, in seconds")
