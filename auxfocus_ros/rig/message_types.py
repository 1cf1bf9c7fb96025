"""Message types without ROS installed: the standard ones, and ours from the same definitions that the interfaces are built from.

What is written with them carries its definitions along, with the type hashes that ROS itself works out, so that `ros2 bag play`,
Foxglove and our own reader take it for what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.config_path import share_dir

OWN_PACKAGE = "auxfocus_interfaces"


def definitions_dir() -> Path:
    """The folder of our own .msg files. Raises ConfigurationError where it is missing."""
    folder = share_dir() / OWN_PACKAGE / "msg"
    if not any(folder.glob("*.msg")):
        raise ConfigurationError(f"the message definitions {folder}/*.msg are missing; install the package again")
    return folder


@cache
def message_store() -> Any:
    """All types that recordings are written with, ours among them, as a `rosbags` typestore; compiled once.

    Raises:
        ConfigurationError: our definitions are not installed.
    """
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    own: dict[str, Any] = {}
    for file in sorted(definitions_dir().glob("*.msg")):
        own.update(get_types_from_msg(file.read_text(encoding="utf-8"), f"{OWN_PACKAGE}/msg/{file.stem}"))
    store.register(own)
    return store


def make_message(store: Any, kind: str, fields: Mapping[str, Any]) -> Any:
    """A message of plain values.

    Args:
        store: as `message_store` gives.
        kind: the type, such as 'sensor_msgs/msg/Image'.
        fields: every field by name: numbers and texts as they are, messages as mappings, sequences as lists, tuples or arrays.

    Returns:
        The message as `rosbags` writes it.

    Raises:
        TypeError: a field too many or too few. KeyError: a type that the store does not know.
    """
    members = dict(store.fielddefs[kind][1])
    return store.types[kind](**{name: _value(store, members.get(name), value) for name, value in fields.items()})


def serialized(kind: str, fields: Mapping[str, Any]) -> bytes:
    """A message as it goes over the wire and into recordings (CDR); arguments and errors as for `make_message`."""
    store = message_store()
    return bytes(store.serialize_cdr(make_message(store, kind, fields), kind))


def _value(store: Any, member: Any, value: Any) -> Any:
    from rosbags.interfaces import Nodetype

    if member is None:
        return value  # the type's own constructor names a field that is unknown
    node, about = member
    if node == Nodetype.NAME:
        return make_message(store, about, value)
    if node == Nodetype.BASE:
        return value
    (inner, name), _ = about
    if inner == Nodetype.NAME:
        return [make_message(store, name, entry) for entry in value]
    return list(value) if name[0] == "string" else np.asarray(value, np.dtype(name[0]))
