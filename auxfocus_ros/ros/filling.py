"""Messages filled from tables of plain values by field name, see `rig.message_fields`, which recordings are written from too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["filled"]


def filled(message: Any, fields: Mapping[str, Any]) -> Any:
    """The message with its fields set, those of messages in it included; sequences of messages must be messages already."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            filled(getattr(message, name), value)
        else:
            setattr(message, name, value)
    return message
