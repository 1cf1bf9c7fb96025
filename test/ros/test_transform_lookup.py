"""tf by tf2_ros, which no wheel holds: a recorder stands for it that behaves as tf2_ros_py and tf2_py do, by their sources."""

from __future__ import annotations

import math
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig.cloud_placing import TransformNotYet
from auxfocus_ros.ros.transform_lookup import transform_lookup
from auxfocus_ros.ros.transforms import make_transform

S = 10**9


class TransformException(Exception): ...


class LookupException(TransformException): ...


class ConnectivityException(TransformException): ...


class ExtrapolationException(TransformException): ...


class Buffer:
    """As tf2_ros.Buffer: `header.frame_id` is the parent, times are rclpy's, a time of 0 is the latest."""

    def __init__(self, cache_time: Duration | None = None, node: Any = None) -> None:
        assert isinstance(cache_time, Duration) and node is None  # with a node it would open a service
        self.static: dict[str, tuple[str, RigidTransform]] = {}
        self.moving: dict[str, tuple[str, dict[int, RigidTransform]]] = {}

    def can_transform(self, target_frame: str, source_frame: str, time: Time, timeout: Duration | None = None) -> bool:
        try:
            self.lookup_transform(target_frame, source_frame, time)
        except TransformException:
            return False
        return True

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration | None = None
    ) -> TransformStamped:
        assert isinstance(time, Time) and timeout is None  # a timeout would sleep in the caller's thread
        for frame in (target_frame, source_frame):
            if frame.startswith("/"):
                raise LookupException(f"Invalid argument '{frame}': tf2 frame_ids cannot start with a '/'")
            if frame not in self._all():
                raise LookupException(f'"{frame}" passed to lookupTransform argument does not exist.')
        up = self._to_root(source_frame)
        down = self._to_root(target_frame)
        if up[-1] != down[-1]:
            raise ConnectivityException("Could not find a connection, they are not part of the same tree.\nTf has two trees.")
        root_from_source, root_from_target = self._chain(source_frame, time), self._chain(target_frame, time)
        found = root_from_target.inverse().compose(root_from_source)
        return make_transform(found, target_frame, source_frame, time.nanoseconds)

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        latest = [
            max(times)
            for child, (_, times) in self.moving.items()
            if child in (*self._to_root(target_frame), *self._to_root(source_frame))
        ]
        return Time(nanoseconds=min(latest, default=0))

    def all_frames_as_yaml(self) -> str:
        lines = [f"{child}:\n  parent: '{parent}'\n  rate: 10.0" for child, (parent, _) in {**self.static, **self.moving}.items()]
        return "\n".join(lines) or "[]"

    def _all(self) -> set[str]:
        edges = {**self.static, **self.moving}
        return set(edges) | {parent for parent, _ in edges.values()}

    def _to_root(self, frame: str) -> list[str]:
        way = [frame]
        while way[-1] in {**self.static, **self.moving}:
            way.append({**self.static, **self.moving}[way[-1]][0])
        return way

    def _chain(self, frame: str, time: Time) -> RigidTransform:
        found = RigidTransform.identity()
        for child in self._to_root(frame)[:-1]:
            if child in self.static:
                step = self.static[child][1]
            else:
                times = self.moving[child][1]
                at = time.nanoseconds or max(times)
                if not min(times) <= at <= max(times):
                    where = "future" if at > max(times) else "past"
                    raise ExtrapolationException(f"Lookup would require extrapolation into the {where}.  Requested time {at}")
                step = times[min(times, key=lambda known: abs(known - at))]
            found = step.compose(found)
        return found


class TransformListener:
    def __init__(self, buffer: Buffer, node: Any, *, spin_thread: bool = False, qos: Any = None, static_qos: Any = None) -> None:
        assert not spin_thread  # a second executor for the node would be one too many
        self.buffer = buffer
        self.registered = True

    def unregister(self) -> None:
        assert self.registered
        self.registered = False


@pytest.fixture
def tf2(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("tf2_ros")
    for kind in (TransformException, LookupException, ConnectivityException, ExtrapolationException, Buffer, TransformListener):
        setattr(module, kind.__name__, kind)
    monkeypatch.setitem(sys.modules, "tf2_ros", module)
    return module


@pytest.fixture
def known(tf2: ModuleType) -> tuple[Any, Buffer]:
    """A lookup, and the buffer below it: base -> pan (known from 1 s to 2 s) -> camera; base -> lidar; map apart."""
    lookup = transform_lookup(object(), pytest.fail)
    assert lookup is not None
    buffer: Buffer = lookup._buffer
    buffer.static = {"camera": ("pan", shift(0.1)), "lidar": ("base", shift(1.0)), "odom": ("map", shift(0.0))}
    buffer.moving = {"pan": ("base", {S: shift(0.0), 2 * S: shift(5.0)})}
    return lookup, buffer


def shift(x_m: float) -> RigidTransform:
    return RigidTransform(np.eye(3), np.array([x_m, 0.0, 0.0]))


def test_without_tf2_ros_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2_ros", None)  # as where it is not installed
    assert transform_lookup(object(), pytest.fail) is None


def test_a_broken_tf2_ros_is_said(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tf2_ros.py").write_text("raise ImportError('libtf2.so:\\n cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tf2_ros", raising=False)
    said: list[str] = []
    assert transform_lookup(object(), said.append) is None
    assert said == ["tf2_ros is installed but cannot be loaded, tf is not heard: libtf2.so: cannot open shared object file"]


def test_where_frames_stand_at_a_time(known: tuple[Any, Buffer]) -> None:
    lookup, _ = known
    assert lookup.lookup("camera", "lidar", S).translation_m[0] == pytest.approx(1.0 - 0.1)
    assert lookup.lookup("camera", "lidar", 2 * S).translation_m[0] == pytest.approx(1.0 - 5.1)
    assert lookup.lookup("/camera", "/lidar", S).translation_m[0] == pytest.approx(0.9)


def test_a_mount_that_does_not_move_stays_one_object(known: tuple[Any, Buffer]) -> None:
    lookup, _ = known
    assert lookup.lookup("pan", "camera", S) is lookup.lookup("pan", "camera", 2 * S)
    assert lookup.lookup("camera", "lidar", S) is not lookup.lookup("camera", "lidar", 2 * S)


def test_tf_that_is_late_says_by_how_much(known: tuple[Any, Buffer]) -> None:
    lookup, _ = known
    with pytest.raises(TransformNotYet, match=r"tf from 'lidar' to 'camera' ends 0\.430 s before the picture"):
        lookup.lookup("camera", "lidar", round(2.43 * S))


def test_what_will_not_come_any_more(known: tuple[Any, Buffer]) -> None:
    lookup, buffer = known
    for to_frame, from_frame, words in (
        ("camera", "odom", "not part of the same tree. Tf has"),
        ("camera", "nowhere", "not exist"),
    ):
        with pytest.raises(InputError, match=words) as error:
            lookup.lookup(to_frame, from_frame, S)
        assert not isinstance(error.value, TransformNotYet) and "\n" not in str(error.value)
    with pytest.raises(InputError, match="begins after the picture") as early:
        lookup.lookup("camera", "lidar", S // 2)
    assert not isinstance(early.value, TransformNotYet)
    broken = make_transform(shift(0.0), "camera", "lidar")
    broken.transform.rotation.w = math.nan
    buffer.lookup_transform = lambda *_: broken  # type: ignore[method-assign]
    with pytest.raises(InputError, match="the transform from 'lidar' to 'camera'"):
        lookup.lookup("camera", "lidar", S)


def test_which_frames_hang_together(known: tuple[Any, Buffer]) -> None:
    lookup, buffer = known
    assert lookup.connects("camera", "lidar") and lookup.connects("/camera", "lidar")
    assert not lookup.connects("camera", "odom") and not lookup.connects("camera", "nowhere")
    assert lookup.frames() == ("base", "camera", "lidar", "map", "odom", "pan")
    buffer.static, buffer.moving = {}, {}
    assert lookup.frames() == ()


def test_closing_twice(known: tuple[Any, Buffer]) -> None:
    lookup, _ = known
    lookup.close()
    lookup.close()
