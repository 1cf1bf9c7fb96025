"""The node `gimbal_rig`: a source of frames played into the graph.

A thread of its own waits for the next frame and hands it to `ros.rig_outputs`; the executor takes the lens state, to which a
focal stack, a refocused recording or a simulated camera answers, and commands to the gimbal.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import cv2
from sensor_msgs.msg import JointState

from auxfocus_interfaces.msg import LensState
from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import AuxfocusError, ConfigurationError, InputError
from auxfocus_ros.optics import Lens, load_lens
from auxfocus_ros.rig import SOURCE_KINDS, Frame, Pacer, Source, SteeredSource, open_source
from auxfocus_ros.rig.rig_file import RigDescription, load_rig
from auxfocus_ros.rig.simulation.scene_file import DEPTH_SENSORS, MOUNTS
from auxfocus_ros.rig.urdf import Robot
from auxfocus_ros.ros.gimbal_relay import GimbalRelay
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.joint_messages import read_gimbal_command
from auxfocus_ros.ros.lock_step import ANSWERS, LockStep
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, STATE
from auxfocus_ros.ros.rig_outputs import RigOutputs
from auxfocus_ros.ros.topics_source import TopicsSource

STOP_TIMEOUT_S = 5.0
RECORDING = "recording"
TOPICS = "topics"
SIMULATION = "simulation"
PICTURE = ("camera/image_raw",)
DEPTH = (("camera/camera_info",), ("points", "depth/image_raw"))


@dataclass(frozen=True)
class GimbalRigParameters(CommonParameters):
    """Parameters of `gimbal_rig`."""

    source: str = parameter(RECORDING, "where frames come from", choices=(*SOURCE_KINDS, TOPICS), read_only=True)
    path: str = parameter(
        "",
        "the recording, the folder with a folder.yaml, the focal stack, or the scene (a shipped name or a file)",
        read_only=True,
    )
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
    lock_step: bool = parameter(
        False,
        "release a frame when aux_focus/targets of the one before it has come, as fast as that goes (needs publish_clock; "
        "set lock_step of aux_focus as well)",
        read_only=True,
    )
    lock_step_s: float = parameter(
        10.0,
        "of lock_step: wait at most this long for an answer; shorter where several in a row have not come",
        unit="s",
        minimum=0.05,
        maximum=600.0,
        read_only=True,
    )
    play_lens: bool = parameter(
        False, "publish the recording's own lens states on lens/state, unless somebody else does", read_only=True
    )
    publish_tf: bool = parameter(True, "publish tf, where tf2_ros is installed", read_only=True)
    seed: int = parameter(-1, "of a simulation; -1: the scene's own", minimum=-1, read_only=True)
    width_px: int = parameter(
        0, "of a simulation's pictures; 0: the scene's own", unit="px", minimum=0, maximum=4096, read_only=True
    )
    height_px: int = parameter(
        0, "of a simulation's pictures; 0: the scene's own", unit="px", minimum=0, maximum=4096, read_only=True
    )
    depth_sensor: str = parameter("", "of a simulation; empty: the scene's own", choices=("", *DEPTH_SENSORS), read_only=True)
    mount: str = parameter(
        "", "of a simulation's depth sensor: it rides on the gimbal, or is fixed to the platform; empty: the scene's own",
        choices=("", *MOUNTS), read_only=True,
    )  # fmt: skip
    noise: bool = parameter(True, "false: a simulation's sensors have no noise, whatever the scene says", read_only=True)
    rolling: bool = parameter(False, "true: a simulated lidar's scan takes its time, whatever the scene says", read_only=True)
    stabilise: bool = parameter(True, "false: a simulated gimbal does not hold its view, whatever the scene says", read_only=True)
    light_level: float = parameter(
        -1.0, "of a simulation; 1: as the scene was made, -1: the scene's own", minimum=-1.0, maximum=100.0
    )
    image_topic: str = parameter("", "of `topics`: the driver's image, raw or compressed; empty: the rig file's", read_only=True)
    camera_info_topic: str = parameter("", "of `topics`; empty: the rig file's, else beside the image", read_only=True)
    points_topic: str = parameter("", "of `topics`: the driver's cloud; empty: the rig file's", read_only=True)
    depth_topic: str = parameter("", "of `topics`: the driver's depth image; empty: the rig file's", read_only=True)
    joint_states_topic: str = parameter("", "of `topics`: the gimbal's joints; empty: the rig file's", read_only=True)
    match_tolerance_s: float = parameter(
        0.0, "of `topics`: picture and cloud belong together up to this difference of stamps; 0: the rig file's",
        unit="s", minimum=0.0, maximum=10.0, read_only=True,
    )  # fmt: skip
    fixed_frame: str = parameter(
        "",
        "of `topics`: what stands still while clouds are moved to the picture's time; empty: the gimbal's base, or base_link",
        read_only=True,
    )
    points_clock_offset_s: float = parameter(
        0.0,
        "of `topics`: how far the cloud's clock is ahead of the picture's; subtracted from its stamps",
        unit="s",
        read_only=True,
    )
    transform_wait_s: float = parameter(
        0.2, "of `topics`: wait so long for a transform that is late", unit="s", minimum=0.0, maximum=5.0, read_only=True
    )
    camera_info_wait_s: float = parameter(
        3.0, "of `topics`: without camera_info for so long, it is said", unit="s", minimum=0.1, maximum=60.0, read_only=True
    )
    joint_timeout_s: float = parameter(
        0.5,
        "of `topics`: joint states older than this say nothing any more",
        unit="s",
        minimum=0.02,
        maximum=60.0,
        read_only=True,
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
        self._outputs: RigOutputs | None = None
        self._step: LockStep | None = None
        self._relay: GimbalRelay | None = None
        self._inputs: list[Any] = []
        self._offset_s = float("nan")
        self._moved = False
        self._gimbal_commands = 0
        self._finished = False

    def configure(self) -> None:
        """Open the source and create publishers."""
        p = self.parameters
        if p.source != TOPICS and not p.path:
            raise ConfigurationError(
                "the parameter `path` is empty: name a recording, a folder with a folder.yaml, a focal stack or a scene"
            )
        if p.publish_clock and p.loop:
            raise ConfigurationError("publish_clock keeps the recorded stamps, which run backwards in a loop: set loop to false")
        if p.hold_s and not p.rate_hz:
            raise ConfigurationError("hold_s lets a frame stand at a rate: set rate_hz as well")
        if p.source == SIMULATION and (p.refocus or p.hold_s):
            raise ConfigurationError("a simulation has the defocus and the pace of its own: leave refocus and hold_s out")
        self._check_lock_step()
        rig = load_rig(p.rig) if p.rig else None
        self._source = self._open_topics(rig) if p.source == TOPICS else self._open(rig)
        robot: Robot | None = getattr(self._source, "robot", None)
        self._outputs = RigOutputs(
            self,
            self._meter.add,
            lambda text: self.health.problem("publish", text),
            robot,
            with_clock=p.publish_clock,
            with_truth=p.source == SIMULATION,
            with_transforms=p.publish_tf and p.source != TOPICS,
            with_joints=p.source != TOPICS,
            with_lens=p.play_lens,
            lens=self._lens_played(rig),
        )
        self._step = LockStep(self, p.lock_step_s, self._stopping) if p.lock_step else None
        if p.source == TOPICS and rig is not None and rig.topics.get("gimbal_command"):
            self._relay = GimbalRelay(self, rig)
        self._inputs = [
            self.create_subscription(LensState, "lens/state", self._on_lens, STATE),
            self.create_subscription(JointState, "gimbal/command", self._on_gimbal_command, EVENT),
        ]

    def activate(self) -> None:
        """Start to play from the beginning."""
        assert self._source is not None
        p = self.parameters
        self._finished = False
        self._stopping.clear()
        self._pacer = None
        if p.source != TOPICS:
            # A simulation of a loop goes on for ever by itself.
            self._pacer = Pacer(
                self._source, loop=p.loop and p.source != SIMULATION, rate_hz=p.rate_hz or None,
                speed=math.inf if p.lock_step else p.speed, on_problem=self._on_problem,
            )  # fmt: skip
        # A pass begins here and not in the thread: a stop before its first frame must not be lost.
        frames = self._source.frames() if self._pacer is None else (release.frame for release in self._pacer)
        self._thread = threading.Thread(target=self._play, args=(frames,), name="rig", daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        """Stop to play."""
        self._stopping.set()
        if self._step is not None:
            self._step.wake()
        if self._pacer is not None:
            self._pacer.stop()
        if isinstance(self._source, TopicsSource):
            self._source.stop()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)
            self._thread = None

    def cleanup(self) -> None:
        """Close the source."""
        if self._source is not None:
            self._source.close()
            self._source = None
        if self._outputs is not None:
            self.destroy_outputs(self._outputs.all())
        if self._relay is not None:
            self._relay.close()
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        if self._step is not None:
            self.destroy_subscription(self._step.subscription)
        self._outputs, self._relay, self._step, self._inputs = None, None, None, []

    def parameters_changed(self, old: GimbalRigParameters, new: GimbalRigParameters) -> None:
        """Dim the light of a simulation."""
        if new.light_level != old.light_level and self._source is not None:
            if new.source != SIMULATION:
                raise ConfigurationError(f"light_level: a source of kind '{new.source}' has no light to dim")
            self._set_light(new.light_level)

    def figures(self) -> Mapping[str, str]:
        """Rates, counts and how far cloud and picture were apart."""
        values = {"finished": str(self._finished).lower(), **self._meter.summary()}
        if self._pacer is not None:
            values["late_frames"] = str(self._pacer.counts.late)
        if self._source is not None:
            values |= {key: str(value) for key, value in asdict(self._source.counts).items()}
        values["cloud_after_picture_s"] = f"{self._offset_s:.4f}"
        values["cloud_moved_to_picture_time"] = str(self._moved).lower()
        values["gimbal_commands"] = str(self._gimbal_commands)
        if self._step is not None:
            values["unanswered"] = str(self._step.unanswered)
        if isinstance(self._source, TopicsSource):
            values |= self._source.figures()
        if self.parameters.source == SIMULATION and self._source is not None:
            values["seed"] = str(self._source.scene.seed)  # type: ignore[attr-defined]
        return values

    # In: callbacks of the executor, short.

    def _on_problem(self, text: str) -> None:
        self.health.problem("source", text)

    def _on_lens(self, message: LensState) -> None:
        if self._source is not None:
            self._source.set_lens_position(message.position_steps)

    def _on_gimbal_command(self, message: JointState) -> None:
        """Steer the gimbal; what cannot be is refused, what goes too far is limited, and both are said."""
        self._gimbal_commands += 1
        try:
            command = read_gimbal_command(message)
            if self._relay is not None:
                said = self._relay.command(command)
            elif isinstance(self._source, SteeredSource):
                said = self._source.command_gimbal(command)
            else:
                raise InputError(f"a source of kind '{self.parameters.source}' has no gimbal that could be commanded")
        except InputError as error:
            self.health.problem("gimbal_command", f"gimbal/command refused: {error}")
            return
        for text in said:
            self.health.problem("gimbal_limit", f"gimbal/command limited: {text}")

    # Out: the rig's thread.

    def _play(self, frames: Iterator[Frame]) -> None:
        assert self._outputs is not None
        # Who follows a simulated clock wants the recorded stamps; in a loop they would run backwards. A driver's stamps are kept.
        p = self.parameters
        follows_clock = bool(self.get_parameter("use_sim_time").value)
        keeps_stamps = p.publish_clock or p.source == TOPICS or (follows_clock and not p.loop)
        try:
            self._wait_for_listeners()
            for frame in frames:
                if self._stopping.is_set():
                    return
                if self._step is not None:
                    self._step.expect(frame.stamp_ns)
                try:
                    self._outputs.publish(frame, frame.stamp_ns if keeps_stamps else self._stamp_ns(frame))
                except (AuxfocusError, RuntimeError) as error:
                    # The middleware refuses a message now and then under load; the next frame is tried as usual.
                    self.health.problem("publish", f"a frame could not be published: {' '.join(str(error).split())}")
                if self._step is not None and not self._step.answered():
                    text = f"no {ANSWERS} in time for the picture of {frame.stamp_ns * 1e-9:.3f} s: played on"
                    self.health.problem("lock_step", text)
                self._offset_s, self._moved = frame.points_offset_s, frame.points_moved
                if p.source == SIMULATION:
                    self._source.truth_wanted = self._outputs.truth_listeners()  # type: ignore[union-attr]
            if not self._stopping.is_set():
                self.get_logger().info("the source has ended")
        except AuxfocusError as error:
            self.health.problem("source", str(error), error=True, lasting=True)
        except Exception as error:
            self.health.problem("source", f"playing stopped: {type(error).__name__}: {error}", error=True, lasting=True)
        finally:
            self._finished = True

    def _stamp_ns(self, frame: Frame) -> int:
        """The moment of release, or of its exposure where the frame was made for this showing."""
        now_ns = int(self.get_clock().now().nanoseconds)
        if frame.exposed_at_s is None:
            return now_ns
        return now_ns - round(1e9 * (time.monotonic() - frame.exposed_at_s))

    def _wait_for_listeners(self) -> None:
        """Do not play the first frames to nobody: who starts beside us needs a moment to find us."""
        if self.parameters.source == TOPICS:
            return
        ends = time.monotonic() + self.parameters.wait_s
        while not self._listened_to():
            if time.monotonic() >= ends:
                if self._step is not None:
                    text = f"nobody who gives {ANSWERS} takes the picture and its depth after {self.parameters.wait_s:g} s"
                    self.health.problem("lock_step_listeners", f"{text}: played without")
                return
            if self._stopping.wait(0.02):
                return

    def _listened_to(self) -> bool:
        assert self._outputs is not None and self._source is not None
        if self._step is None:
            return self._outputs.picture_listeners() > 0
        return self._step.ready([PICTURE, *(DEPTH if self._source.has_depth else ())])

    # Opening

    def _check_lock_step(self) -> None:
        """Raise ConfigurationError for what does not go with a replay in lock-step, and for lens states that there cannot be."""
        p = self.parameters
        if (p.lock_step or p.play_lens) and p.source != RECORDING:
            name = "lock_step" if p.lock_step else "play_lens"
            raise ConfigurationError(f"{name} is for a recording: a source of kind '{p.source}' cannot be played so")
        if p.lock_step and not p.publish_clock:
            raise ConfigurationError("lock_step plays by the recording's own clock: set publish_clock to true")
        if p.lock_step and (p.rate_hz or p.speed != 1.0):
            raise ConfigurationError("lock_step has no pace of its own: leave rate_hz, hold_s and speed out")

    def _lens_played(self, rig: RigDescription | None) -> Lens | None:
        """The lens that the recorded positions are of, as far as somebody has named it."""
        name = self.parameters.lens or (rig.lens if rig is not None else "")
        return load_lens(name) if self.parameters.play_lens and name else None

    def _open(self, rig: RigDescription | None) -> Source:
        p = self.parameters
        options: dict[str, Any] = {}
        if p.source == RECORDING:
            options = {"start_s": p.start_s, "end_s": p.end_s or float("inf")}
        elif p.source == SIMULATION:
            options = {
                "seed": p.seed if p.seed >= 0 else None, "rate_hz": p.rate_hz or None, "width_px": p.width_px or None,
                "height_px": p.height_px or None, "depth_sensor": p.depth_sensor or None, "mount": p.mount or None,
                "noise": None if p.noise else False, "rolling": p.rolling or None, "stabilise": None if p.stabilise else False,
                "endless": p.loop, "live": True,
            }  # fmt: skip
        source = open_source(
            p.source,
            p.path,
            rig=rig,
            lens=p.lens or None,
            hold=(p.hold_s, p.rate_hz) if p.hold_s else None,
            refocus=p.refocus,
            refocus_options={"f_number": p.f_number} if p.f_number else None,
            on_problem=self._on_problem,
            **options,
        )
        if p.source == SIMULATION:
            # The simulator's own threads fill the cores; OpenCV's beside them cost a twentieth of the frames.
            cv2.setNumThreads(1)
            self._source = source
            self._set_light(p.light_level)
            self.get_logger().info(f"scene '{source.scene.name}', random seed {source.scene.seed}")  # type: ignore[attr-defined]
        return source

    def _open_topics(self, rig: RigDescription | None) -> Source:
        p = self.parameters
        return TopicsSource(
            self,
            rig,
            image_topic=p.image_topic or None,
            camera_info_topic=p.camera_info_topic or None,
            points_topic=p.points_topic or None,
            depth_topic=p.depth_topic or None,
            joint_states_topic=p.joint_states_topic or None,
            match_tolerance_s=p.match_tolerance_s or None,
            fixed_frame=p.fixed_frame or None,
            points_clock_offset_s=p.points_clock_offset_s,
            transform_wait_s=p.transform_wait_s,
            camera_info_wait_s=p.camera_info_wait_s,
            joint_timeout_s=p.joint_timeout_s,
            on_problem=self.health.problem,
        )

    def _set_light(self, level: float) -> None:
        self._source.set_light(level if level >= 0.0 else None)  # type: ignore[union-attr]


def main() -> None:
    """Entry point."""
    sys.exit(run_node(GimbalRig, carries_pictures=True))


if __name__ == "__main__":
    main()
