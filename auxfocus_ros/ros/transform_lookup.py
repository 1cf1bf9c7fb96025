"""Frames as tf2 knows them: the one place that touches tf2_ros, behind `rig.cloud_placing.FrameSource`.

tf2_ros is not among the wheels, so it is imported when it is asked for, and nobody has to have it. What stands for it in the
tests is a recorder that behaves as tf2_ros documents (names, arguments, exceptions); that recorder, and the reading of the
sources of tf2_ros_py and tf2_py, is all that stands behind this module until it runs in a ROS installation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import yaml
from rclpy.duration import Duration
from rclpy.time import Time

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig.cloud_placing import TransformNotYet
from auxfocus_ros.ros.stamps import NS_PER_S
from auxfocus_ros.ros.transforms import read_transform

__all__ = ["TransformLookup", "transform_lookup"]

CACHE_S = 10.0


def transform_lookup(node: Any, on_problem: Callable[[str], None]) -> TransformLookup | None:
    """tf for a node, where tf2_ros is installed; None where it is not, or cannot be loaded, which is told in one line.

    Source: tf2_ros_py, `Buffer(cache_time)`, `TransformListener(buffer, node, spin_thread=False)`: fed by the node's executor.
    """
    try:
        import tf2_ros
    except ModuleNotFoundError:
        return None
    except Exception as error:
        on_problem(f"tf2_ros is installed but cannot be loaded, tf is not heard: {' '.join(str(error).split())}")
        return None
    return TransformLookup(tf2_ros, node)


class TransformLookup:
    """A `FrameSource` over a tf2_ros buffer, which has a lock of its own: the executor's thread fills it, another one asks."""

    name = "tf"

    def __init__(self, tf2_ros: Any, node: Any) -> None:
        """Listen to /tf and /tf_static with this node."""
        self._tf2 = tf2_ros
        self._buffer = tf2_ros.Buffer(Duration(seconds=CACHE_S))
        self._listener = tf2_ros.TransformListener(self._buffer, node, spin_thread=False)
        self._constant: dict[tuple[str, str], RigidTransform] = {}

    def connects(self, to_frame: str, from_frame: str) -> bool:
        """Whether tf has a way between the two frames at any time."""
        # A time of 0 is the latest at which all parts are known.
        return bool(self._buffer.can_transform(_plain(to_frame), _plain(from_frame), Time()))

    def lookup(self, to_frame: str, from_frame: str, stamp_ns: int) -> RigidTransform:
        """See `FrameSource`."""
        names = _plain(to_frame), _plain(from_frame)
        try:
            message = self._buffer.lookup_transform(*names, Time(nanoseconds=stamp_ns))
        except self._tf2.ExtrapolationException as error:
            late_s = self._late_s(*names, stamp_ns)
            if late_s is not None and late_s <= 0:
                raise InputError(
                    f"tf from '{from_frame}' to '{to_frame}' begins after the picture: {_one_line(error)}"
                ) from error
            by = "is not known at the picture's time yet" if late_s is None else f"ends {late_s:.3f} s before the picture"
            raise TransformNotYet(f"tf from '{from_frame}' to '{to_frame}' {by}") from error
        except self._tf2.TransformException as error:
            raise InputError(f"tf from '{from_frame}' to '{to_frame}': {_one_line(error)}") from error
        found = read_transform(message)
        # A mount that does not move stays one object, so that nobody downstream takes it for a new one.
        known = self._constant.get(names)
        if known is not None and _same(known, found):
            return known
        self._constant[names] = found
        return found

    def frames(self) -> Sequence[str]:
        """The frames that tf has heard of, parents and children."""
        try:
            tree = yaml.safe_load(self._buffer.all_frames_as_yaml()) or {}
        except yaml.YAMLError:
            return ()
        if not isinstance(tree, dict):
            return ()
        parents = {str(entry["parent"]) for entry in tree.values() if isinstance(entry, dict) and "parent" in entry}
        return tuple(sorted({str(name) for name in tree} | parents))

    def close(self) -> None:
        """Stop to listen. May be called again."""
        if self._listener is not None:
            self._listener.unregister()
            self._listener = None

    def _late_s(self, to_frame: str, from_frame: str, stamp_ns: int) -> float | None:
        """How long before a time tf's knowledge of a pair of frames ends, seconds; negative: after it; None: it cannot say."""
        try:
            latest_ns = int(self._buffer.get_latest_common_time(to_frame, from_frame).nanoseconds)
        except self._tf2.TransformException:
            return None
        return (stamp_ns - latest_ns) / NS_PER_S


def _plain(frame: str) -> str:
    """tf2 refuses the leading slash that drivers ported from ROS 1 still send."""
    return frame.lstrip("/")


def _same(a: RigidTransform, b: RigidTransform) -> bool:
    """To a nanometre and a nanoradian: what tf2 interpolates and composes comes back with other last digits."""
    return bool(abs(a.rotation - b.rotation).max() < 1e-9 and abs(a.translation_m - b.translation_m).max() < 1e-9)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
