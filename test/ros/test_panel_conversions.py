"""What the operator's page is told: messages, options, the size of a JPEG, and who has fallen silent."""

from __future__ import annotations

import json
import math
from typing import Any

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from hypothesis import given
from hypothesis import strategies as st
from rcl_interfaces.msg import ParameterDescriptor, ParameterType, ParameterValue

from auxfocus_interfaces.msg import AutofocusStatus, FocusMarker, FocusTarget, FocusTargetArray, LensState
from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.diagnostics_watch import DiagnosticsWatch
from auxfocus_ros.ros.jpeg_size import jpeg_size
from auxfocus_ros.ros.panel_messages import autofocus_dict, lens_dict, make_select_request, marker_dict, targets_dict
from auxfocus_ros.ros.panel_options import as_parameters, describe
from auxfocus_ros.ros.silence import Silence
from auxfocus_ros.ros.timed_calls import TimedCalls


def test_a_lens_state() -> None:
    message = LensState(lens_name="bench", position_steps=1500.0, goal_position_steps=math.nan, focus_distance_m=2.0)
    message.near_limit_m, message.far_limit_m, message.moving = 1.5, math.inf, True
    message.header.stamp.sec, message.header.stamp.nanosec = 1_760_000_000, 123_456_789
    told = lens_dict(message, (0.4, math.inf))
    assert told["stamp_ms"] == 1_760_000_000_123.457
    assert (told["alive"], told["moving"], told["focus_state"], told["position_steps"]) == (True, True, "finite", 1500.0)
    assert (told["goal_position_steps"], told["far_limit_m"], told["far_is_infinite"]) == (None, None, True)
    assert (told["nearest_distance_m"], told["farthest_distance_m"], told["settled_ms"]) == (0.4, None, None)
    message.focus_distance_m = math.inf
    assert lens_dict(message)["focus_state"] == "infinity" and lens_dict(message)["nearest_distance_m"] is None
    message.focus_distance_m, message.beyond_infinity, message.near_limit_m, message.far_limit_m = (
        math.nan,
        True,
        math.nan,
        math.nan,
    )
    told = lens_dict(message)
    assert (told["focus_state"], told["focus_distance_m"], told["far_is_infinite"]) == ("beyond_infinity", None, False)
    json.dumps(told, allow_nan=False)


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(numbers, min_size=12, max_size=12), st.integers(0, 255), st.booleans(), st.text(max_size=5))
def test_whatever_a_message_holds_json_can_say(values: list[float], code: int, flag: bool, text: str) -> None:
    text = text.encode(errors="replace").decode()
    lens = LensState(fault_code=code, fault_text=text, beyond_infinity=flag)
    lens.position_steps, lens.goal_position_steps, lens.focus_distance_m, lens.near_limit_m, lens.far_limit_m = values[:5]
    lens.f_number, lens.velocity_steps_per_s = values[5:7]
    marker = FocusMarker(state=code, direction=code, axis_depth_m=values, axis_px=values, focus_distance_m=values[0])
    target = FocusTarget(state=code, source=code, depth_m=values[0], depth_sigma_m=values[1], confidence=values[2], label=text)
    targets = FocusTargetArray(targets=[target], message=text)
    status = AutofocusStatus(mode=code, state=code, message=text)
    for told in (lens_dict(lens), lens_dict(lens, (values[7], values[8])), marker_dict(marker), targets_dict(targets)):
        json.dumps(told, allow_nan=False)
    assert {"type", "available", "mode", "state", "message"} == set(autofocus_dict(flag, status))


def test_targets_and_a_marker() -> None:
    target = FocusTarget(id=3, label="car", state=FocusTarget.STATE_HELD, source=FocusTarget.SOURCE_OBJECT, selected=True)
    target.roi.x_offset, target.roi.y_offset, target.roi.width, target.roi.height = 1, 2, 30, 40
    target.depth_m, target.depth_sigma_m, target.confidence, target.in_focus = 5.5, math.nan, math.nan, True
    told = targets_dict(FocusTargetArray(targets=[target], selected_id=3, message="held"))
    assert told["targets"] == [
        {"id": 3, "label": "car", "state": "held", "source": "object", "selected": True, "box": [1, 2, 30, 40],
         "depth_m": 5.5, "depth_sigma_m": None, "in_focus": True, "confidence": None}
    ]  # fmt: skip
    assert (told["selected_id"], told["message"]) == (3, "held")
    marker = FocusMarker(state=FocusMarker.STATE_FINITE, direction=1, axis_depth_m=[1.0, 2.0], axis_px=[9.0, 4.0])
    told = marker_dict(marker)
    assert (told["state"], told["axis_px"], told["picture"], told["plot"]) == ("finite", [9.0, 4.0], None, None)


def test_a_selection() -> None:
    request = make_select_request("box", (0.0, 0.0), (1, 2, 3, 4), 0, (12, 34))
    assert (request.mode, request.roi.x_offset, request.roi.y_offset, request.roi.width, request.roi.height) == (2, 1, 2, 3, 4)
    assert (request.picture_stamp.sec, request.picture_stamp.nanosec) == (12, 34)
    request = make_select_request("point", (1.5, 2.5), (0, 0, 0, 0), 0, (0, 0))
    assert (request.mode, request.x_px, request.y_px) == (1, 1.5, 2.5)


def parameter(name: str, value: Any, words: str = "", constraints: str = "", **fields: Any) -> Any:
    kinds = {bool: ("BOOL", "bool_value"), int: ("INTEGER", "integer_value"), float: ("DOUBLE", "double_value"),
             str: ("STRING", "string_value")}  # fmt: skip
    kind, field = kinds[type(value)]
    descriptor = ParameterDescriptor(name=name, description=words, additional_constraints=constraints, **fields)
    return descriptor, ParameterValue(type=getattr(ParameterType, f"PARAMETER_{kind}"), **{field: value})


def options(*found: Any) -> list[dict[str, Any]]:
    return describe([descriptor for descriptor, _ in found], [value for _, value in found])


def test_options_of_a_node() -> None:
    found = options(
        parameter("near_m", 0.5, "near end [m]", "0 to 1e+04"),
        parameter("bins", 3, "how many", "at least 0"),
        parameter("gain", 1.0, "loud", "at most -2.5"),
        parameter("scale", "log", "the axis", "linear | log"),
        parameter("style", "", "or none", "'' | dots"),
        parameter("on", True, "switch"),
        parameter("free", 1.0, "no range"),
        parameter("rig", "x", "a file"),
        parameter("autostart", True, "", read_only=True),
        parameter("use_sim_time", False),
        parameter("qos.depth", 1),
    )
    told = {option["name"]: (option["kind"], option["minimum"], option["maximum"], option["choices"]) for option in found}
    assert told == {
        "near_m": ("float", 0.0, 1e4, []),
        "bins": ("int", 0.0, None, []),
        "gain": ("float", None, -2.5, []),
        "scale": ("choice", None, None, ["linear", "log"]),
        "style": ("choice", None, None, ["", "dots"]),
        "on": ("bool", None, None, []),
        "free": ("float", None, None, []),
    }
    assert (found[0]["unit"], found[0]["description"], found[0]["value"]) == ("m", "near end", 0.5)
    assert describe([ParameterDescriptor(name="x")], [ParameterValue()]) == []


def test_values_become_what_the_node_has() -> None:
    known = options(parameter("near_m", 0.5), parameter("bins", 3), parameter("scale", "a", "", "a | b"), parameter("on", True))
    made = {p.name: p.value for p in as_parameters({"near_m": 2, "bins": 4.0, "scale": "b", "on": False}, known)}
    assert made["near_m"] == ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=2.0)
    assert made["bins"] == ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=4)
    assert made["scale"].string_value == "b" and made["on"].bool_value is False
    with pytest.raises(InputError) as caught:
        as_parameters({"bins": 4.5, "on": 1, "scale": True, "near_m": "x", "fire": 1}, known)
    assert str(caught.value) == (
        "bins is 4.5, it must be of kind int; on is 1, it must be of kind bool; scale is True, it must be a word; "
        "near_m is 'x', it must be of kind float; fire is not an option"
    )


@pytest.mark.parametrize("size", [(1, 1), (64, 48), (1280, 720), (3, 4001)])
@pytest.mark.parametrize("progressive", [0, 1])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_size_of_a_jpeg(size: tuple[int, int], progressive: int, channels: int) -> None:
    picture = np.zeros((size[1], size[0], channels), np.uint8)
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])[1].tobytes()
    assert jpeg_size(data) == size
    with pytest.raises(InputError, match="cut off"):
        jpeg_size(data[:40])


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: b"\xff\xd8\xff" + data))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        width, height = jpeg_size(data)
    except InputError:
        return
    assert 0 < width < 65536 and 0 < height < 65536


def test_silence_counts_only_while_somebody_looks() -> None:
    now_s = [0.0]
    silence = Silence(1.0, lambda: now_s[0])

    def pass_(seconds: float, step_s: float = 0.1) -> int:
        said = 0
        for _ in range(round(seconds / step_s)):
            now_s[0] += step_s
            said += silence.check()
        return said

    assert pass_(5.0) == 0  # never heard, never silent
    silence.heard()
    assert pass_(0.9) == 0
    now_s[0] += 60.0  # our own process stood still
    silence.heard()  # what had come meanwhile
    assert pass_(0.5) == 0
    now_s[0] += 60.0
    assert not silence.check()
    assert pass_(2.0) == 1 and silence.silent
    assert silence.heard() and not silence.heard()
    silence.expect(2.0)
    assert pass_(2.8) == 0
    assert pass_(0.5) == 1
    silence.forget()
    assert pass_(5.0) == 0


def test_diagnostics_of_the_nodes_that_matter() -> None:
    now_s = [0.0]
    said: list[tuple[str, str, str]] = []
    watch = DiagnosticsWatch("/robot", ("aux_focus",), lambda *words: said.append(words), lambda: now_s[0])

    def status(name: str, level: bytes, text: str) -> DiagnosticStatus:
        return DiagnosticStatus(name=name, level=level, message=text, values=[KeyValue(key="enabled", value="true")])

    watch.heard(
        DiagnosticArray(status=[
            status("robot/aux_focus", DiagnosticStatus.WARN, "slow"),
            status("aux_focus", DiagnosticStatus.ERROR, "of another robot"),
            status("robot/driver", DiagnosticStatus.OK, "fine"),
        ])
    )  # fmt: skip
    assert said == [("aux_focus", "warning", "slow")]
    assert watch.nodes() == {"aux_focus": {"level": "warning", "message": "slow", "values": {"enabled": "true"}}}
    assert (watch.value("aux_focus", "enabled"), watch.value("aux_focus", "x"), watch.value("y", "x")) == ("true", None, None)
    for _ in range(50):
        now_s[0] += 0.1
        watch.tick()
    assert said[1:] == [("aux_focus", "silent", "aux_focus says nothing any more")]
    assert watch.nodes()["aux_focus"]["level"] == "stale" and watch.value("aux_focus", "enabled") is None


def test_calls_end() -> None:
    from rclpy.task import Future

    class Client:
        srv_name = "/x/y"

        def __init__(self) -> None:
            self.there, self.futures, self.removed = True, [], 0

        def service_is_ready(self) -> bool:
            return self.there

        def call_async(self, _: Any) -> Any:
            self.futures.append(Future())
            return self.futures[-1]

        def remove_pending_request(self, _: Any) -> None:
            self.removed += 1

    now_s, said, client = [0.0], [], Client()
    calls = TimedCalls(2.0, lambda: now_s[0])
    for k in range(3):
        calls.call(client, None, lambda answer, words, k=k: said.append((k, answer, words)))
    client.futures[0].set_result("yes")
    client.futures[1].set_exception(ValueError("broken\npipe"))
    now_s[0] = 2.0
    calls.tick()
    client.futures[2].set_result("too late")
    client.there = False
    calls.call(client, None, lambda answer, words: said.append((3, answer, words)))
    assert said == [
        (0, "yes", ""),
        (1, None, "/x/y failed: broken pipe"),
        (2, None, "no answer on /x/y within 2 s"),
        (3, None, "nobody answers on /x/y"),
    ]
    assert client.removed == 1
