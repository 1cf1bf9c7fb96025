"""The intrinsics that belong to a live picture, from camera_info messages that come beside it, before it, after it, or never.

With focus breathing they change from frame to frame, so the one with the picture's own stamp is the right one. Where a driver
sends none with that stamp (latched, at a rate of its own, lost on the way) it is the latest of the picture's size.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.rig.camera_info import camera_from_message

KEPT = 64
FOLLOWED = 5
"""So many pictures after the last that found its own stamp, none is expected to any more."""


class FoundIntrinsics(NamedTuple):
    """camera: None where none is known. own: it has the picture's own stamp. fits: it is of the picture's size."""

    camera: CameraModel | None
    own: bool
    fits: bool


class IntrinsicsShelf:
    """The recent intrinsics of one camera.

    Attributes:
        latest: the newest, None before the first.
    """

    def __init__(self, rectified: bool = False) -> None:
        """`rectified`: the pictures are, so that the projection matrix counts and nothing is distorted."""
        self.latest: CameraModel | None = None
        self._rectified = rectified
        self._by_stamp: dict[int, CameraModel] = {}
        self._without_own = FOLLOWED
        self._went_without: deque[int] = deque(maxlen=FOLLOWED)

    def add(self, stamp_ns: int, message: Any) -> None:
        """Take a camera_info. Raises InputError where it cannot be right."""
        camera = camera_from_message(message, self._rectified)
        # The same object as long as nothing changes: tables are made once for each.
        self.latest = self.latest if camera == self.latest else camera
        assert self.latest is not None
        if stamp_ns in self._went_without:  # it comes just after its picture: the next one may wait for its own
            self._without_own = 0
        self._by_stamp.pop(stamp_ns, None)
        self._by_stamp[stamp_ns] = self.latest
        while len(self._by_stamp) > KEPT:
            del self._by_stamp[next(iter(self._by_stamp))]

    def find(self, stamp_ns: int, width_px: int, height_px: int) -> FoundIntrinsics:
        """The best there is for a picture: of its own stamp, else the newest of its size, else the newest."""
        size = (width_px, height_px)
        own = self._by_stamp.get(stamp_ns)
        if own is not None and (own.width_px, own.height_px) == size:
            return FoundIntrinsics(own, True, True)
        fitting = (camera for camera in reversed(self._by_stamp.values()) if (camera.width_px, camera.height_px) == size)
        camera = next(fitting, None)
        if camera is not None:
            return FoundIntrinsics(camera, False, True)
        return FoundIntrinsics(own or self.latest, own is not None, False)

    def expects_own(self) -> bool:
        """Whether a picture may expect one of its own stamp: others before it had one."""
        return self._without_own < FOLLOWED

    def used(self, stamp_ns: int, found: FoundIntrinsics) -> None:
        """The picture of this stamp went out with these."""
        self._without_own = 0 if found.own else min(self._without_own + 1, FOLLOWED)
        if not found.own:
            self._went_without.append(stamp_ns)
