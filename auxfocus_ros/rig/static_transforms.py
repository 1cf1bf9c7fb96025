"""The fixed part of tf: how one frame stands to another, through any chain of static transforms.

Upstream's tf2 does this and much more, and is not there without ROS; a recording's extrinsics need just this.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from auxfocus_ros.optics.rigid import RigidTransform


class StaticTransforms:
    """Static transforms between named frames. A leading '/' of ROS 1 names is ignored."""

    def __init__(self) -> None:
        """Start without any."""
        self._edges: dict[str, dict[str, RigidTransform]] = {}
        self._found: dict[tuple[str, str], RigidTransform | None] = {}

    def add(self, parent: str, child: str, parent_from_child: RigidTransform) -> None:
        """p_parent = R p_child + t. A later one of the same pair replaces the earlier one."""
        self._found.clear()
        parent, child = parent.lstrip("/"), child.lstrip("/")
        self._edges.setdefault(parent, {})[child] = parent_from_child
        self._edges.setdefault(child, {})[parent] = parent_from_child.inverse()

    def add_message(self, message: Any) -> None:
        """All transforms of a tf2_msgs/TFMessage. Raises InputError where a rotation is none."""
        for stamped in message.transforms:
            q, t = stamped.transform.rotation, stamped.transform.translation
            transform = RigidTransform.from_quaternion(q.x, q.y, q.z, q.w, np.array([t.x, t.y, t.z]))
            self.add(stamped.header.frame_id, stamped.child_frame_id, transform)

    def lookup(self, target: str, source: str) -> RigidTransform | None:
        """p_target = R p_source + t by the shortest chain, the same object each time; None where they are not connected."""
        if (target, source) not in self._found:
            self._found[target, source] = self._search(target, source)
        return self._found[target, source]

    def _search(self, target: str, source: str) -> RigidTransform | None:
        target, source = target.lstrip("/"), source.lstrip("/")
        found = {target: RigidTransform.identity()}
        ways = deque([target])
        while ways and source not in found:
            frame = ways.popleft()
            for neighbour, frame_from_neighbour in self._edges.get(frame, {}).items():
                if neighbour not in found:
                    found[neighbour] = found[frame].compose(frame_from_neighbour)
                    ways.append(neighbour)
        return found.get(source)
