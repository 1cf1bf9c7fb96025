"""The node `aux_focus`: pictures and depth in, the auxiliary focus image out.

Callbacks pair what comes in by stamp and put the pair into a slot; one worker thread takes the newest pair, counts, draws and
publishes. What nobody listens to is not made, and while nobody listens to anything, nothing is subscribed to.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from std_srvs.srv import SetBool
from visualization_msgs.msg import MarkerArray

from auxfocus_interfaces.msg import FocusMarker, LensState
from auxfocus_ros.distribution import SCALES
from auxfocus_ros.errors import AuxfocusError, InputError
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.rig import fields_xyz, load_rig
from auxfocus_ros.ros.camera_info import read_camera_info
from auxfocus_ros.ros.clouds import read_cloud
from auxfocus_ros.ros.extrinsics import Extrinsics
from auxfocus_ros.ros.focus_messages import make_focus_marker, make_scene_markers
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.images import as_bgr, make_compressed, make_image, read_depth
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.parameters import parameter
from auxfocus_ros.ros.picture_publisher import PicturePublisher
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, PICTURE_OUT, STATE, TRANSFORM
from auxfocus_ros.ros.stamps import to_ns
from auxfocus_ros.ros.sync import PairSynchronizer, PictureAndRange
from auxfocus_ros.ros.worker import LatestWorker
from auxfocus_ros.view import (
    LAYOUTS,
    POINT_COLOURS,
    AuxFocusPipeline,
    AuxFocusResult,
    FocusReading,
    PipelineOptions,
    ViewOptions,
    depth_of_field_m,
    focus_plane_m,
)

LISTENERS_PERIOD_S = 0.25
MARKERS_KEPT = 8


@dataclass(frozen=True)
class AuxFocusParameters(CommonParameters):
    """Parameters of `aux_focus`."""

    depth_input: str = parameter("points", "what depth is taken from", choices=("points", "depth", "none"), read_only=True)
    rig: str = parameter("", "rig file with the cloud's extrinsics; empty: the topic points/transform", read_only=True)
    match_tolerance_s: float = parameter(
        0.05,
        "largest difference between the stamps of a picture and its depth",
        unit="s",
        minimum=0.0,
        maximum=10.0,
        read_only=True,
    )
    layout: str = parameter("overlay", "the distribution over the picture, or beside it", choices=LAYOUTS)
    opacity: float = parameter(0.9, "of what is laid over the picture", minimum=0.0, maximum=1.0)
    dimming: float = parameter(0.35, "how much darker an overlay makes the picture under it", minimum=0.0, maximum=0.9)
    point_colours: str = parameter("ice", "colours of the points by their number", choices=POINT_COLOURS)
    mark_points_in_focus: bool = parameter(True, "points inside the depth of field have a colour of their own")
    show_scale: bool = parameter(True, "draw the depth axis with its labels")
    text_scale: float = parameter(1.0, "size of the text, against what fits the picture", minimum=0.5, maximum=4.0)
    scale: str = parameter("log", "the depth axis: even in metres, in dioptres, or logarithmic", choices=SCALES)
    near_m: float = parameter(0.0, "near end of the depth axis; 0: follow the scene", unit="m", minimum=0.0, maximum=1e4)
    far_m: float = parameter(0.0, "far end of the depth axis; 0: follow the scene", unit="m", minimum=0.0, maximum=1e5)
    depth_bins: int = parameter(0, "bins of the depth axis; 0: as many as show well", minimum=0, maximum=4096)
    lens_timeout_s: float = parameter(2.0, "a lens state older than this is unknown", unit="s", minimum=0.05, maximum=60.0)
    jpeg_quality: int = parameter(80, "of aux_focus/image/compressed", unit="%", minimum=1, maximum=100)
    lazy: bool = parameter(True, "subscribe to pictures and depth only while somebody listens", read_only=True)


@dataclass(frozen=True)
class Work:
    """What the worker draws next: a picture, with or without its intrinsics and depth."""

    picture: Any
    camera_info: Any = None
    range: Any = None


class AuxFocus(ManagedNode[AuxFocusParameters]):
    """Draws the auxiliary focus image; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters; topics come when the node is configured."""
        super().__init__("aux_focus", AuxFocusParameters)
        self._enabled = True
        self._meter = Meter()
        self._lens: LensState | None = None
        self._lens_heard: Time | None = None
        self._extrinsics = Extrinsics()
        self._worker: LatestWorker[Work] | None = None
        self._synchronizer: PairSynchronizer | None = None
        self._picture_subscription: Any = None
        self._wanted_options = self._options(self.parameters)
        self._pipeline = AuxFocusPipeline(self._wanted_options)
        self._markers: dict[int, FocusMarker] = {}
        self._outputs: dict[str, Any] = {}
        self._inputs: list[Any] = []

    @staticmethod
    def _options(p: AuxFocusParameters) -> PipelineOptions:
        # A parameter with the name of an option of the view is that option.
        view: dict[str, Any] = {field.name: getattr(p, field.name) for field in fields(ViewOptions) if hasattr(p, field.name)}
        axis: dict[str, Any] = {"scale": p.scale, "near_m": p.near_m, "far_m": p.far_m, "bins": p.depth_bins}
        return PipelineOptions(ViewOptions(**view), **axis)

    def parameters_changed(self, old: AuxFocusParameters, new: AuxFocusParameters) -> None:
        """Draw differently from the next picture on."""
        self._wanted_options = self._options(new)

    def configure(self) -> None:
        """Create topics and services."""
        p = self.parameters
        self._rig = load_rig(p.rig) if p.rig else None
        create = self.create_publisher
        self._outputs = {
            "image": PicturePublisher(
                self, "aux_focus/image", done=self._published, failed=lambda text: self.health.problem("publish", text)
            ),
            "compressed": create(CompressedImage, "aux_focus/image/compressed", PICTURE_OUT),
            "distribution": create(Image, "aux_focus/distribution", PICTURE_OUT),
            "marker": create(FocusMarker, "aux_focus/focus_marker", EVENT),
            "markers": create(MarkerArray, "aux_focus/markers", EVENT),
        }
        self._inputs = [
            self.create_subscription(LensState, "lens/state", self._on_lens, STATE),
            self.create_subscription(TransformStamped, "points/transform", self._on_transform, TRANSFORM),
        ]
        self._enable_service = self.create_service(SetBool, "aux_focus/enable", self._on_enable)
        self._listeners_timer = self.create_timer(LISTENERS_PERIOD_S, self._follow_listeners)

    def activate(self) -> None:
        """Start the worker; pictures are subscribed to when somebody listens."""
        self._worker = LatestWorker("aux_focus", self._draw, self._draw_failed)
        self._follow_listeners()

    def deactivate(self) -> None:
        """Stop listening and drawing."""
        self._unsubscribe()
        if self._worker is not None and not self._worker.stop():
            self.get_logger().warning("the worker did not end in time")
        self._worker = None

    def cleanup(self) -> None:
        """Remove topics and services."""
        self.destroy_outputs(self._outputs.values())
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        if self._outputs:
            self.destroy_service(self._enable_service)
            self.destroy_timer(self._listeners_timer)
        self._outputs, self._inputs = {}, []

    def figures(self) -> Mapping[str, str]:
        """Rate and latency of what is published, and what became of the messages."""
        values = {"enabled": str(self._enabled).lower(), **self._meter.summary()}
        if self._outputs:
            values |= {key: f"{value:g}" for key, value in asdict(self._outputs["image"].statistics()).items()}
            if self._outputs["image"].statistics().viewer_stopped:
                self.health.problem("viewer", "a viewer of aux_focus/image has stopped reading")
        if self._worker is not None:
            values["replaced_before_drawing"] = str(self._worker.replaced)
        if self._synchronizer is not None:
            values |= {key: str(value) for key, value in asdict(self._synchronizer.counts).items()}
        return values

    # In: callbacks of the executor, short.

    def _follow_listeners(self) -> None:
        """Subscribe to pictures while somebody listens, and not otherwise."""
        if self._synchronizer is not None:
            self._synchronizer.check()
        wanted = self.active_or_starting() and (
            not self.parameters.lazy or any(publisher.get_subscription_count() for publisher in self._outputs.values())
        )
        subscribed = self._synchronizer is not None or self._picture_subscription is not None
        if wanted and not subscribed:
            self._subscribe()
        elif subscribed and not wanted:
            self._unsubscribe()

    def active_or_starting(self) -> bool:
        """Whether there is a worker to hand pictures to."""
        return self._worker is not None

    def _subscribe(self) -> None:
        p = self.parameters
        if p.depth_input == "none":
            self._picture_subscription = self.create_subscription(Image, "camera/image_raw", self._on_picture, PICTURE_IN)
            return
        topic, kind = ("points", PointCloud2) if p.depth_input == "points" else ("depth/image_raw", Image)
        self._synchronizer = PairSynchronizer(
            self._on_pair, self.health.problem, tolerance_s=p.match_tolerance_s, node=self, range_topic=topic, range_type=kind
        )

    def _unsubscribe(self) -> None:
        if self._synchronizer is not None:
            self._synchronizer.close()
            self._synchronizer = None
        if self._picture_subscription is not None:
            self.destroy_subscription(self._picture_subscription)
            self._picture_subscription = None

    def _on_lens(self, message: LensState) -> None:
        self._lens, self._lens_heard = message, self.get_clock().now()

    def _on_transform(self, message: TransformStamped) -> None:
        try:
            self._extrinsics.add(message)
        except InputError as error:
            self.health.problem("transform", str(error), error=True)

    def _on_picture(self, message: Image) -> None:
        if self._worker is not None:
            self._worker.offer(Work(message))

    def _on_pair(self, pair: PictureAndRange) -> None:
        if self._worker is not None:
            self._worker.offer(Work(pair.picture, pair.camera_info, pair.range))

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._enabled = request.data
        response.success = True
        response.message = "the auxiliary focus image is on" if request.data else "off: the picture alone is passed on"
        return response

    # Out: the worker's thread.

    def _draw(self, work: Work) -> None:
        header = work.picture.header
        if not self._enabled:
            self._outputs["image"].publish(work.picture)
            return
        focus, lens_stamp = self._focus()
        depth = self._depth_of(work)
        self._pipeline.options = self._wanted_options
        result = self._pipeline.run(as_bgr(work.picture), focus, **depth)
        self._markers[to_ns(header.stamp)] = make_focus_marker(focus, result.geometry, result.split, lens_stamp, header)
        for stamp_ns in list(self._markers)[:-MARKERS_KEPT]:  # of images that were replaced before they went out
            self._markers.pop(stamp_ns, None)
        if self._listened_to("image"):
            self._outputs["image"].offer(result.image, "bgr8", header)
        else:
            self._published(header)
        self._publish_extras(result, depth.get("camera"), header)

    def _published(self, header: Any) -> None:
        """The image is out (called in the thread that publishes images): now its marker, and the time that it took."""
        self._meter.add(self._since(header.stamp))
        marker = self._markers.pop(to_ns(header.stamp), None)
        if marker is not None:
            self._outputs["marker"].publish(marker)

    def _publish_extras(self, result: AuxFocusResult, camera: CameraModel | None, header: Any) -> None:
        """What few listen to, after the image is out."""
        if self._listened_to("compressed"):
            self._outputs["compressed"].publish(make_compressed(result.image, header, self.parameters.jpeg_quality))
        if self._listened_to("distribution"):
            counts = result.distribution.counts.view(np.int32)
            self._outputs["distribution"].publish(make_image(counts, "32SC1", header))
        if camera is not None and self._listened_to("markers"):
            plane, slab = focus_plane_m(camera, result.focus), depth_of_field_m(camera, result.focus)
            self._outputs["markers"].publish(make_scene_markers(plane, slab, header))

    def _listened_to(self, output: str) -> bool:
        return bool(self._outputs[output].get_subscription_count())

    def _depth_of(self, work: Work) -> dict[str, Any]:
        """The depth part of a pair as the pipeline takes it; what cannot be used is said, and the picture drawn without."""
        if work.range is None:
            return {}
        camera = read_camera_info(work.camera_info)
        try:
            if isinstance(work.range, PointCloud2):
                points_m = fields_xyz(read_cloud(work.range))
                return {"camera": camera, "points_m": points_m, "optical_from_points": self._transform_of(work)}
            return {
                "camera": camera,
                "depth_m": read_depth(work.range, on_problem=lambda text: self.health.problem("depth", text)),
            }
        except InputError as error:
            self.health.problem("depth", str(error))
            return {}

    def _transform_of(self, work: Work) -> RigidTransform:
        """Extrinsics by the rig file, else by the topic; the identity where cloud and picture share a frame."""
        frame = work.range.header.frame_id
        if self._rig is not None and self._rig.optical_from_points is not None:
            return self._rig.optical_from_points
        heard = self._extrinsics.find(frame, to_ns(work.picture.header.stamp))
        if heard is not None:
            return heard
        if frame in ("", work.picture.header.frame_id):
            return RigidTransform.identity()
        raise InputError(
            f"no transform from '{frame}' to '{work.picture.header.frame_id}': "
            "publish it on points/transform or name a rig file (parameter rig)"
        )

    def _focus(self) -> tuple[FocusReading, Any]:
        """The focus as the lens last said, with the stamp of that; unknown when it is too long ago."""
        lens, heard = self._lens, self._lens_heard
        if lens is None or heard is None:
            self.health.problem("lens", "no lens state yet on lens/state: the focus is unknown")
            return FocusReading(), None
        age_s = (self.get_clock().now() - heard).nanoseconds * 1e-9
        if age_s > self.parameters.lens_timeout_s:
            self.health.problem("lens", f"the last lens state is {age_s:.1f} s old: the focus is unknown")
            return FocusReading(), None
        if lens.fault_code == LensState.FAULT_CONNECTION_LOST:
            self.health.problem("lens", f"the lens does not answer ({lens.fault_text}): the focus is unknown")
            return FocusReading(), lens.header.stamp
        focus = FocusReading.of_distances(lens.focus_distance_m, lens.near_limit_m, lens.far_limit_m, lens.beyond_infinity)
        return focus, lens.header.stamp

    def _draw_failed(self, error: Exception) -> None:
        if isinstance(error, AuxfocusError):
            self.health.problem("input", str(error))
        else:
            self.health.problem("internal", f"a picture could not be drawn: {type(error).__name__}: {error}", error=True)

    def _since(self, stamp: Any) -> float:
        return (self.get_clock().now() - Time.from_msg(stamp)).nanoseconds * 1e-9


def main() -> None:
    """Entry point."""
    sys.exit(run_node(AuxFocus, carries_pictures=True))


if __name__ == "__main__":
    main()
