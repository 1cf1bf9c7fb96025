"""`aux_focus` as a real node: what it draws, and that no bad input ends it."""

from __future__ import annotations

import array
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TransformStamped
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import SetParametersAtomically
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2, PointField
from std_srvs.srv import SetBool
from visualization_msgs.msg import MarkerArray

from auxfocus_interfaces.msg import FocusMarker, LensState
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, PICTURE_OUT, STATE
from auxfocus_ros.ros.stamps import to_ns

pytestmark = pytest.mark.graph

WIDTH, HEIGHT = 320, 240


class FakeRig:
    """Publishes pictures, intrinsics and clouds as a driver would; each message can be spoilt before it goes out."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        node = graph.node
        self.image = node.create_publisher(Image, "camera/image_raw", PICTURE_OUT)
        self.info = node.create_publisher(CameraInfo, "camera/camera_info", PICTURE_OUT)
        self.points = node.create_publisher(PointCloud2, "points", PICTURE_OUT)
        self.depth = node.create_publisher(Image, "depth/image_raw", PICTURE_OUT)
        self.lens = node.create_publisher(LensState, "lens/state", STATE)
        self.transform = node.create_publisher(TransformStamped, "points/transform", STATE)

    def connected(self) -> bool:
        return self.image.get_subscription_count() > 0 and self.info.get_subscription_count() > 0

    def publish(
        self, spoil: Callable[[Image, CameraInfo, Any], None] | None = None, depth_m: float = 5.0, depth_image: bool = False
    ) -> int:
        """One pair with the stamp of now; returns the stamp in nanoseconds."""
        stamp_ns = time.time_ns()
        image = Image(height=HEIGHT, width=WIDTH, encoding="bgr8", step=3 * WIDTH)
        image.data = array.array("B", bytes([90]) * (3 * WIDTH * HEIGHT))
        info = CameraInfo(height=HEIGHT, width=WIDTH, distortion_model="plumb_bob", d=[0.0] * 5)
        info.k = [200.0, 0.0, 160.0, 0.0, 200.0, 120.0, 0.0, 0.0, 1.0]
        range_message = depth_message(depth_m) if depth_image else cloud_message(depth_m)
        for message in (image, info, range_message):
            message.header.frame_id = "camera_optical_frame"
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        if spoil is not None:
            spoil(image, info, range_message)
        (self.depth if depth_image else self.points).publish(range_message)
        self.info.publish(info)
        self.image.publish(image)
        return stamp_ns

    def say_lens(self, distance_m: float = 5.0, **fields: Any) -> None:
        message = LensState(focus_distance_m=distance_m, near_limit_m=4.5, far_limit_m=5.6, position_steps=100.0, **fields)
        message.header.stamp = self.graph.node.get_clock().now().to_msg()
        self.lens.publish(message)


def cloud_message(depth_m: float) -> PointCloud2:
    """A wall of 400 points at one depth, in the optical frame."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 20), np.linspace(-0.4, 0.4, 20))
    xyz = np.stack([x.ravel(), y.ravel(), np.full(400, depth_m)], axis=1).astype("<f4")
    fields = [PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, name in enumerate("xyz")]
    message = PointCloud2(height=1, width=400, fields=fields, point_step=12, row_step=4800, is_dense=True)
    message.data = array.array("B", xyz.tobytes())
    return message


def depth_message(depth_m: float) -> Image:
    message = Image(height=HEIGHT, width=WIDTH, encoding="16UC1", step=2 * WIDTH)
    message.data = array.array("B", np.full((HEIGHT, WIDTH), round(1000 * depth_m), "<u2").tobytes())
    return message


@pytest.fixture
def rig(graph: Any) -> FakeRig:
    return FakeRig(graph)


def answered(graph: Any, rig: FakeRig, markers: list[FocusMarker], **options: Any) -> FocusMarker:
    """Publish good pairs until the node answers one of them, and return that marker."""
    sent: set[int] = set()
    last = 0.0

    def answer() -> FocusMarker | None:
        nonlocal last
        if time.monotonic() - last > 0.2:
            last = time.monotonic()
            rig.say_lens()
            sent.add(rig.publish(**options))
        for marker in markers:
            if marker.header.stamp.sec * 10**9 + marker.header.stamp.nanosec in sent:
                return marker
        return None

    return graph.until(answer, 20.0, "a focus marker for a good pair")  # type: ignore[no-any-return]


def test_a_cloud_is_drawn_counted_and_marked(graph: Any, rig: FakeRig, start_node: Callable[..., Any]) -> None:
    node = start_node("aux_focus")
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)
    images = graph.collect(Image, "aux_focus/image", PICTURE_IN)
    compressed = graph.collect(CompressedImage, "aux_focus/image/compressed", PICTURE_IN)
    distributions = graph.collect(Image, "aux_focus/distribution", PICTURE_IN)
    scene = graph.collect(MarkerArray, "aux_focus/markers", EVENT)
    marker = answered(graph, rig, markers)
    assert marker.state == FocusMarker.STATE_FINITE
    assert (marker.focus_distance_m, marker.near_limit_m, marker.far_limit_m) == (5.0, 4.5, 5.6)
    assert (marker.points_inside, marker.points_nearer, marker.points_farther) == (400, 0, 0)
    assert marker.header.frame_id == "camera_optical_frame"
    assert list(marker.axis_depth_m) == sorted(marker.axis_depth_m)
    assert marker.far_px < marker.focus_px < marker.near_px  # depth grows upward
    graph.until(lambda: images and compressed and distributions and scene, 10.0, "every output")
    assert (images[-1].width, images[-1].height, images[-1].encoding) == (marker.image_width_px, marker.image_height_px, "bgr8")
    assert np.asarray(images[-1].data).std() > 0  # something was drawn on the even grey picture
    assert distributions[-1].encoding == "32SC1"
    assert np.frombuffer(distributions[-1].data, "<i4").sum() == 400
    assert compressed[-1].format.startswith(("jpeg", "bgr8"))
    assert {m.ns for m in scene[-1].markers} >= {"focus_plane", "depth_of_field"}
    assert node.stop() == 0


def test_a_depth_image_does_as_well(graph: Any, rig: FakeRig, start_node: Callable[..., Any]) -> None:
    start_node("aux_focus", depth_input="depth")
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)
    marker = answered(graph, rig, markers, depth_image=True)
    assert (marker.points_inside, marker.points_nearer, marker.points_farther) == (WIDTH * HEIGHT, 0, 0)


def test_extrinsics_move_the_cloud(graph: Any, rig: FakeRig, start_node: Callable[..., Any]) -> None:
    start_node("aux_focus")
    message = TransformStamped(child_frame_id="lidar")
    message.header.frame_id = "camera_optical_frame"
    message.transform.translation.z = -2.0
    message.transform.rotation.w = 1.0
    rig.transform.publish(message)
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)

    def in_lidar_frame(image: Image, info: CameraInfo, cloud: PointCloud2) -> None:
        cloud.header.frame_id = "lidar"

    marker = answered(
        graph, rig, markers, spoil=in_lidar_frame, depth_m=5.0
    )  # 5 m in front of the lidar, 3 m in front of the camera
    assert (marker.points_inside, marker.points_nearer, marker.points_farther) == (0, 400, 0)


def test_off_passes_the_picture_alone(graph: Any, rig: FakeRig, start_node: Callable[..., Any]) -> None:
    start_node("aux_focus")
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)
    images = graph.collect(Image, "aux_focus/image", PICTURE_IN)
    answered(graph, rig, markers)
    client = graph.node.create_client(SetBool, "aux_focus/enable")
    assert graph.until(client.service_is_ready, 5.0, "the service")
    future = client.call_async(SetBool.Request(data=False))
    graph.until(future.done, 5.0, "the answer")
    assert future.result().success
    off_ns = time.time_ns()

    def passed() -> Image | None:
        rig.publish()
        graph.spin(0.1)
        return next((image for image in images if to_ns(image.header.stamp) > off_ns), None)

    assert set(graph.until(passed, 10.0, "a picture").data) == {90}


def test_nothing_is_subscribed_to_while_nobody_listens(graph: Any, rig: FakeRig, start_node: Callable[..., Any]) -> None:
    start_node("aux_focus")
    graph.until(lambda: rig.lens.get_subscription_count() > 0, 15.0, "the node")
    graph.spin(1.0)
    assert rig.image.get_subscription_count() == 0
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)
    answered(graph, rig, markers)
    assert rig.image.get_subscription_count() == 1


def unknown_encoding(image: Image, info: CameraInfo, cloud: Any) -> None:
    image.encoding = "purple8"


def short_data(image: Image, info: CameraInfo, cloud: Any) -> None:
    image.data = image.data[:-100]


def no_z(image: Image, info: CameraInfo, cloud: Any) -> None:
    cloud.fields = [field for field in cloud.fields if field.name != "z"]


def doubles(image: Image, info: CameraInfo, cloud: Any) -> None:
    cloud.fields = [PointField(name=n, offset=8 * i, datatype=PointField.FLOAT64, count=1) for i, n in enumerate("xyz")]
    cloud.point_step, cloud.row_step = 24, 24 * 400
    cloud.data = array.array("B", bytes(24 * 400))


def big_endian(image: Image, info: CameraInfo, cloud: Any) -> None:
    cloud.is_bigendian = True


def empty(image: Image, info: CameraInfo, cloud: Any) -> None:
    cloud.width, cloud.row_step, cloud.data = 0, 0, array.array("B")


def all_nan(image: Image, info: CameraInfo, cloud: Any) -> None:
    cloud.data = array.array("B", np.full(1200, np.nan, "<f4").tobytes())


def zero_intrinsics(image: Image, info: CameraInfo, cloud: Any) -> None:
    info.k = [0.0] * 9


def unknown_frame(image: Image, info: CameraInfo, cloud: Any) -> None:
    cloud.header.frame_id = "nowhere"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (unknown_encoding, "purple8"),
        (short_data, "bytes"),
        (no_z, "no field 'z'"),
        pytest.param(doubles, "FLOAT64", marks=pytest.mark.long),
        pytest.param(big_endian, "big-endian", marks=pytest.mark.long),
        pytest.param(empty, "empty", marks=pytest.mark.long),
        (all_nan, "NaN"),
        (zero_intrinsics, "camera_info"),
        pytest.param(unknown_frame, "nowhere", marks=pytest.mark.long),
    ],
)
def test_a_bad_message_is_said_once_and_the_next_pair_is_drawn(
    graph: Any, rig: FakeRig, start_node: Callable[..., Any], spoil: Callable[..., None], said: str
) -> None:
    node = start_node("aux_focus")
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)
    diagnostics = graph.collect(DiagnosticArray, "/diagnostics", EVENT)
    answered(graph, rig, markers)

    def reported() -> bool:
        rig.publish(spoil)
        graph.spin(0.1)
        return any(said in status.message for array_ in diagnostics for status in array_.status if status.name == "aux_focus")

    graph.until(reported, 10.0, f"'{said}' in the diagnostics")
    lines = [line for line in node.text().splitlines() if said in line]
    assert 1 <= len(lines) <= 3  # in the log, and not once for every message
    assert "Traceback" not in node.text()
    markers.clear()
    answered(graph, rig, markers)
    assert node.stop() == 0


def test_a_picture_and_a_cloud_that_never_meet_are_said_with_their_distance(
    graph: Any, rig: FakeRig, start_node: Callable[..., Any]
) -> None:
    node = start_node("aux_focus")
    graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)
    graph.until(rig.connected, 15.0, "the node")

    def two_seconds_late(image: Image, info: CameraInfo, cloud: Any) -> None:
        cloud.header.stamp.sec -= 2

    def said() -> bool:
        rig.publish(two_seconds_late)
        graph.spin(0.1)
        return "never meet in time" in node.text()

    graph.until(said, 15.0, "a word about the offset")
    line = next(line for line in node.text().splitlines() if "never meet" in line)
    behind = re.search(r"points are ([\d.]+) s behind those of camera/image_raw", line)
    assert behind is not None and 1.5 < float(behind[1]) < 2.5


def test_stamps_that_run_backwards_are_said_and_pairing_goes_on(graph: Any, rig: FakeRig, start_node: Callable[..., Any]) -> None:
    node = start_node("aux_focus")
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)
    answered(graph, rig, markers)

    def an_hour_ago(image: Image, info: CameraInfo, cloud: Any) -> None:
        for message in (image, info, cloud):
            message.header.stamp.sec -= 3600

    markers.clear()

    def answered_in_the_past() -> bool:
        rig.publish(an_hour_ago)
        graph.spin(0.1)
        return bool(markers)

    graph.until(answered_in_the_past, 10.0, "a marker for a stamp in the past")
    assert "run backwards" in node.text()


def test_parameters_out_of_range_are_refused_together(graph: Any, rig: FakeRig, start_node: Callable[..., Any]) -> None:
    start_node("aux_focus")
    client = graph.node.create_client(SetParametersAtomically, "/aux_focus/set_parameters_atomically")
    graph.until(client.service_is_ready, 15.0, "the parameter service")

    def number(name: str, value: float) -> ParameterMessage:
        return ParameterMessage(name=name, value=ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value))

    future = client.call_async(SetParametersAtomically.Request(parameters=[number("opacity", 1.5), number("near_m", -1.0)]))
    graph.until(future.done, 5.0, "the answer")
    result = future.result().result
    assert not result.successful
    assert "opacity is 1.5" in result.reason and "near_m is -1" in result.reason


def test_a_bad_parameter_at_the_start_ends_with_one_line_and_status_2(start_node: Callable[..., Any]) -> None:
    node = start_node("aux_focus", opacity=7.0, layout="above")
    assert node.wait() == 2
    lines = [line for line in node.text().splitlines() if "opacity" in line]
    assert len(lines) == 1 and "layout" in lines[0]
    assert "Traceback" not in node.text()


def test_without_a_lens_the_focus_is_unknown(graph: Any, rig: FakeRig, start_node: Callable[..., Any]) -> None:
    start_node("aux_focus")
    markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)

    def drawn() -> bool:
        rig.publish()
        graph.spin(0.1)
        return bool(markers)

    graph.until(drawn, 15.0, "a marker")
    assert markers[-1].state == FocusMarker.STATE_UNKNOWN
    assert np.isnan(markers[-1].focus_distance_m)


def test_a_frozen_viewer_does_not_stop_the_graph(graph: Any, rig: FakeRig, start_node: Callable[..., Any], domain: int) -> None:
    start_node("aux_focus")
    viewer = subprocess.Popen([sys.executable, "-m", "auxfocus_ros.commands.viewer", "aux_focus/image"])
    try:
        markers = graph.collect(FocusMarker, "aux_focus/focus_marker", EVENT)
        answered(graph, rig, markers)
        graph.spin(1.0)
        viewer.send_signal(signal.SIGSTOP)
        markers.clear()
        sent = []
        # Long enough for Fast DDS to find the viewer's port dead, which is when a picture gets dear.
        for _ in range(60):
            rig.say_lens()
            sent.append(rig.publish())
            graph.spin(0.1)
        answers = {marker.header.stamp.sec * 10**9 + marker.header.stamp.nanosec for marker in markers}
        assert len(answers.intersection(sent)) >= 50
    finally:
        viewer.send_signal(signal.SIGCONT)
        viewer.terminate()
        viewer.wait(10.0)
