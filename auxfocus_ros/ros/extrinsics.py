"""Where a cloud's frame stands, by the moment: heard on `points/transform`.

On most rigs that never changes. Where the lidar is fixed and the camera turns, each frame has its own, sent with the frame's
stamp.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.ros.stamps import to_ns
from auxfocus_ros.ros.transforms import read_transform

KEPT = 64
"""Transforms kept for each frame: two seconds at 30 Hz."""


class Extrinsics:
    """Transforms from clouds' frames to the optical frame, as they were heard. Safe to use from several threads."""

    def __init__(self) -> None:
        """Start without any."""
        self._by_frame: dict[str, OrderedDict[int, RigidTransform]] = {}
        self._lock = threading.Lock()

    def add(self, message: Any) -> None:
        """A geometry_msgs/TransformStamped from the cloud's frame (its child) to the optical frame. Raises InputError: no
        rotation."""
        transform = read_transform(message)
        stamp_ns = to_ns(message.header.stamp)
        with self._lock:
            kept = self._by_frame.setdefault(message.child_frame_id, OrderedDict())
            kept.pop(stamp_ns, None)
            kept[stamp_ns] = transform
            if len(kept) > KEPT:
                kept.popitem(last=False)

    def find(self, frame: str, stamp_ns: int) -> RigidTransform | None:
        """The transform of a frame with a picture's stamp, else the one heard last; None: never heard of the frame."""
        with self._lock:
            kept = self._by_frame.get(frame)
            if not kept:
                return None
            same = kept.get(stamp_ns)
            return same if same is not None else kept[next(reversed(kept))]
