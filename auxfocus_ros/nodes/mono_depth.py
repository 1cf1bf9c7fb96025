"""The node `mono_depth`: pictures in, their depth out, in metres as soon as anything tells how long a metre is.

The newest picture goes first: callbacks put it into a slot, one worker thread shows it to the network, asks what was heard beside
it that tells the scale, and publishes `depth/scale`, the depth and its points under the picture's own header. While nobody
listens, nothing is subscribed to. A picture without a depth (no intrinsics, black, unreadable) is said and left out.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from auxfocus_interfaces.msg import DepthScale
from auxfocus_ros.declaration import parameter, taken_from
from auxfocus_ros.errors import AuxfocusError, ConfigurationError, InputError
from auxfocus_ros.monodepth.inference import DepthEstimator, DepthNetworkOptions, load_depth_estimator, points_of
from auxfocus_ros.monodepth.live_depth import LiveDepth, SeenDepth
from auxfocus_ros.monodepth.scale import ScaleOptions, TrackerOptions
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.rig.camera_info import is_rectified
from auxfocus_ros.rig.intrinsics import IntrinsicsShelf
from auxfocus_ros.rig.sizes import camera_for_size
from auxfocus_ros.ros.depth_messages import make_coloured_cloud, make_depth_scale
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.images import as_bgr
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.picture_publisher import PicturePublisher
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, PICTURE_OUT
from auxfocus_ros.ros.scale_inputs import ScaleInputOptions, ScaleInputs
from auxfocus_ros.ros.stamps import NS_PER_S, to_ns
from auxfocus_ros.ros.worker import LatestWorker

LISTENERS_PERIOD_S = 0.25


@dataclass(frozen=True)
class MonoDepthParameters(CommonParameters, DepthNetworkOptions, ScaleInputOptions):
    """Parameters of `mono_depth`: its own, those of the network, and what the scale is taken from."""

    depth_error: float = parameter(
        ScaleOptions().depth_error,
        "what the network's depth is wrong by at one place, once scaled, one standard deviation, as a share",
        minimum=0.001, maximum=1.0, read_only=True,
    )  # fmt: skip
    scale_forget_s: float = parameter(
        TrackerOptions().forget_s,
        "time constant with which what was heard of the scale is forgotten",
        unit="s",
        minimum=0.01,
        maximum=3600.0,
        read_only=True,
    )
    scale_hold_s: float = parameter(
        TrackerOptions().hold_s,
        "a scale that was not heard of for so long is not known any more: the depth is relative again",
        unit="s",
        minimum=0.01, maximum=3600.0, read_only=True,
    )  # fmt: skip
    points_step_px: int = parameter(
        4, "of `points`: every so many-th pixel of each row and each column makes one", unit="px", minimum=1, maximum=256
    )
    lazy: bool = parameter(True, "subscribe to pictures only while somebody listens", read_only=True)


class MonoDepth(ManagedNode[MonoDepthParameters]):
    """Sees depth in single pictures; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters; the network is loaded when the node is configured."""
        super().__init__("mono_depth", MonoDepthParameters)
        self._meter = Meter()
        self._estimator: DepthEstimator | None = None
        self._inputs: ScaleInputs | None = None
        self._live: LiveDepth | None = None
        self._worker: LatestWorker[Image] | None = None
        self._intrinsics = IntrinsicsShelf()
        self._picture_inputs: list[Any] = []
        self._outputs: dict[str, Any] = {}
        self._seen: SeenDepth | None = None

    def configure(self) -> None:
        """Load the network and create topics."""
        p = self.parameters
        self._estimator = load_depth_estimator(taken_from(DepthNetworkOptions, p), self._say_once)
        self._inputs = ScaleInputs(self, lambda: self.parameters, self.health.problem)
        # The scale first: whoever finds the depth finds it as well.
        self._outputs["scale"] = self.create_publisher(DepthScale, "depth/scale", EVENT)
        self._outputs["depth"] = PicturePublisher(
            self, "depth/image_raw", done=self._published, failed=lambda text: self.health.problem("publish", text)
        )
        self._outputs["points"] = self.create_publisher(PointCloud2, "points", PICTURE_OUT)
        self._listeners_timer = self.create_timer(LISTENERS_PERIOD_S, self._follow_listeners)

    def activate(self) -> None:
        """Start the worker; pictures are subscribed to when somebody listens."""
        p = self.parameters
        assert self._estimator is not None
        tracker = TrackerOptions(forget_s=p.scale_forget_s, hold_s=p.scale_hold_s)
        self._live = LiveDepth(self._estimator, ScaleOptions(depth_error=p.depth_error), tracker)
        self._worker = LatestWorker("mono_depth", self._work, self._work_failed)
        self._follow_listeners()

    def deactivate(self) -> None:
        """Stop listening and seeing."""
        self._unsubscribe()
        if self._worker is not None and not self._worker.stop():
            self.get_logger().warning("the worker did not end in time")
        self._worker = self._live = self._seen = None

    def cleanup(self) -> None:
        """Remove topics; let go of the network."""
        if self._inputs is not None:
            self._inputs.end()
        if self._outputs:
            self.destroy_timer(self._listeners_timer)
        self.destroy_outputs(self._outputs.values())
        self._outputs = {}
        self._inputs = self._estimator = None

    def figures(self) -> Mapping[str, str]:
        """Rate and latency of what is published, the network, and what is known of the scale."""
        values = {**self._meter.summary(), "network": self.parameters.network or "ours"}
        if self._worker is not None:
            values["replaced_before_seeing"] = str(self._worker.replaced)
        seen = self._seen
        if seen is not None and self._estimator is not None:
            camera, scale = seen.camera, seen.scale
            size = self._estimator.network_size_px(camera.width_px, camera.height_px)
            values["network_size_px"] = f"{size[0]} x {size[1]}"
            values["scale"] = "metric" if scale.metric else "relative"
            values["scale_source"] = scale.source
            values["scale_message"] = seen.said
            if scale.metric:
                values |= {"scale_factor": f"{scale.scale:.4g}", "scale_sigma": f"{scale.sigma_relative:.3f}"}
        return values

    def _say_once(self, text: str) -> None:
        self.get_logger().info(text)

    # In: callbacks of the executor, short.

    def _follow_listeners(self) -> None:
        """Subscribe while somebody listens, and not otherwise."""
        if self._worker is None:
            return
        heard = not self.parameters.lazy or any(output.get_subscription_count() for output in self._outputs.values())
        if heard and not self._picture_inputs:
            self._subscribe()
        elif not heard and self._picture_inputs:
            self._unsubscribe()

    def _subscribe(self) -> None:
        assert self._inputs is not None
        self._intrinsics = IntrinsicsShelf(is_rectified(self.resolve_topic_name("camera/image_raw")))
        self._inputs.open()
        self._picture_inputs = [
            self.create_subscription(CameraInfo, "camera/camera_info", self._on_camera_info, PICTURE_IN),
            self.create_subscription(Image, "camera/image_raw", self._on_picture, PICTURE_IN),
        ]

    def _unsubscribe(self) -> None:
        for subscription in self._picture_inputs:
            self.destroy_subscription(subscription)
        self._picture_inputs = []
        if self._inputs is not None:
            self._inputs.close()

    def _on_camera_info(self, message: CameraInfo) -> None:
        try:
            self._intrinsics.add(to_ns(message.header.stamp), message)
        except InputError as error:
            self.health.problem("camera_info", f"camera/camera_info: {error}", error=True)

    def _on_picture(self, message: Image) -> None:
        if self._worker is not None:
            self._worker.offer(message)

    # Out: the worker's thread.

    def _work(self, message: Image) -> None:
        inputs, live = self._inputs, self._live
        if inputs is None or live is None:
            return
        header, picture = message.header, as_bgr(message)
        stamp_ns = to_ns(header.stamp)
        camera = self._camera_of(stamp_ns, picture.shape[1], picture.shape[0])
        seen = self._seen = live.see(
            picture,
            camera,
            stamp_ns / NS_PER_S,
            lambda: inputs.at(stamp_ns, header.frame_id, camera),
        )
        self._outputs["scale"].publish(make_depth_scale(seen.scale, seen.place_sigma, seen.said, header))
        self._outputs["depth"].offer(seen.depth, "32FC1", header)
        if self._outputs["points"].get_subscription_count():
            points = points_of(seen.depth, seen.camera, picture, self.parameters.points_step_px)
            self._outputs["points"].publish(make_coloured_cloud(*points, header))

    def _camera_of(self, stamp_ns: int, width_px: int, height_px: int) -> CameraModel:
        """The intrinsics of a picture. Raises InputError where there are none that fit."""
        found = self._intrinsics.find(stamp_ns, width_px, height_px)
        if found.camera is None:
            raise InputError("no camera_info on camera/camera_info yet: pictures are left out until one comes")
        if not found.fits:
            self.health.problem(
                "camera_info_size",
                f"the camera_info is for {found.camera.width_px} x {found.camera.height_px} pixels, the picture has {width_px} x "
                f"{height_px}: it is scaled where the shape is the same",
            )
        return camera_for_size(found.camera, width_px, height_px)

    def _published(self, header: Any) -> None:
        """The depth is out (called in the thread that publishes it): the time that it took."""
        self._meter.add((self.get_clock().now() - Time.from_msg(header.stamp)).nanoseconds * 1e-9)

    def _work_failed(self, error: Exception) -> None:
        if isinstance(error, ConfigurationError):
            self.health.problem("network", str(error), error=True)
        elif isinstance(error, AuxfocusError):
            self.health.problem("input", str(error))
        else:
            text = f"the depth of a picture could not be seen: {type(error).__name__}: {' '.join(str(error).split())}"
            self.health.problem("internal", text, error=True)


def main() -> None:
    """Entry point."""
    sys.exit(run_node(MonoDepth, carries_pictures=True))


if __name__ == "__main__":
    main()
