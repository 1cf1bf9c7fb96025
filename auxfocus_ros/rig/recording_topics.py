"""Which topics of a recording are the picture, its intrinsics, the cloud and the depth image.

A recording of a real rig has dozens of topics. Types narrow them down, what the first message says of itself tells depth from
colour, and drivers' habits of naming decide among the rest. Where two remain equally likely nobody guesses: the error lists them
and says how to name one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.bag_parts import Channel
from auxfocus_ros.rig.picture_decoding import is_depth
from auxfocus_ros.rig.rig_file import TOPIC_ROLES

IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
TYPES: Mapping[str, tuple[str, ...]] = {
    "image": IMAGE_TYPES,
    "camera_info": ("sensor_msgs/msg/CameraInfo",),
    "points": ("sensor_msgs/msg/PointCloud2",),
    "depth": IMAGE_TYPES,
    "lens_state": ("auxfocus_interfaces/msg/LensState",),
    "joint_states": ("sensor_msgs/msg/JointState",),
    "range": ("sensor_msgs/msg/Range",),
}
DISPENSABLE = ("joint_states", "range")  # a rig file that names them is right for a recording without them, too
TRANSFORM_TYPES = ("tf2_msgs/msg/TFMessage", "tf/msg/tfMessage")
# Words in a topic's name and what they are worth. Pictures that are made from pictures are never the camera's own.
IMAGE_WORDS = {
    "color": 4, "colour": 4, "rgb": 4, "image_raw": 2, "image_rect": 1, "camera": 1, "main": 1,
    "infra": -5, "ir": -5, "thermal": -5, "mask": -8, "label": -8, "labels": -8, "segmentation": -8, "disparity": -8,
    "confidence": -8, "aux_focus": -9, "all_in_focus": -9, "debug": -8, "overlay": -8, "annotated": -8,
}  # fmt: skip
DEPTH_WORDS = {"aligned": 4, "registered": 4, "color": 2, "depth": 1, "raw": 1, "confidence": -8, "aux_focus": -9}
POINTS_WORDS = {
    "points": 2, "points_raw": 2, "velodyne": 2, "ouster": 2, "lidar": 2, "livox": 2, "hesai": 2, "rslidar": 2,
    "map": -5, "ground": -4, "filtered": -1, "obstacles": -5, "aux_focus": -9, "depth": -1,
}  # fmt: skip
WORDS: Mapping[str, Mapping[str, int]] = {"image": IMAGE_WORDS, "depth": DEPTH_WORDS, "points": POINTS_WORDS}


@dataclass(frozen=True)
class RecordingTopics:
    """The topics that make frames; None where the recording has none. Transforms may come on several."""

    image: str
    camera_info: str | None = None
    points: str | None = None
    depth: str | None = None
    lens_state: str | None = None
    joint_states: str | None = None
    range: str | None = None
    static_transforms: tuple[str, ...] = ()
    moving_transforms: tuple[str, ...] = ()

    def roles(self) -> dict[str, str]:
        """topic -> role, of those that stream along with the pictures."""
        named = {role: getattr(self, role) for role in TYPES}
        return {topic: role for role, topic in named.items() if topic is not None}


def choose_topics(
    channels: Sequence[Channel], named: Mapping[str, str], first_message: Callable[[str], Any], where: str
) -> RecordingTopics:
    """Find the topics.

    Args:
        channels: all topics of the recording.
        named: role -> topic, what a rig file or a caller has fixed. Passed over are roles of `TOPIC_ROLES` that no frame of a
            recording is made of, and joint states and ranges that the recording does not have.
        first_message: the decoded first message of a topic, or None where it has none that can be read.
        where: the recording's name, for errors.

    Raises:
        InputError: no picture at all. ConfigurationError: a named topic that is not there or of another type, or a choice between
            equals.
    """
    there = {channel.topic for channel in channels}
    named = {role: topic for role, topic in named.items() if role in TYPES or role not in TOPIC_ROLES}
    named = {role: topic for role, topic in named.items() if role not in DISPENSABLE or topic in there}
    # What a simulator knows (labels, true depth) is no sensor's.
    heard = [channel for channel in channels if channel.count > 0 and (not _is_truth(channel) or channel.topic in named.values())]
    for role, topic in named.items():
        _check_named(channels, role, topic, where)
    pictures = [c for c in heard if c.type in IMAGE_TYPES and c.topic not in named.values()]
    looks_deep = {channel.topic: _looks_deep(channel, first_message) for channel in pictures}
    image = named.get("image") or _choose("image", [c for c in heard if looks_deep.get(c.topic) is False], where)
    if image is None:
        types = sorted({channel.type for channel in channels})
        wanted = " or ".join(IMAGE_TYPES)
        raise InputError(f"{where} has no picture: wanted a topic of {wanted}, found {', '.join(types) or 'none'}")
    depth = named.get("depth") or _choose("depth", [c for c in heard if looks_deep.get(c.topic) is True], where)
    points = named.get("points") or _choose("points", [c for c in heard if c.type in TYPES["points"]], where)
    infos = [channel.topic for channel in heard if channel.type in TYPES["camera_info"]]
    lenses = [channel.topic for channel in heard if channel.type.endswith("/LensState")]
    joints = [c.topic for c in heard if c.type in TYPES["joint_states"] and c.topic.endswith("joint_states")]
    ranges = [channel.topic for channel in heard if channel.type in TYPES["range"]]
    transforms = [channel.topic for channel in heard if channel.type in TRANSFORM_TYPES]
    return RecordingTopics(
        image=image,
        camera_info=named.get("camera_info") or _info_of(image, infos),
        points=points,
        depth=depth,
        lens_state=named.get("lens_state") or (lenses[0] if lenses else None),
        joint_states=named.get("joint_states") or min(joints, key=len, default=None),
        range=named.get("range") or (ranges[0] if len(ranges) == 1 else None),
        static_transforms=tuple(topic for topic in transforms if topic.endswith("tf_static")),
        moving_transforms=tuple(topic for topic in transforms if not topic.endswith("tf_static")),
    )


def _check_named(channels: Sequence[Channel], role: str, topic: str, where: str) -> None:
    if role not in TYPES:
        raise ConfigurationError(f"topics: there is no role '{role}': the roles are {', '.join(TYPES)}")
    found = next((channel for channel in channels if channel.topic == topic), None)
    if found is None:
        fitting = ", ".join(channel.topic for channel in channels if channel.type in TYPES[role])
        raise ConfigurationError(f"topics.{role}: {where} has no topic {topic}; of that type it has {fitting or 'none'}")
    if found.type not in TYPES[role] and not found.type.endswith(TYPES[role][0].rpartition("/")[2]):
        raise ConfigurationError(f"topics.{role}: {topic} in {where} is a {found.type}; wanted {' or '.join(TYPES[role])}")


def _is_truth(channel: Channel) -> bool:
    return "truth" in channel.topic.lower().strip("/").split("/")


def _looks_deep(channel: Channel, first_message: Callable[[str], Any]) -> bool:
    message = first_message(channel.topic)
    if message is not None and is_depth(message):
        return True
    if message is not None and getattr(message, "encoding", "") in ("bgr8", "rgb8", "bgra8", "rgba8"):
        return False  # a picture of depth, in false colours, or a colour camera beside a depth camera
    return "depth" in _words(channel.topic)


def _words(topic: str) -> set[str]:
    """The parts of a topic's name, joined by '_' and apart."""
    parts = topic.lower().strip("/").split("/")
    return {*parts, *(word for part in parts for word in part.split("_"))}


def _base(topic: str) -> str:
    """A raw topic's name; image_transport appends the transport's."""
    return re.sub(r"/(compressed|compressedDepth)$", "", topic)


def _choose(role: str, candidates: Sequence[Channel], where: str) -> str | None:
    """The best candidate by name; raw before compressed of the same picture. Raises ConfigurationError on a tie."""
    if not candidates:
        return None
    words = WORDS[role]

    def score(channel: Channel) -> int:
        found = _words(channel.topic)
        worth = sum(value for word, value in words.items() if word in found)
        return worth + (-6 if role == "image" and "depth" in found else 0)

    best = max(score(channel) for channel in candidates)
    finalists = [channel for channel in candidates if score(channel) == best]
    bases = sorted({_base(channel.topic) for channel in finalists})
    if len(bases) > 1:
        raise ConfigurationError(
            f"{where} has several topics that could be the {role}: {', '.join(bases)}; "
            f"name one (topics: {{{role}: ...}} in the rig file)"
        )
    return min((channel.topic for channel in finalists), key=len)


def _info_of(image: str, infos: Sequence[str]) -> str | None:
    """The camera_info beside the picture; the only one there is; else none."""
    space = _base(image).rpartition("/")[0]
    beside = [info for info in infos if info.rpartition("/")[0] == space]
    # Some drivers have camera/image_raw with a camera_info one level up, or a rectified picture one level down.
    near = [info for info in infos if space.startswith(info.rpartition("/")[0] + "/")]
    for group in (beside, near):
        if group:
            return max(group, key=len)
    return infos[0] if len(infos) == 1 else None
