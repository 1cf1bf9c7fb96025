"""Texts from browsers into requests, checked to the last key; messages to browsers into texts.

Whoever can reach the port can send anything. What is not exactly a request is refused here with the reason in one line, and
nothing behind this door has to doubt a type, a range or a NaN again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from auxfocus_ros.errors import InputError
from auxfocus_ros.panel.requests import (
    AutofocusRequest,
    EnableRequest,
    FocusRequest,
    HelmRequest,
    OptionValue,
    PingRequest,
    Request,
    SelectRequest,
    SetRequest,
    StopRequest,
)

MAX_TEXT_BYTES = 4096
MAX_VALUES = 64
MAX_NAME = 100
MAX_NUMBER = 1e12
MAX_PIXEL = 1e5
MAX_WHOLE = 2**53 - 1
"""The largest whole number that JavaScript counts exactly."""
FOCUS_BY = ("distance", "position", "dioptre")
SELECT_MODES = {"point": ("x", "y"), "box": ("box",), "identity": ("id",), "automatic": (), "whole_frame": (), "clear": ()}
AUTOFOCUS_MODES = ("once", "continuous", "stop")
AUTOFOCUS_REGIONS = ("target", "whole_frame")

Fields = dict[str, Any]


class ProtocolError(InputError):
    """A text that is no request. request: its number, where one could be read; of: its type, where that is known."""

    def __init__(self, text: str, request: int | None = None, of: str = "request") -> None:
        super().__init__(text)
        self.request = request
        self.of = of


def parse(text: str) -> Request:
    """The request that a text is.

    Args:
        text: one JSON object of at most MAX_TEXT_BYTES bytes in UTF-8: `{"type": ..., "request": n, ...}`.

    Raises:
        ProtocolError: it is anything else; one line that says what, with the request's number where it could be read.
    """
    fields = _object(text)
    number = fields.pop("request", None)
    known = number if _is_whole(number) and 1 <= number <= MAX_WHOLE else None
    kind = fields.pop("type", None)
    of = kind if isinstance(kind, str) and kind in _READERS else "request"
    try:
        if of == "request":
            raise InputError(f"type is {_shown(kind)}, it must be one of {', '.join(_READERS)}")
        if known is None and of != "ping":
            raise InputError(f"request is {_shown(number)}, it must be a whole number, 1 or more")
        read = _READERS[of](known or 0, fields)
        if fields:
            raise InputError(f"{_shown(next(iter(fields)))} is not a key of {of}")
    except InputError as error:
        raise ProtocolError(str(error), known, of) from None
    return read


def encode(message: Mapping[str, Any]) -> str:
    """A message as JSON. Raises InputError where it holds what JSON cannot say: NaN, an infinity, an object of ours."""
    try:
        return json.dumps(message, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise InputError(f"a message of type {_shown(message.get('type'))} cannot be sent: {error}") from error


def _object(text: str) -> Fields:
    if len(text) > MAX_TEXT_BYTES or len(text.encode(errors="replace")) > MAX_TEXT_BYTES:
        raise ProtocolError(f"a message is longer than {MAX_TEXT_BYTES} bytes")
    try:
        read = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a message is not JSON: {error}" if str(error) else "a message is not JSON") from None
    if not isinstance(read, dict):
        raise ProtocolError("a message must be a JSON object: {...}")
    return read


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number here")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:20]} is too large a number")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> Fields:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    """A value of somebody else's in a message of ours: short, and with nothing unprintable."""
    text = ascii(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _take(fields: Fields, name: str) -> Any:
    if name not in fields:
        raise InputError(f"'{name}' is missing")
    return fields.pop(name)


def _number(fields: Fields, name: str, low: float = -MAX_NUMBER, high: float = MAX_NUMBER) -> float:
    return _as_number(_take(fields, name), name, low, high)


def _as_number(value: Any, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{name} is {_shown(value)}, it must be a number")
    if not low <= value <= high:  # whole numbers of any length compare exactly
        raise InputError(f"{name} is {_shown(value)}, it must be {low:g} to {high:g}")
    return float(value)


def _whole(fields: Fields, name: str, low: int, high: int) -> int:
    value = _take(fields, name)
    if not _is_whole(value) or not low <= value <= high:
        raise InputError(f"{name} is {_shown(value)}, it must be a whole number from {low} to {high}")
    return int(value)


def _choice(fields: Fields, name: str, choices: Any) -> str:
    value = _take(fields, name)
    if not isinstance(value, str) or value not in choices:
        raise InputError(f"{name} is {_shown(value)}, it must be one of {', '.join(choices)}")
    return value


def _truth(fields: Fields, name: str) -> bool:
    value = _take(fields, name)
    if not isinstance(value, bool):
        raise InputError(f"{name} is {_shown(value)}, it must be true or false")
    return value


def _list(fields: Fields, name: str, length: int) -> list[Any]:
    value = _take(fields, name)
    if not isinstance(value, list) or len(value) != length:
        raise InputError(f"{name} is {_shown(value)}, it must be a list of {length} numbers")
    return value


def _read_focus(number: int, fields: Fields) -> Request:
    by = _choice(fields, "by", FOCUS_BY)
    if fields.get("value") == "infinity":
        if by != "distance":
            raise InputError(f"value is 'infinity': by {by} it must be a number")
        fields.pop("value")
        return FocusRequest(number, by, math.inf)
    return FocusRequest(number, by, _number(fields, "value"))


def _read_select(number: int, fields: Fields) -> Request:
    mode = _choice(fields, "mode", SELECT_MODES)
    found: Fields = {}
    if mode == "point":
        found["point_px"] = (_number(fields, "x", -MAX_PIXEL, MAX_PIXEL), _number(fields, "y", -MAX_PIXEL, MAX_PIXEL))
    elif mode == "box":
        left, top, width, height = (_as_number(v, "box", 0, MAX_PIXEL) for v in _list(fields, "box", 4))
        box = (round(left), round(top), round(width), round(height))
        if not (box[2] and box[3]):
            raise InputError(f"box is {list(box)}: left, top, width, height; the last two must be 1 or more")
        found["box_px"] = box
    elif mode == "identity":
        found["identity"] = _whole(fields, "id", 1, 2**32 - 1)
    if "stamp" in fields:
        seconds, nanoseconds = _list(fields, "stamp", 2)
        parts = {"seconds of stamp": seconds, "nanoseconds of stamp": nanoseconds}
        found["stamp"] = (
            _whole(parts, "seconds of stamp", -(2**31), 2**31 - 1),
            _whole(parts, "nanoseconds of stamp", 0, 999_999_999),
        )
    return SelectRequest(number, mode, **found)


def _read_set(number: int, fields: Fields) -> Request:
    values = _take(fields, "values")
    if not isinstance(values, dict) or not 1 <= len(values) <= MAX_VALUES:
        raise InputError(f"values must be an object of 1 to {MAX_VALUES} options")
    return SetRequest(number, {_option_name(name): _option_value(name, value) for name, value in values.items()})


def _option_name(name: str) -> str:
    if not (name.isascii() and name.isidentifier() and len(name) <= MAX_NAME):
        raise InputError(f"{_shown(name)} is not the name of an option")
    return name


def _option_value(name: str, value: Any) -> OptionValue:
    if isinstance(value, str):
        if len(value) > MAX_NAME or not value.isprintable():
            raise InputError(f"{name} is {_shown(value)}, it must be at most {MAX_NAME} printable characters")
        return value
    if isinstance(value, bool):
        return value
    number = _as_number(value, name, -MAX_NUMBER, MAX_NUMBER)
    return value if isinstance(value, int) else number


def _read_autofocus(number: int, fields: Fields) -> Request:
    mode = _choice(fields, "mode", AUTOFOCUS_MODES)
    return AutofocusRequest(number, mode, _choice({"region": "target", **_pop(fields, "region")}, "region", AUTOFOCUS_REGIONS))


def _pop(fields: Fields, name: str) -> Fields:
    return {name: fields.pop(name)} if name in fields else {}


def _read_helm(number: int, fields: Fields) -> Request:
    if ("take" in fields) == ("give" in fields):
        raise InputError("helm needs one of 'take' (true or false) and 'give' (a viewer's number)")
    if "take" in fields:
        return HelmRequest(number, take=_truth(fields, "take"))
    return HelmRequest(number, give=_whole(fields, "give", 1, MAX_WHOLE))


_READERS: dict[str, Callable[[int, Fields], Request]] = {
    "focus": _read_focus,
    "stop": lambda number, _: StopRequest(number),
    "select": _read_select,
    "set": _read_set,
    "enable": lambda number, fields: EnableRequest(number, _truth(fields, "value")),
    "autofocus": _read_autofocus,
    "helm": _read_helm,
    "ping": lambda number, fields: PingRequest(number, _number(fields, "sent_ms", -1e15, 1e15)),
}
