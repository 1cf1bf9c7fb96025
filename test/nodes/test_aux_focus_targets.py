"""`aux_focus` with the simulated rig: objects become targets, a click chooses the right one, and off costs nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import SetBool
from visualization_msgs.msg import MarkerArray

from auxfocus_interfaces.msg import FocusMarker, FocusTarget, FocusTargetArray, FocusTruth
from auxfocus_interfaces.srv import SelectTarget
from auxfocus_ros.optics import load_lens
from auxfocus_ros.ros.images import as_bgr, read_compressed
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN
from auxfocus_ros.ros.stamps import to_ns

pytestmark = pytest.mark.graph

RIG = {"source": "simulation", "path": "corridor", "width_px": 320, "height_px": 240, "rate_hz": 10.0, "seed": 3}
TRUTH_NEEDS = 3  # frames in a row


def call(graph: Any, kind: Any, name: str, request: Any) -> Any:
    client = graph.node.create_client(kind, name)
    graph.until(client.service_is_ready, 20.0, name)
    future = client.call_async(request)
    graph.until(future.done, 10.0, f"an answer of {name}")
    graph.node.destroy_client(client)
    return future.result()


def select(graph: Any, mode: int, **fields: Any) -> SelectTarget.Response:
    return call(graph, SelectTarget, "aux_focus/select_target", SelectTarget.Request(mode=mode, **fields))


@pytest.fixture
def whole_graph(graph: Any, start_node: Callable[..., Any]) -> dict[str, list[Any]]:
    """The simulated rig, its lens and `aux_focus`, and what the test hears of them."""
    heard = {
        "targets": graph.collect(FocusTargetArray, "aux_focus/targets", EVENT),
        "truth": graph.collect(FocusTruth, "truth/focus", PICTURE_IN),
    }
    focused_steps = float(load_lens("gimbal_25mm_close").position_for_distance(6.0))
    start_node("lens_actuator", lens="gimbal_25mm_close", initial_position_steps=focused_steps)
    start_node("aux_focus")
    start_node("gimbal_rig", lens="gimbal_25mm_close", **RIG)
    graph.until(lambda: len(heard["targets"]) > TRUTH_NEEDS and heard["targets"][-1].targets, 60.0, "targets")
    return heard


def seen_person(truth: FocusTruth) -> Any:
    """The person of whom most pixels are seen, as the simulator knows it."""
    people = [thing for thing in truth.things if thing.target.label == "person" and thing.pixels > 0]
    return max(people, key=lambda thing: thing.pixels, default=None)


def test_a_click_chooses_the_person_and_follows(graph: Any, whole_graph: dict[str, list[Any]]) -> None:
    # The person walks on between the frame that told where they are and the one that is clicked into: a click may miss.
    for _ in range(10):
        whole_graph["truth"].clear()
        person = graph.until(lambda: whole_graph["truth"] and seen_person(whole_graph["truth"][-1]), 10.0, "a person")
        roi = person.target.roi
        x, y = roi.x_offset + roi.width / 2, roi.y_offset + roi.height / 2
        answer = select(graph, SelectTarget.Request.MODE_POINT, x_px=x, y_px=y)
        assert answer.success, answer.message
        assert answer.target.selected
        if answer.target.depth_m == pytest.approx(person.target.depth_m, rel=0.05):
            break
    assert answer.target.depth_m == pytest.approx(person.target.depth_m, rel=0.05)
    chosen, begun = answer.target.id, len(whole_graph["targets"])
    graph.until(lambda: len(whole_graph["targets"]) >= begun + 10, 20.0, "ten frames more")
    later = whole_graph["targets"][-1]
    assert later.selected_id == chosen
    first = later.targets[0]  # the most important
    assert first.id == chosen and first.selected and first.state == FocusTarget.STATE_TRACKED
    assert sum(target.selected for target in later.targets) == 1
    assert all(math.isnan(target.depth_m) or 0 < target.depth_m < 100 for target in later.targets)
    assert select(graph, SelectTarget.Request.MODE_IDENTITY, id=chosen).success
    assert select(graph, SelectTarget.Request.MODE_CLEAR).success
    begun = len(whole_graph["targets"])
    graph.until(lambda: len(whole_graph["targets"]) >= begun + 3, 20.0, "frames after clearing")
    assert whole_graph["targets"][-1].selected_id == 0


def test_wrong_choices_are_refused_in_words_and_change_nothing(graph: Any, whole_graph: dict[str, list[Any]]) -> None:
    wrong = {
        SelectTarget.Response.ERROR_OUTSIDE_PICTURE: {"mode": SelectTarget.Request.MODE_POINT, "x_px": 5000.0, "y_px": math.nan},
        SelectTarget.Response.ERROR_UNKNOWN_ID: {"mode": SelectTarget.Request.MODE_IDENTITY, "id": 4_000_000},
        SelectTarget.Response.ERROR_INVALID_MODE: {"mode": 99},
    }
    for code, request in wrong.items():
        answer = select(graph, **request)
        assert (answer.success, answer.error_code) == (False, code)
        assert answer.message and "\n" not in answer.message
    assert whole_graph["targets"][-1].selected_id == 0


def test_objects_are_outlined_for_viewers_in_three_dimensions(graph: Any, whole_graph: dict[str, list[Any]]) -> None:
    scenes = graph.collect(MarkerArray, "aux_focus/markers", EVENT)

    def outlined() -> Any:
        return next((s for s in reversed(scenes) if any(m.ns == "objects" and m.points for m in s.markers)), None)

    scene = graph.until(outlined, 20.0, "outlines")
    boxes = next(marker for marker in scene.markers if marker.ns == "objects")
    assert len(boxes.points) % 24 == 0  # twelve edges a box
    assert all(point.z > 0 for point in boxes.points)
    assert scene.markers[0].header.frame_id == "camera_optical_frame"


def test_viewers_that_draw_the_focus_themselves_get_the_image_without_it(graph: Any, whole_graph: dict[str, list[Any]]) -> None:
    marked = graph.collect(CompressedImage, "aux_focus/image/compressed", PICTURE_IN)
    unmarked = graph.collect(CompressedImage, "aux_focus/unmarked/compressed", PICTURE_IN)
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)

    def triple() -> Any:
        stamps = [{to_ns(m.header.stamp): m for m in heard} for heard in (marked, unmarked, markers)]
        common = set.intersection(*map(set, stamps))
        found = next((stamp for stamp in sorted(common) if not math.isnan(stamps[2][stamp].focus_px)), None)
        return None if found is None else [by[found] for by in stamps]

    with_mark, without, marker = graph.until(triple, 20.0, "both images of one picture")
    one, other = read_compressed(with_mark)[0].astype(int), read_compressed(without)[0].astype(int)
    assert one.shape == other.shape
    row = round(marker.focus_px)
    different = abs(one - other).max(axis=2)
    assert different[row].mean() > 10 * max(different[: marker.plot.y_offset // 2].mean(), 1.0)
    assert (marker.picture.width, marker.picture.height) == (RIG["width_px"], RIG["height_px"])


def test_off_subscribes_to_no_depth_and_passes_the_picture_on(graph: Any, start_node: Callable[..., Any]) -> None:
    aux = graph.collect(Image, "aux_focus/image", PICTURE_IN)
    camera = graph.collect(Image, "camera/image_raw", PICTURE_IN)
    start_node("aux_focus")
    start_node("gimbal_rig", lens="gimbal_25mm_close", **RIG)
    graph.until(lambda: aux, 60.0, "an image")
    heads = graph.node.count_subscribers("points")
    assert call(graph, SetBool, "aux_focus/enable", SetBool.Request(data=False)).success
    graph.until(lambda: graph.node.count_subscribers("points") == heads - 1, 10.0, "points to be left alone")
    assert select(graph, SelectTarget.Request.MODE_AUTOMATIC).error_code == SelectTarget.Response.ERROR_NOT_ACTIVE
    aux.clear()
    camera.clear()

    def pair() -> Any:
        by_stamp = {to_ns(message.header.stamp): message for message in camera}
        return next(((m, by_stamp[to_ns(m.header.stamp)]) for m in aux if to_ns(m.header.stamp) in by_stamp), None)

    given, taken = graph.until(pair, 20.0, "a picture passed on")
    assert (as_bgr(given) == as_bgr(taken)).all()
    assert call(graph, SetBool, "aux_focus/enable", SetBool.Request(data=True)).success
    graph.until(lambda: graph.node.count_subscribers("points") == heads, 10.0, "points again")
