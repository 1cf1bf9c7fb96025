"""Texts into requests: every kind, every way to be wrong, and whatever hypothesis can think of."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.panel import (
    AutofocusRequest,
    EnableRequest,
    FocusRequest,
    Request,
    SelectRequest,
    SetRequest,
    StopRequest,
)
from auxfocus_ros.panel.protocol import ProtocolError, encode, parse
from auxfocus_ros.panel.requests import HelmRequest, PingRequest


@pytest.mark.parametrize(
    ("fields", "request_"),
    [
        ({"type": "focus", "by": "distance", "value": 2.5}, FocusRequest(7, "distance", 2.5)),
        ({"type": "focus", "by": "distance", "value": "infinity"}, FocusRequest(7, "distance", math.inf)),
        ({"type": "focus", "by": "position", "value": 1500}, FocusRequest(7, "position", 1500.0)),
        ({"type": "focus", "by": "dioptre", "value": 0}, FocusRequest(7, "dioptre", 0.0)),
        ({"type": "stop"}, StopRequest(7)),
        ({"type": "select", "mode": "point", "x": 3.5, "y": 4}, SelectRequest(7, "point", point_px=(3.5, 4.0))),
        ({"type": "select", "mode": "box", "box": [1, 2.4, 30.6, 4]}, SelectRequest(7, "box", box_px=(1, 2, 31, 4))),
        ({"type": "select", "mode": "identity", "id": 9}, SelectRequest(7, "identity", identity=9)),
        ({"type": "select", "mode": "clear", "stamp": [12, 999999999]}, SelectRequest(7, "clear", stamp=(12, 999999999))),
        ({"type": "set", "values": {"opacity": 0.5, "bins": 3, "on": True, "scale": "log"}},
         SetRequest(7, {"opacity": 0.5, "bins": 3, "on": True, "scale": "log"})),
        ({"type": "enable", "value": False}, EnableRequest(7, False)),
        ({"type": "autofocus", "mode": "once"}, AutofocusRequest(7, "once", "target")),
        ({"type": "autofocus", "mode": "stop", "region": "whole_frame"}, AutofocusRequest(7, "stop", "whole_frame")),
        ({"type": "helm", "take": False}, HelmRequest(7, take=False)),
        ({"type": "helm", "give": 3}, HelmRequest(7, give=3)),
        ({"type": "ping", "sent_ms": 1.5}, PingRequest(7, 1.5)),
    ],
)  # fmt: skip
def test_every_request(fields: dict[str, Any], request_: Request) -> None:
    assert parse(json.dumps({"request": 7, **fields})) == request_


def test_a_ping_needs_no_number() -> None:
    assert parse('{"type":"ping","sent_ms":1760000000000.5}') == PingRequest(0, 1760000000000.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ("[1]", "must be a JSON object"),
        ('"focus"', "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("[" * 4000, "not JSON"),
        ('{"a":' * 800, "not JSON"),
        ('{"type":"focus","request":1,"by":"distance","value":NaN}', "NaN"),
        ('{"type":"focus","request":1,"by":"distance","value":Infinity}', "Infinity"),
        ('{"type":"focus","request":1,"by":"distance","value":1e999}', "too large"),
        ('{"type":"stop","request":1,"request":2}', "twice"),
        (json.dumps({"type": "stop", "request": 1, "x": "y" * 4096}), "longer than 4096"),
        (json.dumps({"type": "stop", "request": 1, "x": "ä" * 2100}, ensure_ascii=False), "longer than 4096"),
    ],
)
def test_what_is_no_json_object(text: str, words: str) -> None:
    with pytest.raises(ProtocolError, match=words) as caught:
        parse(text)
    assert caught.value.request is None
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", [0, -1, 1.0, "1", True, None, 2**53, [1]])
def test_a_number_that_is_none(number: Any) -> None:
    with pytest.raises(ProtocolError, match="request is") as caught:
        parse(json.dumps({"type": "stop", "request": number}))
    assert (caught.value.request, caught.value.of) == (None, "stop")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "type is None"),
        ({"type": "fire"}, "type is 'fire', it must be one of focus, stop"),
        ({"type": ["focus"]}, "type is"),
        ({"type": {"a": 1}}, "type is"),
        ({"type": "stop", "now": True}, "'now' is not a key of stop"),
        ({"type": "focus"}, "'by' is missing"),
        ({"type": "focus", "by": "eye", "value": 1}, "by is 'eye', it must be one of distance, position, dioptre"),
        ({"type": "focus", "by": ["distance"], "value": 1}, "by is"),
        ({"type": "focus", "by": "distance"}, "'value' is missing"),
        ({"type": "focus", "by": "distance", "value": "2"}, "value is '2', it must be a number"),
        ({"type": "focus", "by": "distance", "value": True}, "value is True"),
        ({"type": "focus", "by": "distance", "value": 10**40}, "it must be -1e[+]12 to 1e[+]12"),
        ({"type": "focus", "by": "position", "value": "infinity"}, "by position it must be a number"),
        ({"type": "select", "mode": "point", "x": 1}, "'y' is missing"),
        ({"type": "select", "mode": "point", "x": 1, "y": 2, "id": 3}, "'id' is not a key of select"),
        ({"type": "select", "mode": "box", "box": [1, 2, 3]}, "a list of 4 numbers"),
        ({"type": "select", "mode": "box", "box": [1, 2, 0, 3]}, "the last two must be 1 or more"),
        ({"type": "select", "mode": "box", "box": [1, -2, 3, 3]}, "box is -2"),
        ({"type": "select", "mode": "box", "box": [1, 2, 3, "4"]}, "box is '4'"),
        ({"type": "select", "mode": "identity", "id": 0}, "id is 0"),
        ({"type": "select", "mode": "identity", "id": 2**32}, "id is 4294967296"),
        ({"type": "select", "mode": "clear", "stamp": [1, 1_000_000_000]}, "nanoseconds of stamp is 1000000000"),
        ({"type": "select", "mode": "clear", "stamp": [2**31, 0]}, "seconds of stamp is"),
        ({"type": "set", "values": {}}, "1 to 64 options"),
        ({"type": "set", "values": {"a b": 1}}, "'a b' is not the name of an option"),
        ({"type": "set", "values": {"a": None}}, "a is None, it must be a number"),
        ({"type": "set", "values": {"a": "\ud800"}}, "printable"),
        ({"type": "set", "values": {"a": "x" * 101}}, "printable"),
        ({"type": "set", "values": {f"a{k}": 1 for k in range(65)}}, "1 to 64 options"),
        ({"type": "enable", "value": 1}, "value is 1, it must be true or false"),
        ({"type": "autofocus", "mode": "twice"}, "mode is 'twice'"),
        ({"type": "autofocus", "mode": "once", "region": "sky"}, "region is 'sky'"),
        ({"type": "helm"}, "'take'.*'give'"),
        ({"type": "helm", "take": True, "give": 2}, "'take'.*'give'"),
        ({"type": "helm", "take": 1}, "take is 1"),
        ({"type": "helm", "give": -1}, "give is -1"),
        ({"type": "ping"}, "'sent_ms' is missing"),
    ],
)  # fmt: skip
def test_what_is_refused_carries_its_number(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ProtocolError, match=words) as caught:
        parse(json.dumps({"request": 5, **fields}))
    assert caught.value.request == 5
    assert "\n" not in str(caught.value) and str(caught.value).isascii()
    assert len(str(caught.value)) < 300


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=10,
)
keys = st.sampled_from(
    ["type", "request", "by", "value", "mode", "x", "y", "box", "id", "stamp", "values", "take", "give", "region"]
)
words = st.sampled_from(["focus", "select", "set", "helm", "autofocus", "point", "box", "distance", "infinity", "once", "stop"])


@given(st.text() | st.builds(json.dumps, anything) | st.dictionaries(keys, words | anything).map(json.dumps))
def test_any_text_is_a_request_or_refused(text: str) -> None:
    try:
        parsed = parse(text)
    except ProtocolError as error:
        assert "\n" not in str(error)
        encode({"type": "outcome", "text": str(error)}).encode()  # can be said back
    else:
        assert isinstance(parsed, Request)


@given(st.floats(-1e12, 1e12), st.integers(1, 2**53 - 1))
def test_numbers_come_through_exactly(value: float, number: int) -> None:
    asked = parse(json.dumps({"type": "focus", "request": number, "by": "dioptre", "value": value}))
    assert asked == FocusRequest(number, "dioptre", value)


@pytest.mark.parametrize("value", [math.nan, math.inf, {1}, b"x"])
def test_what_json_cannot_say_is_not_sent(value: Any) -> None:
    with pytest.raises(InputError, match="of type 'lens' cannot be sent"):
        encode({"type": "lens", "focus_distance_m": value})
