"""The node `gimbal_rig`: a source of frames played into the graph.

A thread of its own waits for the next frame's time and publishes picture, intrinsics, cloud and depth image under one stamp; the
executor takes the lens state, to which a focal stack or a refocused recording answers.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from geometry_msgs.msg import TransformStamped
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header

from auxfocus_interfaces.msg import LensState
from auxfocus_ros.errors import AuxfocusError, ConfigurationError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig import SOURCE_KINDS, Frame, Pacer, Source, open_source, points_of_depth
from auxfocus_ros.ros.camera_info import make_camera_info
from auxfocus_ros.ros.clouds import make_cloud
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.images import make_image
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.parameters import parameter
from auxfocus_ros.ros.picture_publisher import PicturePublisher
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, PICTURE_OUT, STATE
from auxfocus_ros.ros.stamps import from_ns
from auxfocus_ros.ros.transforms import make_transform

STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class GimbalRigParameters(CommonParameters):
    """Parameters of `gimbal_rig`."""

    source: str = parameter("recording", "where frames come from", choices=SOURCE_KINDS, read_only=True)
    path: str = parameter("", "the recording, the folder with a folder.yaml, or the focal stack", read_only=True)
    rig: str = parameter("", "rig file: a shipped name or a path; empty: what the recording says of itself", read_only=True)
    lens: str = parameter(
        "", "lens file of a focal stack or of `refocus`; empty: the rig file's, else bench_25mm", read_only=True
    )
    refocus: bool = parameter(False, "render the defocus of the lens's present position (needs a depth image)", read_only=True)
    f_number: float = parameter(0.0, "of `refocus`; 0: the lens's own", minimum=0.0, maximum=1000.0, read_only=True)
    loop: bool = parameter(True, "begin again at the end", read_only=True)
    rate_hz: float = parameter(0.0, "frames per second; 0: as recorded", unit="Hz", minimum=0.0, maximum=1000.0, read_only=True)
    hold_s: float = parameter(
        0.0, "let each frame stand this long before the next (needs rate_hz); 0: no", unit="s", minimum=0.0, read_only=True
    )
    speed: float = parameter(1.0, "play faster or slower than recorded", minimum=0.01, maximum=100.0, read_only=True)
    start_s: float = parameter(0.0, "skip this much at the beginning", unit="s", minimum=0.0, read_only=True)
    end_s: float = parameter(
        0.0, "stop this long after the beginning of the recording; 0: at its end", unit="s", minimum=0.0, read_only=True
    )
    wait_s: float = parameter(
        3.0,
        "wait at most this long for somebody to take pictures before the first",
        unit="s",
        minimum=0.0,
        maximum=600.0,
        read_only=True,
    )
    publish_clock: bool = parameter(
        False, "publish the recorded stamps on /clock and keep them (needs loop false)", read_only=True
    )


class GimbalRig(ManagedNode[GimbalRigParameters]):
    """Plays a source into the graph; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters; the source is opened when the node is configured."""
        super().__init__("gimbal_rig", GimbalRigParameters)
        self._source: Source | None = None
        self._pacer: Pacer | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._meter = Meter()
        self._outputs: dict[str, Any] = {}
        self._offset_s = float("nan")
        self._finished = False
        self._extrinsics: RigidTransform | None = None
        self._lens_subscription: Any = None
        self._released_s = 0.0
        self._broadcaster = static_broadcaster(self)

    def configure(self) -> None:
        """Open the source and create publishers."""
        p = self.parameters
        if not p.path:
            raise ConfigurationError(
                "the parameter `path` is empty: name a recording, a folder with a folder.yaml or a focal stack"
            )
        if p.publish_clock and p.loop:
            raise ConfigurationError("publish_clock keeps the recorded stamps, which run backwards in a loop: set loop to false")
        if p.hold_s and not p.rate_hz:
            raise ConfigurationError("hold_s lets a frame stand at a rate: set rate_hz as well")
        window: dict[str, Any] = {"start_s": p.start_s, "end_s": p.end_s or float("inf")} if p.source == "recording" else {}
        self._source = open_source(
            p.source,
            p.path,
            rig=p.rig or None,
            lens=p.lens or None,
            hold=(p.hold_s, p.rate_hz) if p.hold_s else None,
            refocus=p.refocus,
            refocus_options={"f_number": p.f_number} if p.f_number else None,
            on_problem=lambda text: self.health.problem("source", text),
            **window,
        )
        create = self.create_publisher
        self._outputs = {
            "image": PicturePublisher(
                self, "camera/image_raw", done=self._published, failed=lambda text: self.health.problem("publish", text)
            ),
            "info": create(CameraInfo, "camera/camera_info", PICTURE_OUT),
            "points": create(PointCloud2, "points", PICTURE_OUT),
            "depth": create(Image, "depth/image_raw", PICTURE_OUT),
            "transform": create(TransformStamped, "points/transform", STATE),
        }
        if p.publish_clock:
            self._outputs["clock"] = create(Clock, "/clock", EVENT)
        self._lens_subscription = self.create_subscription(LensState, "lens/state", self._on_lens, STATE)

    def activate(self) -> None:
        """Start to play from the beginning."""
        assert self._source is not None
        p = self.parameters
        self._finished = False
        self._stopping.clear()
        self._pacer = Pacer(
            self._source, loop=p.loop, rate_hz=p.rate_hz or None, speed=p.speed,
            on_problem=lambda text: self.health.problem("source", text),
        )  # fmt: skip
        self._thread = threading.Thread(target=self._play, name="rig", daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        """Stop to play."""
        self._stopping.set()
        if self._pacer is not None:
            self._pacer.stop()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)
            self._thread = None

    def cleanup(self) -> None:
        """Close the source."""
        if self._source is not None:
            self._source.close()
            self._source = None
        self.destroy_outputs(self._outputs.values())
        if self._lens_subscription is not None:
            self.destroy_subscription(self._lens_subscription)
        self._outputs, self._lens_subscription, self._extrinsics = {}, None, None

    def figures(self) -> Mapping[str, str]:
        """Rates, counts and how far cloud and picture were apart."""
        values = {"finished": str(self._finished).lower(), **self._meter.summary()}
        if self._pacer is not None:
            values["late_frames"] = str(self._pacer.counts.late)
        if self._source is not None:
            values |= {key: str(value) for key, value in asdict(self._source.counts).items()}
        values["cloud_after_picture_s"] = f"{self._offset_s:.4f}"
        values["cloud_moved_to_picture_time"] = "false"
        return values

    def _on_lens(self, message: LensState) -> None:
        if self._source is not None:
            self._source.set_lens_position(message.position_steps)

    def _play(self) -> None:
        assert self._pacer is not None
        # Who follows a simulated clock wants the recorded stamps; in a loop they would run backwards.
        follows_clock = bool(self.get_parameter("use_sim_time").value)
        recorded = self.parameters.publish_clock or (follows_clock and not self.parameters.loop)
        try:
            self._wait_for_listeners()
            for release in self._pacer:
                if self._stopping.is_set():
                    return
                try:
                    self._publish(release.frame, recorded)
                except (AuxfocusError, RuntimeError) as error:
                    # The middleware refuses a message now and then under load; the next frame is tried as usual.
                    self.health.problem("publish", f"a frame could not be published: {' '.join(str(error).split())}")
            if not self._stopping.is_set():
                self.get_logger().info("the recording has ended")
        except AuxfocusError as error:
            self.health.problem("source", str(error), error=True, lasting=True)
        except Exception as error:
            self.health.problem("source", f"playing stopped: {type(error).__name__}: {error}", error=True, lasting=True)
        finally:
            self._finished = True

    def _wait_for_listeners(self) -> None:
        """Do not play the first frames to nobody: who starts beside us needs a moment to find us."""
        ends = time.monotonic() + self.parameters.wait_s
        while not self._outputs["image"].get_subscription_count() and time.monotonic() < ends:
            if self._stopping.wait(0.02):
                return

    def _publish(self, frame: Frame, recorded: bool) -> None:
        """One frame under one stamp: the recorded one, or the moment of its release."""
        outputs = self._outputs
        self._released_s = time.monotonic()
        stamp = from_ns(frame.stamp_ns) if recorded else self.get_clock().now().to_msg()
        if "clock" in outputs:
            outputs["clock"].publish(Clock(clock=stamp))
        header = Header(stamp=stamp, frame_id=frame.camera_frame)
        # The picture first: a thread of its own sends it, beside what follows here.
        outputs["info"].publish(make_camera_info(frame.camera, header))
        outputs["image"].offer(frame.picture, frame.picture_encoding, header)
        if frame.points is not None:
            self._publish_transform(frame)
            outputs["points"].publish(make_cloud(frame.points, Header(stamp=stamp, frame_id=frame.points_frame)))
        elif frame.depth_m is not None and outputs["points"].get_subscription_count():
            outputs["points"].publish(make_cloud(points_of_depth(frame.depth_m, frame.camera), header))
        if frame.depth_m is not None and outputs["depth"].get_subscription_count():
            outputs["depth"].publish(make_image(frame.depth_m, "32FC1", header))
        self._offset_s = frame.points_offset_s

    def _published(self, header: Header) -> None:
        """The picture is out: called in the thread that publishes pictures."""
        self._meter.add(time.monotonic() - self._released_s)

    def _publish_transform(self, frame: Frame) -> None:
        """The extrinsics, when they change: the topic is latched."""
        if frame.optical_from_points is self._extrinsics:
            return
        self._extrinsics = frame.optical_from_points
        transform = make_transform(frame.optical_from_points, frame.camera_frame, frame.points_frame)
        self._outputs["transform"].publish(transform)
        if self._broadcaster is not None:
            self._broadcaster.sendTransform(transform)


def static_broadcaster(node: ManagedNode[Any]) -> Any:
    """A `tf2_ros.StaticTransformBroadcaster` where tf2_ros is installed, else None: the wheels have none."""
    try:
        from tf2_ros import StaticTransformBroadcaster
    except ImportError:
        return None
    return StaticTransformBroadcaster(node)


def main() -> None:
    """Entry point."""
    sys.exit(run_node(GimbalRig, carries_pictures=True))


if __name__ == "__main__":
    main()
