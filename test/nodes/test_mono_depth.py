"""`mono_depth` as a real node with a tiny network; `aux_focus` and `autofocus`, which must not take relative depth for metres."""

from __future__ import annotations

import array
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
from rclpy.action import ActionClient
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField, Range

from auxfocus_interfaces.action import Autofocus
from auxfocus_interfaces.msg import AutofocusStatus, DepthScale, FocusTargetArray, LensState
from auxfocus_interfaces.srv import SelectTarget
from auxfocus_ros.monodepth.networks import weights_path
from auxfocus_ros.ros.clouds import read_cloud
from auxfocus_ros.ros.images import read_depth
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, PICTURE_OUT, STATE
from auxfocus_ros.ros.stamps import from_ns, to_ns

pytestmark = pytest.mark.graph

WIDTH, HEIGHT = 320, 192
FRAME = "camera_optical_frame"
NOISE = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
START_S = 120.0  # nodes with compiled loops on a loaded machine
UNITS = 2.0  # what the network says the scene's depth is


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A user's network that says 0.5 everywhere: a convolution with weights of 0."""
    from onnx import TensorProto, checker, helper, numpy_helper, save_model

    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])
    inverse = helper.make_tensor_value_info("inverse", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])
    values = {"weight": np.zeros((1, 3, 1, 1), np.float32), "bias": np.full(1, 1.0 / UNITS, np.float32)}
    convolution = helper.make_node("Conv", ["picture", *values], ["inverse"], kernel_shape=[1, 1])
    constants = [numpy_helper.from_array(array, name) for name, array in values.items()]
    model = helper.make_model(
        helper.make_graph([convolution], "even", [picture], [inverse], constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    checker.check_model(model)
    path = tmp_path_factory.mktemp("network") / "even.onnx"
    save_model(model, str(path))
    return str(path)


class Rig:
    """A camera and whatever tells a scale, as drivers would publish them; each message can be spoilt before it goes out."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        create = graph.node.create_publisher
        self.image = create(Image, "camera/image_raw", PICTURE_OUT)
        self.info = create(CameraInfo, "camera/camera_info", PICTURE_OUT)
        self.range = create(Range, "scale/range", EVENT)
        self.points = create(PointCloud2, "scale/points", PICTURE_OUT)
        self.odometry = create(Odometry, "scale/odometry", EVENT)
        self.last_s = 0.0
        self.sent: list[int] = []

    def publish(self, spoil: Callable[..., None] | None = None, range_m: float | None = None) -> None:
        """A picture of this moment, with its intrinsics and, where wanted, a rangefinder's reading; at most five a second."""
        if time.monotonic() - self.last_s < 0.2:
            return
        self.last_s = time.monotonic()
        stamp_ns = time.time_ns()
        image = Image(height=HEIGHT, width=WIDTH, encoding="bgr8", step=3 * WIDTH, data=array.array("B", NOISE.tobytes()))
        info = CameraInfo(height=HEIGHT, width=WIDTH, distortion_model="plumb_bob", d=[0.0] * 5)
        info.k = [200.0, 0.0, 159.5, 0.0, 200.0, 95.5, 0.0, 0.0, 1.0]
        reading = Range(range=range_m or math.nan, min_range=0.1, max_range=50.0)
        for message in (image, info, reading):
            message.header.frame_id, message.header.stamp = FRAME, from_ns(stamp_ns)
        if spoil is not None:
            spoil(image, info, self)
        if range_m is not None:
            self.range.publish(reading)
        self.info.publish(info)
        self.image.publish(image)
        self.sent.append(stamp_ns)


@pytest.fixture
def rig(graph: Any) -> Rig:
    return Rig(graph)


def by_stamp(messages: list[Any]) -> dict[int, Any]:
    return {to_ns(message.header.stamp): message for message in messages}


def select_middle(graph: Any) -> SelectTarget.Response:
    client = graph.node.create_client(SelectTarget, "aux_focus/select_target")
    graph.until(client.service_is_ready, 20.0, "the service")
    future = client.call_async(SelectTarget.Request(mode=SelectTarget.Request.MODE_POINT, x_px=160.0, y_px=96.0))
    graph.until(future.done, 10.0, "the answer")
    graph.node.destroy_client(client)
    return future.result()


def test_depth_is_relative_until_a_beam_makes_it_metres_and_only_those_are_drawn_and_aimed_by(
    graph: Any, rig: Rig, start_node: Callable[..., Any], network: str
) -> None:
    node = start_node("mono_depth", network=network, points_step_px=16)
    start_node("aux_focus", depth_input="mono")
    graph.until(lambda: graph.node.count_publishers("depth/scale"), START_S, "the node")
    graph.spin(0.5)
    assert rig.image.get_subscription_count() == 0  # nobody listens yet
    depths = graph.collect(Image, "depth/image_raw", PICTURE_IN)
    scales = graph.collect(DepthScale, "depth/scale", EVENT)
    clouds = graph.collect(PointCloud2, "points", PICTURE_IN)
    targets = graph.collect(FocusTargetArray, "aux_focus/targets", EVENT)
    says = graph.collect(DiagnosticArray, "/diagnostics")

    def all_of_one(metric: bool, range_m: float | None) -> tuple[Any, ...]:
        def found() -> tuple[Any, ...] | None:
            rig.publish(range_m=range_m)
            heard = [by_stamp(messages) for messages in (scales, depths, clouds, targets)]
            common = sorted(set.intersection(*map(set, heard)))
            matching = [stamp for stamp in common if heard[0][stamp].state == int(metric)]
            return tuple(messages[matching[-1]] for messages in heard) if matching else None

        return graph.until(found, START_S, "depth, scale, points and targets of one picture")  # type: ignore[no-any-return]

    scale, depth, cloud, seen = all_of_one(False, None)
    assert scale.header == depth.header == cloud.header and scale.header.frame_id == FRAME
    assert to_ns(scale.header.stamp) in rig.sent
    assert scale.source == "none" and math.isnan(scale.scale) and "rangefinder" in scale.message
    assert depth.encoding == "32FC1" and (read_depth(depth) == UNITS).all()
    assert "depth is relative" in seen.message and all(math.isnan(target.depth_m) for target in seen.targets)
    refused = select_middle(graph)
    assert not refused.success and refused.error_code == SelectTarget.Response.ERROR_NO_DEPTH
    assert "depth is relative" in refused.message

    scale, depth, cloud, _ = all_of_one(True, 6.0)
    assert (scale.source, scale.readings) == ("rangefinder", 1)
    assert scale.scale == pytest.approx(3.0, rel=0.01)
    np.testing.assert_allclose(read_depth(depth), UNITS * scale.scale, rtol=1e-5)
    points = read_cloud(cloud)
    assert len(points) == (WIDTH // 16) * (HEIGHT // 16) and set(points.dtype.names) == {"x", "y", "z", "rgb"}
    np.testing.assert_allclose(points["z"], UNITS * scale.scale, rtol=1e-5)
    assert points["x"][0] == pytest.approx((0 - 159.5) / 200.0 * points["z"][0], rel=1e-4)
    red_green_blue = [int(points["rgb"].view("<u4")[0]) >> shift & 255 for shift in (16, 8, 0)]
    assert red_green_blue == NOISE[0, 0, ::-1].tolist()

    def chosen() -> Any:
        answer = select_middle(graph)
        rig.last_s = 0.0
        rig.publish(range_m=6.0)
        return answer.target if answer.success else None

    target = graph.until(chosen, 20.0, "a target with a depth")
    assert target.depth_m == pytest.approx(6.0, rel=0.02)
    assert target.depth_sigma_m > 0.1 * target.depth_m  # the scale's error and the network's are in it

    def metric_values() -> dict[str, str] | None:
        statuses = [status for array in says for status in array.status if status.name == "mono_depth"]
        values = {item.key: item.value for item in statuses[-1].values} if statuses else {}
        return values if values.get("scale") == "metric" else None

    values = graph.until(metric_values, 10.0, "the scale in the diagnostics")
    assert values["scale_source"] == "rangefinder" and values["network"] == network
    assert values["network_size_px"] == "320 x 192"
    assert {"rate_hz", "latency_p50_ms", "replaced_before_seeing"} <= set(values)
    assert node.stop() == 0


def black(image: Image, info: CameraInfo, rig: Rig) -> None:
    image.data = array.array("B", bytes(3 * WIDTH * HEIGHT))


def unknown_encoding(image: Image, info: CameraInfo, rig: Rig) -> None:
    image.encoding = "purple8"


def depth_as_picture(image: Image, info: CameraInfo, rig: Rig) -> None:
    image.encoding, image.step = "16UC1", 2 * WIDTH
    image.data = image.data[: 2 * WIDTH * HEIGHT]


def no_pixels(image: Image, info: CameraInfo, rig: Rig) -> None:
    image.height, image.data = 0, array.array("B")


def claims_to_be_huge(image: Image, info: CameraInfo, rig: Rig) -> None:
    image.height = image.width = 2**31


def of_another_shape(image: Image, info: CameraInfo, rig: Rig) -> None:
    image.height, image.data = HEIGHT // 2, image.data[: 3 * WIDTH * HEIGHT // 2]


def uncalibrated(image: Image, info: CameraInfo, rig: Rig) -> None:
    info.k = [0.0] * 9


def a_cloud_that_is_none(image: Image, info: CameraInfo, rig: Rig) -> None:
    cloud = PointCloud2(header=image.header, height=1, width=5, point_step=12, row_step=60, data=array.array("B", bytes(10)))
    cloud.fields = [PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, name in enumerate("xyz")]
    rig.points.publish(cloud)


def a_cloud_in_no_known_frame(image: Image, info: CameraInfo, rig: Rig) -> None:
    cloud = PointCloud2(header=image.header, height=1, width=1, point_step=12, row_step=12)
    cloud.header.frame_id, cloud.data = "nowhere", array.array("B", np.ones(3, "<f4").tobytes())
    cloud.fields = [PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, name in enumerate("xyz")]
    rig.points.publish(cloud)
    image.header.frame_id = FRAME


def an_odometry_without_rotation(image: Image, info: CameraInfo, rig: Rig) -> None:
    odometry = Odometry(header=image.header, child_frame_id="base_link")
    odometry.pose.pose.orientation.w = 0.0
    rig.odometry.publish(odometry)


BAD = {
    black: "the picture is black",
    unknown_encoding: "purple8",
    uncalibrated: "not calibrated",
    a_cloud_in_no_known_frame: "'nowhere'",
}
MORE_BAD = {
    depth_as_picture: "16UC1",
    no_pixels: "neither side may be 0",
    claims_to_be_huge: "a step of 960 bytes is too small",
    of_another_shape: "320 x 96",
    a_cloud_that_is_none: "10 bytes of data",
    an_odometry_without_rotation: "scale/odometry: quaternion",
}


@pytest.mark.parametrize("bad", [BAD, pytest.param(MORE_BAD, marks=pytest.mark.long)], ids=["some", "more"])
def test_what_makes_no_sense_is_said_and_the_next_picture_has_its_depth(
    graph: Any, rig: Rig, start_node: Callable[..., Any], network: str, bad: dict[Callable[..., None], str]
) -> None:
    node = start_node("mono_depth", network=network)
    depths = graph.collect(Image, "depth/image_raw", PICTURE_IN)
    says = graph.collect(DiagnosticArray, "/diagnostics")
    graph.until(rig.image.get_subscription_count, START_S, "the node")

    def answered() -> Any:
        rig.publish()
        return depths and to_ns(depths[-1].header.stamp) == rig.sent[-1]

    def said(spoil: Callable[..., None], words: str) -> bool:
        rig.publish(spoil)
        return any(words in status.message for message in says for status in message.status)

    graph.until(lambda: said(uncalibrated, "no camera_info on camera/camera_info yet"), 20.0, "words about the intrinsics")
    for spoil, words in bad.items():
        graph.until(lambda spoil=spoil, words=words: said(spoil, words), 20.0, f"words about {spoil.__name__}")
    graph.until(answered, 20.0, "a depth after all that")
    assert "Traceback" not in node.text() and "could not be seen" not in node.text(), node.text()
    assert node.stop() == 0


def test_a_network_that_is_none_ends_the_node_with_one_line(start_node: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"no network")
    node = start_node("mono_depth", network=str(path))
    assert node.wait(START_S) == 2
    assert "mine.onnx" in node.text() and "Traceback" not in node.text()


def test_autofocus_refuses_to_go_by_a_depth_that_is_relative(graph: Any, rig: Rig, start_node: Callable[..., Any]) -> None:
    """By a depth camera's parameter as well, once the scale beside it is discovered: it was worked out of pictures."""
    depth = graph.node.create_publisher(Image, "depth/image_raw", PICTURE_OUT)
    scale = graph.node.create_publisher(DepthScale, "depth/scale", EVENT)
    start_node("lens_actuator")
    start_node("aux_focus", depth_input="depth")
    start_node("autofocus")
    lens = graph.collect(LensState, "lens/state", STATE)
    targets = graph.collect(FocusTargetArray, "aux_focus/targets", EVENT)
    metres = np.full((HEIGHT, WIDTH), 3.0, np.float32)

    def of_a_relative_depth(image: Image, info: CameraInfo, rig: Rig) -> None:
        scale.publish(DepthScale(header=image.header, state=DepthScale.STATE_RELATIVE, source="none", message="no reading yet"))
        message = Image(header=image.header, height=HEIGHT, width=WIDTH, encoding="32FC1", step=4 * WIDTH)
        message.data = array.array("B", metres.tobytes())
        depth.publish(message)

    def heard() -> bool:
        rig.publish(of_a_relative_depth)
        return bool(targets and lens)

    graph.until(heard, START_S, "targets")
    before_steps = lens[-1].position_steps
    client: Any = ActionClient(graph.node, Autofocus, "autofocus/run")
    graph.until(client.server_is_ready, 30.0, "autofocus")
    goal = Autofocus.Goal(
        mode=Autofocus.Goal.MODE_ONCE, region=Autofocus.Goal.REGION_POINT, x_px=160.0, y_px=96.0, use=Autofocus.Goal.USE_DEPTH
    )
    sent = client.send_goal_async(goal)
    graph.until(sent.done, 20.0, "acceptance")
    result = sent.result().get_result_async()

    def ended() -> bool:
        rig.publish(of_a_relative_depth)
        return bool(result.done())

    graph.until(ended, 40.0, "a result")
    answer = result.result().result
    assert answer.reason == AutofocusStatus.REASON_NO_DEPTH, answer.message
    assert "depth is relative" in answer.message
    assert lens[-1].position_steps == before_steps
    assert all(math.isnan(target.depth_m) for target in targets[-1].targets)
    client.destroy()


@pytest.mark.long
@pytest.mark.skipif(not weights_path("depth").is_file(), reason="the shipped weights are not in this tree")
def test_a_real_room_is_as_deep_as_the_depth_camera_says_with_its_cloud_for_the_scale(
    graph: Any, start_node: Callable[..., Any], samples: Path
) -> None:
    aside = ["-r", "depth/image_raw:=rig/depth/image_raw"]
    beside = ["-r", "points:=depth/points", "-r", "scale/points:=points"]
    measured = graph.collect(Image, "rig/depth/image_raw", PICTURE_IN)
    seen = graph.collect(Image, "depth/image_raw", PICTURE_IN)
    scales = graph.collect(DepthScale, "depth/scale", EVENT)
    start_node("mono_depth", beside)
    start_node("gimbal_rig", aside, path=str(samples / "rgbd_room"), loop=True, rate_hz=2.0)

    def triple() -> Any:
        heard = [by_stamp(messages) for messages in (measured, seen, scales)]
        common = [stamp for stamp in set.intersection(*map(set, heard)) if heard[2][stamp].state == DepthScale.STATE_METRIC]
        return [messages[max(common)] for messages in heard] if common else None

    truth, depth, scale = graph.until(triple, START_S, "a metric depth beside the measured one")
    assert (scale.source, truth.header.stamp) == ("points", depth.header.stamp)
    truth_m, depth_m = read_depth(truth), read_depth(depth)
    both = (truth_m > 0) & (depth_m > 0)
    assert both.mean() > 0.5
    assert np.median(np.abs(np.log(depth_m[both] / truth_m[both]))) < 0.3
