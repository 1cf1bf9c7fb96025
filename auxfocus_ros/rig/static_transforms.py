"""The fixed part of tf: how one frame stands to another, through any chain of static transforms.

Upstream's tf2 does this and much more, and is not there without ROS; a recording's extrinsics need just this.
"""

from __future__ import annotations

import itertools
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
        self._chains: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def add(self, parent: str, child: str, parent_from_child: RigidTransform) -> None:
        """p_parent = R p_child + t. A later one of the same pair replaces the earlier one."""
        self._found.clear()
        self._chains.clear()
        parent, child = parent.lstrip("/"), child.lstrip("/")
        self._edges.setdefault(parent, {})[child] = parent_from_child
        self._edges.setdefault(child, {})[parent] = parent_from_child.inverse()

    def add_message(self, message: Any) -> None:
        """All transforms of a tf2_msgs/TFMessage. Raises InputError where a rotation is none."""
        for stamped in message.transforms:
            q, t = stamped.transform.rotation, stamped.transform.translation
            transform = RigidTransform.from_quaternion(q.x, q.y, q.z, q.w, np.array([t.x, t.y, t.z]))
            self.add(stamped.header.frame_id, stamped.child_frame_id, transform)

    def copy(self) -> StaticTransforms:
        """One with the same transforms, which can be added to."""
        other = StaticTransforms()
        other._edges = {frame: dict(edges) for frame, edges in self._edges.items()}
        return other

    def edge(self, a: str, b: str) -> RigidTransform:
        """p_a = R p_b + t of two neighbours."""
        return self._edges[a][b]

    def lookup(self, target: str, source: str) -> RigidTransform | None:
        """p_target = R p_source + t by the shortest chain, the same object each time; None where they are not connected."""
        if (target, source) not in self._found:
            chain = self.chain(target, source)
            found = None if chain is None else RigidTransform.identity()
            for a, b in itertools.pairwise(chain or ()):
                assert found is not None
                found = found.compose(self.edge(a, b))
            self._found[target, source] = found
        return self._found[target, source]

    def chain(self, target: str, source: str) -> tuple[str, ...] | None:
        """The frames from one to another by the fewest steps, both included; None where they are not connected."""
        if (target, source) not in self._chains:
            self._chains[target, source] = self._search(target.lstrip("/"), source.lstrip("/"))
        return self._chains[target, source]

    def _search(self, target: str, source: str) -> tuple[str, ...] | None:
        came_from = {target: ""}
        ways = deque([target])
        while ways and source not in came_from:
            frame = ways.popleft()
            for neighbour in self._edges.get(frame, {}):
                if neighbour not in came_from:
                    came_from[neighbour] = frame
                    ways.append(neighbour)
        if source not in came_from:
            return None
        chain = [source]
        while chain[-1] != target:
            chain.append(came_from[chain[-1]])
        return tuple(reversed(chain))
