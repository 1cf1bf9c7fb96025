"""The node `aux_focus`: pictures and depth in, the auxiliary focus image, the objects and the target of interest out.

Callbacks pair what comes in by stamp and put the pair into a slot; one worker thread takes the newest pair, works out what it
shows, draws and publishes. Detectors have a thread of their own and look at a picture now and then. What nobody listens to is not
made, and while nobody listens to anything, nothing is subscribed to. Switched off, the picture alone is passed on, and no depth
is subscribed to unless somebody listens to the targets.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.clock import Clock, ClockType
from rclpy.time import Time
from sensor_msgs.msg import Image, PointCloud2
from std_srvs.srv import SetBool

from auxfocus_interfaces.msg import DepthScale, LensState
from auxfocus_interfaces.srv import SelectTarget
from auxfocus_ros.declaration import parameter, taken_from
from auxfocus_ros.distribution.targets import Selection, SelectionMode
from auxfocus_ros.distribution.targets.detectors import DetectorOptions, Detectors
from auxfocus_ros.errors import AuxfocusError, InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig import fields_xyz, load_rig
from auxfocus_ros.ros.camera_info import read_camera_info
from auxfocus_ros.ros.clouds import read_cloud
from auxfocus_ros.ros.depth_scale import ScaledPairs, ScaleWord
from auxfocus_ros.ros.extrinsics import Extrinsics
from auxfocus_ros.ros.focus_messages import make_focus_marker, make_scene_markers, make_targets
from auxfocus_ros.ros.focus_outputs import FocusOutputs
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.images import as_bgr, read_depth
from auxfocus_ros.ros.lens_memory import LensMemory
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, PICTURE_REPLAYED, STATE, TRANSFORM
from auxfocus_ros.ros.selection_messages import fill_response, read_selection, refuse
from auxfocus_ros.ros.stamps import to_ns
from auxfocus_ros.ros.sync import PairSynchronizer, PictureAndRange
from auxfocus_ros.ros.worker import LatestWorker
from auxfocus_ros.view import (
    Analysis,
    AuxFocusPipeline,
    DistributionOptions,
    FocusReading,
    FrameInput,
    PipelineOptions,
    ViewOptions,
    depth_of_field_m,
    focus_plane_m,
    object_outlines,
    warm_up,
)
from auxfocus_ros.view.focus_reading import LENS_TIMEOUT_S

LISTENERS_PERIOD_S = 0.25
METRIC = ScaleWord(True)
"""Of a sensor that measures depth."""
MONO_QUEUE = 30
"""Pictures that wait for a depth that is worked out of them: a second at 30 Hz."""


@dataclass(frozen=True)
class AuxFocusParameters(CommonParameters, DistributionOptions, ViewOptions):
    """Parameters of `aux_focus`: its own, and every option of the distribution and of the view."""

    depth_input: str = parameter(
        "points",
        "what depth is taken from; mono: as depth, from `mono_depth`: used only where depth/scale says that it is metres",
        choices=("points", "depth", "mono", "none"),
        read_only=True,
    )
    rig: str = parameter("", "rig file with the cloud's extrinsics; empty: the topic points/transform", read_only=True)
    match_tolerance_s: float = parameter(
        0.05,
        "largest difference between the stamps of a picture and its depth",
        unit="s",
        minimum=0.0,
        maximum=10.0,
        read_only=True,
    )
    lens_timeout_s: float = parameter(
        LENS_TIMEOUT_S, "a lens state older than this is unknown", unit="s", minimum=0.05, maximum=60.0
    )
    jpeg_quality: int = parameter(80, "of the compressed images", unit="%", minimum=1, maximum=100)
    faces: bool = parameter(False, "look for faces; they become targets", read_only=True)
    people: bool = parameter(False, "look for people; they become targets", read_only=True)
    detector: str = parameter("", "ONNX file of a detector; what it finds becomes a target", read_only=True)
    detector_labels: str = parameter("", "file with the names of the detector's classes, one a line", read_only=True)
    detector_width_px: int = parameter(
        640, "width of the picture that the detector takes", unit="px", minimum=16, maximum=4096, read_only=True
    )
    detector_height_px: int = parameter(640, "its height", unit="px", minimum=16, maximum=4096, read_only=True)
    detector_threshold: float = parameter(0.4, "least confidence of what is found", minimum=0.0, maximum=1.0, read_only=True)
    detector_rate_hz: float = parameter(4.0, "how often detectors look, at most", unit="Hz", minimum=0.1, maximum=60.0)
    lock_step: bool = parameter(
        False,
        "with lock_step of gimbal_rig: take every picture and its depth, and the lens state by its stamp",
        read_only=True,
    )
    automatic_target: bool = parameter(
        False,
        "choose the target automatically from the second picture on, as the analysis of recordings does; "
        "aux_focus/select_target chooses another",
        read_only=True,
    )
    lazy: bool = parameter(True, "subscribe to pictures and depth only while somebody listens", read_only=True)


@dataclass(frozen=True)
class Work:
    """What the worker takes next: a picture, with or without its intrinsics and depth, and whether that is metres."""

    picture: Any
    camera_info: Any = None
    range: Any = None
    scale: ScaleWord = METRIC


class AuxFocus(ManagedNode[AuxFocusParameters]):
    """Draws the auxiliary focus image; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters; topics come when the node is configured."""
        super().__init__("aux_focus", AuxFocusParameters)
        self._enabled = True
        self._meter = Meter()
        self._lens = LensMemory()
        self._extrinsics = Extrinsics()
        self._worker: LatestWorker[Work] | None = None
        self._chooses = False
        self._detector_worker: LatestWorker[Any] | None = None
        self._detectors: Detectors | None = None
        self._detectors_due_s = 0.0
        self._synchronizer: PairSynchronizer | None = None
        self._scaled: ScaledPairs | None = None
        self._scale = METRIC
        self._scale_subscription: Any = None
        self._picture_subscription: Any = None
        self._wanted_options = self._options(self.parameters)
        self._pipeline = AuxFocusPipeline(self._wanted_options)
        self._outputs: FocusOutputs | None = None
        self._inputs: list[Any] = []

    @staticmethod
    def _options(p: AuxFocusParameters) -> PipelineOptions:
        return PipelineOptions(taken_from(ViewOptions, p), taken_from(DistributionOptions, p))

    def parameters_changed(self, old: AuxFocusParameters, new: AuxFocusParameters) -> None:
        """Draw differently from the next picture on."""
        self._wanted_options = self._options(new)

    def configure(self) -> None:
        """Create topics and services."""
        p = self.parameters
        self._rig = load_rig(p.rig) if p.rig else None
        size_px = (p.detector_width_px, p.detector_height_px)
        options = DetectorOptions(p.faces, p.people, p.detector, p.detector_labels, size_px, p.detector_threshold)
        self._detectors = Detectors(options) if options.any else None
        self.get_logger().info("loading compiled loops; the first time on a machine they are compiled: up to a minute")
        warm_up()
        self._outputs = FocusOutputs(self, published=self._published, problem=self.health.problem)
        self._inputs = [
            self.create_subscription(LensState, "lens/state", lambda m: self._lens.hear(m, self._moment(m.header)), STATE),
            self.create_subscription(TransformStamped, "points/transform", self._on_transform, TRANSFORM),
        ]
        self._focus_services = [
            self.create_service(SetBool, "aux_focus/enable", self._on_enable),
            self.create_service(SelectTarget, "aux_focus/select_target", self._on_select),
        ]
        # Steady time: a simulated clock stands still until somebody listens.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._listeners_timer = self.create_timer(LISTENERS_PERIOD_S, self._follow_listeners, clock=steady)

    def activate(self) -> None:
        """Start the workers; pictures are subscribed to when somebody listens."""
        self._chooses = self.parameters.automatic_target
        self._worker = LatestWorker("aux_focus", self._work, self._work_failed)
        if self._detectors is not None:
            self._detector_worker = LatestWorker("detectors", self._detect, self._work_failed)
        self._follow_listeners()

    def deactivate(self) -> None:
        """Stop listening and drawing."""
        self._unsubscribe()
        for worker in (self._worker, self._detector_worker):
            if worker is not None and not worker.stop():
                self.get_logger().warning("a worker did not end in time")
        self._worker = self._detector_worker = None

    def cleanup(self) -> None:
        """Remove topics and services."""
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        if self._outputs is not None:
            self.destroy_outputs(self._outputs.publishers)
            for service in self._focus_services:
                self.destroy_service(service)
            self.destroy_timer(self._listeners_timer)
        self._outputs, self._inputs = None, []

    def figures(self) -> Mapping[str, str]:
        """Rate and latency of what is published, and what became of the messages."""
        values = {"enabled": str(self._enabled).lower(), **self._meter.summary()}
        if self._outputs is not None:
            values |= {key: f"{value:g}" for key, value in asdict(self._outputs.statistics()).items()}
        if self._worker is not None:
            values["replaced_before_drawing"] = str(self._worker.replaced)
        if self._synchronizer is not None:
            values |= {key: str(value) for key, value in asdict(self._synchronizer.counts).items()}
        if self._scaled is not None:
            values["depth_scale"] = "metric" if self._scale.metric else "relative"
        return values

    # In: callbacks of the executor, short.

    def _follow_listeners(self) -> None:
        """Subscribe to pairs, or to pictures alone, while somebody listens, and not otherwise."""
        if self._worker is None or self._outputs is None:
            return
        if self._synchronizer is not None:
            self._synchronizer.check()
        if self._scaled is not None:
            self._scaled.check()
        if self._outputs.statistics().viewer_stopped:
            self.health.problem("viewer", "a viewer of aux_focus/image has stopped reading")
        if self._synchronizer is not None and self._scaled is None and self._has_scale():
            self._unsubscribe()
        heard = not self.parameters.lazy or self._outputs.listened_to()
        with_depth = self.parameters.depth_input != "none" and (self._enabled or self._outputs.listened_to("targets"))
        if (self._synchronizer is not None) != (heard and with_depth) or (self._picture_subscription is not None) != (
            heard and not with_depth
        ):
            self._unsubscribe()
            if heard:
                self._subscribe(with_depth=with_depth)

    def _subscribe(self, *, with_depth: bool) -> None:
        p = self.parameters
        profile = PICTURE_REPLAYED if p.lock_step else PICTURE_IN
        if not with_depth:
            self._picture_subscription = self.create_subscription(Image, "camera/image_raw", self._on_picture, profile)
            return
        topic, kind = ("points", PointCloud2) if p.depth_input == "points" else ("depth/image_raw", Image)
        inputs = {"node": self, "range_topic": topic, "range_type": kind, "profile": profile}
        if self._has_scale():
            self._scaled = ScaledPairs(self._on_scaled_pair)
            self._scale_subscription = self.create_subscription(DepthScale, "depth/scale", self._scaled.add_scale, EVENT)
            self._synchronizer = PairSynchronizer(
                self._scaled.add_pair, self.health.problem, tolerance_s=0.0, queue_size=MONO_QUEUE, **inputs
            )
        else:
            tolerance_s = 0.0 if p.lock_step else p.match_tolerance_s
            self._synchronizer = PairSynchronizer(self._on_pair, self.health.problem, tolerance_s=tolerance_s, **inputs)

    def _has_scale(self) -> bool:
        """Whether the depth has a scale beside it: it was worked out of pictures, whatever it was taken for."""
        depth_input = self.parameters.depth_input
        return depth_input == "mono" or (depth_input == "depth" and self.count_publishers("depth/scale") > 0)

    def _unsubscribe(self) -> None:
        if self._synchronizer is not None:
            self._synchronizer.close()
            self._synchronizer = None
        if self._scaled is not None:
            self.destroy_subscription(self._scale_subscription)
            self._scaled = None
        if self._picture_subscription is not None:
            self.destroy_subscription(self._picture_subscription)
            self._picture_subscription = None

    def _moment(self, header: Any) -> Time:
        """When a message came; in lock-step its stamp, since messages come when they can."""
        return Time.from_msg(header.stamp) if self.parameters.lock_step else self.get_clock().now()

    def _on_transform(self, message: TransformStamped) -> None:
        try:
            self._extrinsics.add(message)
        except InputError as error:
            self.health.problem("transform", str(error), error=True)

    def _on_picture(self, message: Image) -> None:
        if self._worker is not None:
            self._worker.offer(Work(message))

    def _on_pair(self, pair: PictureAndRange) -> None:
        if not self._has_scale():  # one that has, the next turn of the timer subscribes to as it should be
            self._on_scaled_pair(pair, METRIC)

    def _on_scaled_pair(self, pair: PictureAndRange, scale: ScaleWord) -> None:
        self._scale = scale
        if scale.why:
            self.health.problem("depth_scale", scale.why)
        if self._worker is not None:
            self._worker.offer(Work(pair.picture, pair.camera_info, pair.range, scale))

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._enabled = request.data
        self._follow_listeners()
        response.success = True
        response.message = "the auxiliary focus image is on" if request.data else "off: the picture alone is passed on"
        return response

    def _on_select(self, request: SelectTarget.Request, response: SelectTarget.Response) -> SelectTarget.Response:
        if self._worker is None or not self._enabled:
            return refuse(response, SelectTarget.Response.ERROR_NOT_ACTIVE, "the auxiliary focus image is switched off")
        outcome = self._pipeline.select(read_selection(request))
        return fill_response(response, outcome, self._scale.why)

    # Out: the worker's thread.

    def _work(self, work: Work) -> None:
        outputs = self._outputs
        if outputs is None:
            return
        header = work.picture.header
        if not self._enabled:
            outputs.picture_alone(work.picture, lambda: as_bgr(work.picture), self.parameters.jpeg_quality)
            if not outputs.listened_to("targets"):
                return
        word = self._lens.say(self._moment(header), self.parameters.lens_timeout_s)
        if word.problem:
            self.health.problem("lens", word.problem)
        frame = self._frame(work)
        self._offer_to_detectors(frame)
        self._pipeline.options = self._wanted_options
        analysis = self._analysed(frame, self._focus(word.state))
        if self._chooses:
            self._chooses = False
            self._pipeline.select(Selection(SelectionMode.AUTOMATIC))
        if self._enabled:
            self._draw(analysis, word.stamp, header, outputs)
        if outputs.listened_to("targets"):
            outputs.give("targets", make_targets(analysis.targets, header, work.scale.why))

    def _focus(self, state: LensState | None) -> FocusReading:
        """The focus by a lens state; unknown where there is none, or one that cannot be."""
        if state is None:
            return FocusReading()
        try:
            return FocusReading.of_distances(state.focus_distance_m, state.near_limit_m, state.far_limit_m, state.beyond_infinity)
        except InputError as error:
            self.health.problem("lens", f"lens state: {error}")
            return FocusReading()

    def _analysed(self, frame: FrameInput, focus: FocusReading) -> Analysis:
        """What the image shows; depth that cannot be used is said, and the picture drawn without."""
        try:
            return self._pipeline.analyse(frame, focus)
        except InputError as error:
            if frame.points_m is None and frame.depth is None:
                raise
            self.health.problem("depth", str(error))
            return self._pipeline.analyse(FrameInput(frame.picture, frame.camera, time_s=frame.time_s), focus)

    def _draw(self, analysis: Analysis, lens_stamp: Any, header: Any, outputs: FocusOutputs) -> None:
        quality, view = self.parameters.jpeg_quality, self._pipeline.options.view
        image = None
        if not self.parameters.lazy or outputs.listened_to("image", "compressed"):
            image, geometry = self._pipeline.draw(analysis)
        else:
            geometry = self._pipeline.geometry(analysis)
        outputs.give_image(image, make_focus_marker(analysis.focus, geometry, analysis.split, lens_stamp, header), header)
        if image is not None and outputs.listened_to("compressed"):
            outputs.give_compressed("compressed", image, header, quality)
        if outputs.listened_to("unmarked"):
            area = "none" if view.focus_area == "frame" else view.focus_area
            unmarked, _ = self._pipeline.draw(analysis, replace(view, focus_mark="none", focus_area=area))
            outputs.give_compressed("unmarked", unmarked, header, quality)
        if outputs.listened_to("distribution"):
            outputs.give_distribution(analysis.distribution.counts, header)
        if analysis.frame.camera is not None and outputs.listened_to("markers"):
            camera, focus = analysis.frame.camera, analysis.focus
            planes = focus_plane_m(camera, focus), depth_of_field_m(camera, focus)
            outputs.give("markers", make_scene_markers(*planes, header, object_outlines(analysis.targets)))

    def _published(self, header: Any) -> None:
        """The image is out (called in the thread that publishes images): the time that it took."""
        self._meter.add((self.get_clock().now() - Time.from_msg(header.stamp)).nanoseconds * 1e-9)

    def _frame(self, work: Work) -> FrameInput:
        """The pair as the pipeline takes it; depth that cannot be used is said, and the picture drawn without."""
        picture, time_s = as_bgr(work.picture), to_ns(work.picture.header.stamp) * 1e-9
        if work.range is None:
            return FrameInput(picture, time_s=time_s)
        camera = read_camera_info(work.camera_info)
        if not work.scale.metric:  # what looks like metres there is none
            return FrameInput(picture, camera, without_depth="depth is relative", time_s=time_s)
        try:
            if isinstance(work.range, PointCloud2):
                points_m, transform = fields_xyz(read_cloud(work.range)), self._transform_of(work)
                return FrameInput(picture, camera, points_m=points_m, optical_from_points=transform, time_s=time_s)
            depth = read_depth(work.range, on_problem=lambda text: self.health.problem("depth", text))
            # What was worked out of the picture is registered to it.
            own = self._rig.depth_camera if self._rig is not None and work.scale is METRIC else None
            return FrameInput(
                picture,
                camera,
                depth=depth,
                depth_camera=own,
                optical_from_points=None if own is None else self._transform_of(work),
                depth_error_share=work.scale.depth_sigma_relative,
                time_s=time_s,
            )
        except InputError as error:
            self.health.problem("depth", str(error))
            return FrameInput(picture, camera, time_s=time_s)

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

    def _offer_to_detectors(self, frame: FrameInput) -> None:
        if self._detector_worker is not None and time.monotonic() >= self._detectors_due_s:
            self._detectors_due_s = time.monotonic() + 1.0 / self.parameters.detector_rate_hz
            self._detector_worker.offer(frame)

    def _detect(self, frame: FrameInput) -> None:
        """In the detectors' thread."""
        assert self._detectors is not None
        found = self._detectors.detect(frame.picture)
        self._pipeline.add_detections(found, frame.time_s)

    def _work_failed(self, error: Exception) -> None:
        if isinstance(error, AuxfocusError):
            self.health.problem("input", str(error))
        else:
            self.health.problem("internal", f"a picture could not be drawn: {type(error).__name__}: {error}", error=True)


def main() -> None:
    """Entry point."""
    sys.exit(run_node(AuxFocus, carries_pictures=True))


if __name__ == "__main__":
    main()
