"""Transforms that change with time, from a recording's tf: a sensor on the platform as seen from the camera on its gimbal.

Beside the fixed ones (`static_transforms`), each moving pair of frames keeps its last few hundred transforms, between which is
interpolated. Who asks for a time that has not come yet gets the nearest, and learns by how much it is off.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections import deque
from typing import Any, NamedTuple

import numpy as np

from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.static_transforms import StaticTransforms

KEPT = 512  # transforms of each pair: five seconds at 100 Hz
BACKWARDS_NS = 50_000_000  # a stamp that lies further back is a clock that was set back or a recording that loops


class FoundTransform(NamedTuple):
    """p_target = R p_source + t; off_s: by how much its parts are older or newer than the time asked for, at most, seconds."""

    transform: RigidTransform
    off_s: float


class MovingTransforms:
    """Fixed and moving transforms between named frames."""

    def __init__(self, fixed: StaticTransforms) -> None:
        """Begin with the fixed ones, which are copied."""
        self._tree = fixed.copy()
        self._tracks: dict[tuple[str, str], deque[tuple[int, RigidTransform]]] = {}

    def add(self, stamp_ns: int, parent: str, child: str, parent_from_child: RigidTransform) -> None:
        """p_parent = R p_child + t at a time; left out where it is older than the newest, unless the clock jumped back."""
        pair = parent.lstrip("/"), child.lstrip("/")
        track = self._tracks.get(pair)
        if track is None:
            track = self._tracks[pair] = deque(maxlen=KEPT)
            self._tree.add(*pair, parent_from_child)  # so that ways through it are found
        if track and stamp_ns < track[-1][0] - BACKWARDS_NS:
            track.clear()
        if not track or stamp_ns > track[-1][0]:
            track.append((stamp_ns, parent_from_child))

    def add_message(self, message: Any, received_ns: int) -> None:
        """All transforms of a tf2_msgs/TFMessage; a stamp of zero is replaced. Raises InputError where a rotation is none."""
        for stamped in message.transforms:
            stamp = stamped.header.stamp
            q, t = stamped.transform.rotation, stamped.transform.translation
            transform = RigidTransform.from_quaternion(q.x, q.y, q.z, q.w, np.array([t.x, t.y, t.z]))
            stamp_ns = int(stamp.sec) * 10**9 + int(stamp.nanosec)
            self.add(stamp_ns or received_ns, stamped.header.frame_id, stamped.child_frame_id, transform)

    def reaches(self, target: str, source: str, stamp_ns: int) -> bool:
        """Whether every moving transform between two frames is known up to a time; False where they are not connected."""
        chain = self._tree.chain(target, source)
        if chain is None:
            return False
        tracks = (self._track(a, b)[0] for a, b in itertools.pairwise(chain))
        return all(track is None or track[-1][0] >= stamp_ns for track in tracks)

    def lookup(self, target: str, source: str, stamp_ns: int) -> FoundTransform | None:
        """How two frames stood at a time; None where they are not connected."""
        chain = self._tree.chain(target, source)
        if chain is None:
            return None
        found, off_ns = RigidTransform.identity(), 0
        for a, b in itertools.pairwise(chain):
            track, turned = self._track(a, b)
            if track is None:
                step = self._tree.edge(a, b)
            else:
                step, off = _at(track, stamp_ns)
                step, off_ns = step.inverse() if turned else step, max(off_ns, off)
            found = found.compose(step)
        return FoundTransform(found, off_ns * 1e-9)

    def _track(self, a: str, b: str) -> tuple[deque[tuple[int, RigidTransform]] | None, bool]:
        """The track between two neighbours, and whether it leads the other way; None where they stand fixed."""
        forth = self._tracks.get((a, b))
        return (forth, False) if forth is not None else (self._tracks.get((b, a)), True)


def _at(track: deque[tuple[int, RigidTransform]], stamp_ns: int) -> tuple[RigidTransform, int]:
    """The transform at a time, and how many nanoseconds off the nearest is where the time lies outside."""
    index = bisect.bisect_left(track, stamp_ns, key=lambda entry: entry[0])
    if index == len(track):
        return track[-1][1], stamp_ns - track[-1][0]
    after_ns, after = track[index]
    if index == 0 or after_ns == stamp_ns:
        return after, after_ns - stamp_ns
    before_ns, before = track[index - 1]
    return interpolated(before, after, (stamp_ns - before_ns) / (after_ns - before_ns)), 0


def interpolated(a: RigidTransform, b: RigidTransform, share: float) -> RigidTransform:
    """Between two transforms: 0 is the first, 1 the second; rotations by the shortest way (slerp, Shoemake 1985)."""
    qa, qb = np.array(a.as_quaternion()), np.array(b.as_quaternion())
    cosine = float(qa @ qb)
    if cosine < 0.0:
        qb, cosine = -qb, -cosine
    angle = math.acos(min(cosine, 1.0))
    if angle < 1e-6:  # the sines below vanish; to this angle the chord is the arc
        q = qa + share * (qb - qa)
    else:
        q = (math.sin((1.0 - share) * angle) * qa + math.sin(share * angle) * qb) / math.sin(angle)
    x, y, z, w = (q / np.linalg.norm(q)).tolist()
    return RigidTransform.from_quaternion(x, y, z, w, a.translation_m + share * (b.translation_m - a.translation_m))
