"""Quality of service by name, so that no node spells a profile out and the two ends of a topic always fit.

A best-effort publisher gives nothing at all to a reliable subscriber (the default of every tool), while a reliable publisher
serves both. Pictures therefore go out reliable and are taken best effort.
"""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

__all__ = ["EVENT", "PICTURE_IN", "PICTURE_OUT", "PICTURE_REPLAYED", "STATE", "TRANSFORM", "profile"]


def profile(*, reliable: bool, depth: int, latched: bool = False) -> QoSProfile:
    """A keep-last profile.

    Args:
        reliable: lost samples are sent again.
        depth: how many samples are kept, 1 or more.
        latched: a late subscriber still gets the last `depth` samples (transient local).

    Source: docs/architecture.md, rules of the graph.
    """
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


PICTURE_IN = profile(reliable=False, depth=2)
"""Pictures, clouds, depth images and their camera_info, taken. Only the newest matters: a depth of 5 turns one slow moment into
200 ms of lag, and best effort fits every driver, reliable or not."""

PICTURE_REPLAYED = profile(reliable=True, depth=4)
"""The same as PICTURE_IN where a recording is played in lock-step: each one counts, and who gives them waits for us."""

PICTURE_OUT = profile(reliable=True, depth=2)
"""Pictures, clouds and camera_info, given. Reliable, because a default subscriber (rviz, `ros2 topic echo`) hears nothing from a
best-effort one; a small depth, because a viewer that has stopped reading must neither slow us nor hold megabytes."""

STATE = profile(reliable=True, depth=1, latched=True)
"""What is true now (`lens/state`, status, extrinsics), both ends. Whoever comes late still gets the present state."""

TRANSFORM = profile(reliable=True, depth=8, latched=True)
"""The extrinsics (`points/transform`), both ends. As a state, but on some rigs they change with each frame: none may be
skipped."""

EVENT = profile(reliable=True, depth=10)
"""Small messages of which each one counts (commands, targets, diagnostics), both ends. The default of ROS."""
