"""The node `all_in_focus`: a goal in, the lens moved, frames captured, and one picture or a video made of them.

One capture is under way at a time; a new goal takes over from it. A capture (`auxfocus_ros.allinfocus.live`) is told what the
lens and the camera say and what time it is, in the executor's thread; what it wishes is done here: goals to `lens/move`, and work
on frames in one thread beside the executor. When the frames of a static capture are there, whatever ended it, they are fused in
another thread, which does not hold up the next goal. Pictures are subscribed to only while there is a capture.

A goal that cannot be is accepted and aborted with a code and words: a rejected goal carries none.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.action import ActionClient, ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from auxfocus_interfaces.action import CaptureStack, MoveLens
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.allinfocus.fusion import METHODS
from auxfocus_ros.allinfocus.keeping import FrameShelf
from auxfocus_ros.allinfocus.live import CaptureEnding, Failure, Finished, GivenUp, Progress, Shown, finish
from auxfocus_ros.allinfocus.live.choosing import Networks, make_fusing
from auxfocus_ros.allinfocus.live.settings import CaptureSettings, memory_bytes
from auxfocus_ros.allinfocus.live.starting import Equipment, make_capture, make_shelf, make_video
from auxfocus_ros.allinfocus.strategy import DEFAULT_STRATEGY, STRATEGIES
from auxfocus_ros.autofocus.live import Frame
from auxfocus_ros.autofocus.terms import Reason
from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.nodes.live_lens import CalibrationParameters, read_end, read_lens
from auxfocus_ros.optics import Lens
from auxfocus_ros.optics.defocus_model import DefocusModel
from auxfocus_ros.optics.lens_file import load_calibration
from auxfocus_ros.ros.capture_messages import (
    CaptureWish,
    make_depth,
    make_feedback,
    make_picture,
    make_result,
    read_goal,
    read_picture,
)
from auxfocus_ros.ros.executor_queue import ExecutorQueue
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.images import as_bgr, as_grey
from auxfocus_ros.ros.lens_moves import LensMoves, MoveAnswer
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.picture_publisher import PicturePublisher
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import PICTURE_IN, STATE
from auxfocus_ros.ros.stamps import from_ns, to_ns
from auxfocus_ros.ros.worker import LatestWorker

RESULT_KEPT_S = 120
"""How long a result can still be asked for."""
TICK_S = 0.05
FAREWELL_S = 0.3
"""Of fusing when the node ends; the executor then spins on for a little longer, so that the client hears of it."""
MOST_FUSING = 4
"""Captures whose frames wait to be fused; of more, the oldest are answered without a picture."""
GREY_ENCODINGS = ("mono8", "mono16", "8UC1")
FAULTS = (Failure.LENS_FAULT, Failure.NO_LENS, Failure.NO_FRAMES, Failure.DISK_FULL, Failure.OTHER)
"""Ends that are no fault of the picture or the goal."""


@dataclass(frozen=True)
class AllInFocusParameters(CalibrationParameters, CommonParameters, CaptureSettings):
    """Parameters of `all_in_focus`: its own, and every setting of live captures."""

    weights: str = parameter("", "file with the weights of the estimator of blur maps; empty: the shipped ones", read_only=True)


@dataclass(frozen=True)
class _Work:
    """What the worker does next. run: None: the node's own."""

    run: Any
    work: Callable[[], Any]


@dataclass(eq=False)
class _Capture:
    """A goal, its run, its frames, and the future that its coroutine waits on. shelf: None: a video, which keeps none."""

    handle: ServerGoalHandle
    wish: CaptureWish
    fusion: str
    strategy: str
    shelf: FrameShelf | None
    result: Future[CaptureStack.Result]
    run: Any = None
    pictures: Any = None
    frame_id: str = ""
    ends_s: float = math.inf
    given_up: str = ""

    def ask(self) -> None:
        """For the thread that fuses: whether it is still waited for."""
        if self.given_up:
            raise GivenUp


class AllInFocusNode(ManagedNode[AllInFocusParameters]):
    """Captures what an all-in-focus picture or video needs; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters and take goals, which hear that the node is not active until it is."""
        super().__init__("all_in_focus", AllInFocusParameters)
        self._queue = ExecutorQueue(self, self._event_failed)
        self._lens: Lens | None = None
        self._model: DefocusModel | None = None
        self._state: LensState | None = None
        self._networks = Networks("", lambda _: None)
        self._moves: LensMoves | None = None
        self._worker: LatestWorker[_Work] | None = None
        self._fuser: LatestWorker[_Capture] | None = None
        self._image: PicturePublisher | None = None
        self._lens_input: Any = None
        self._timer: Any = None
        self._underway: _Capture | None = None
        self._fusing: list[_Capture] = []
        self._farewell = ""
        self._progress = Progress(())
        self._meter = Meter()
        self._endings: dict[str, int] = {}
        self._server = ActionServer(
            self,
            CaptureStack,
            "all_in_focus/capture",
            execute_callback=self._execute,
            cancel_callback=self._on_cancel,
            result_timeout=RESULT_KEPT_S,
        )

    # Lifecycle

    def configure(self) -> None:
        """Read the calibration, begin to load the networks, and create topics and clients."""
        p = self.parameters
        if p.lens:
            self._lens, self._model = load_calibration(p.lens, p.pixel_pitch_um)
        self._networks = Networks(p.weights, lambda text: self.health.problem("networks", text, lasting=True))
        self._moves = LensMoves(ActionClient(self, MoveLens, "lens/move"), self._on_moved)
        self._image = PicturePublisher(
            self, "all_in_focus/image", failed=lambda text: self.health.problem("image", text), done=self._published
        )
        self._lens_input = self.create_subscription(LensState, "lens/state", self._on_lens, STATE)
        self._worker = LatestWorker("all_in_focus", self._work, self._event_failed)
        self._fuser = LatestWorker("fusing", self._fuse, self._event_failed, waiting=MOST_FUSING)
        if p.strategy == DEFAULT_STRATEGY:  # so that the first goal finds them loaded
            self._worker.offer(_Work(None, self._preload))
        # Steady time: no wait may hang with a simulated clock.
        self._timer = self.create_timer(TICK_S, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._timer.cancel()

    def deactivate(self) -> None:
        """End the capture under way; what it has is still fused."""
        self._end_capture(Reason.OTHER, "the all_in_focus node has been deactivated")

    def cleanup(self) -> None:
        """Remove topics and clients, answer every goal, and end the threads."""
        words = self._farewell or "the all_in_focus node has been cleaned up"
        self._end_capture(Reason.OTHER, words)
        for capture in list(self._fusing):
            self._give_up(capture, words)
        for worker in (self._worker, self._fuser):
            if worker is not None and not worker.stop():
                self.get_logger().warning("a thread did not end in time")
        if self._moves is not None:
            self._moves.close()
        if self._timer is not None:
            self.destroy_timer(self._timer)
        if self._lens_input is not None:
            self.destroy_subscription(self._lens_input)
        if self._image is not None:
            self._image.destroy()
        self._worker = self._fuser = self._moves = self._timer = self._lens_input = self._image = self._state = None

    def shutting_down(self, reason: str) -> None:
        """End the capture under way with this reason, and refuse every goal that still comes."""
        self._farewell = reason
        self._end_capture(Reason.SHUTTING_DOWN, reason)
        for capture in self._fusing:
            capture.ends_s = min(capture.ends_s, time.monotonic() + FAREWELL_S)

    def figures(self) -> Mapping[str, str]:
        """What it does, how captures ended, and how long a frame of a video took from its stamp to its publication."""
        values = {f"captures.{name}": str(count) for name, count in self._endings.items()}
        values |= {f"video.{key}": value for key, value in self._meter.summary().items()}
        underway = self._underway
        values["running"] = underway.wish.mode if underway is not None else "nothing"
        if underway is not None:
            values |= {
                "strategy": underway.strategy,
                "frames": str(underway.run.journal.captures),
                "moves": str(underway.run.journal.moves),
                "share_in_focus": f"{self._progress.share_in_focus:.3f}",
            }
        values |= {"fusing": str(len(self._fusing)), "calibration": self._lens.name if self._lens is not None else "none"}
        return values

    # Goals

    async def _execute(self, handle: ServerGoalHandle) -> CaptureStack.Result:
        """One goal from its acceptance to its result; never blocks."""
        begun = self._begin(handle)
        if isinstance(begun, CaptureStack.Result):
            result = begun
        else:
            answer = await begun.result
            assert answer is not None
            result = answer
        failure = Failure(result.error_code)
        if failure is Failure.INVALID_GOAL:
            self.health.problem("goal", f"goal not taken: {result.message}")
        elif failure in FAULTS:
            self.health.problem("capture", f"a capture ended: {result.message}")
        name = failure.name.lower() if failure is not Failure.NONE else "done"
        self._endings[name] = self._endings.get(name, 0) + 1
        if failure is Failure.NONE:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return result

    def _begin(self, handle: ServerGoalHandle) -> _Capture | CaptureStack.Result:
        """Begin a capture for a goal; or why not."""
        if self._farewell:
            return make_result(Failure.SHUTTING_DOWN, self._farewell)
        if not self.active or self._moves is None:
            return make_result(Failure.OTHER, "the all_in_focus node is not active: activate it first")
        wish = read_goal(handle.request, STRATEGIES, METHODS)
        if isinstance(wish, str):
            return make_result(Failure.INVALID_GOAL, wish)
        if handle.is_cancel_requested:
            return make_result(Failure.CANCELED, "canceled by the client before it began")
        self._end_capture(Reason.TAKEN_OVER, "a newer goal took over")
        p, now_s = self.parameters, time.monotonic()
        equipment = Equipment(p, self._model, self._networks)
        shelf = make_shelf(wish, p) if wish.mode == "static" else None
        capture = _Capture(handle, wish, wish.fusion or p.fusion, wish.strategy or p.strategy, shelf, Future())
        if shelf is not None:
            capture.run = make_capture(wish, shelf, equipment, self, now_s)
        else:
            capture.run = make_video(wish, equipment, self, now_s)
        self._underway = capture
        capture.pictures = self.create_subscription(Image, "camera/image_raw", self._on_picture, PICTURE_IN)
        self._timer.reset()
        if self._state is not None:
            self._on_lens(self._state)
        return capture

    def _on_cancel(self, _: ServerGoalHandle) -> CancelResponse:
        self._queue.put(self._tick)  # by then the goal says that it is canceled
        return CancelResponse.ACCEPT

    def _end_capture(self, reason: Reason, message: str) -> None:
        """End the capture under way at once."""
        if self._underway is not None:
            self._underway.run.stop(reason, message, time.monotonic(), at_once=True)
            self._after_event()
            if self._moves is not None:
                self._moves.forget()

    def _after_event(self) -> None:
        """Where the capture has ended, what it has is fused, and its coroutine finishes it."""
        capture = self._underway
        if capture is None or capture.run is None or capture.run.ended is None:
            return
        self._underway = None
        self.destroy_subscription(capture.pictures)
        if capture.shelf is None or not capture.run.journal.captures or self._fuser is None:
            self._answer(capture, None, "")
            return
        if len(self._fusing) >= MOST_FUSING:
            self._give_up(self._fusing[0], "too many captures wait for that")
        capture.ends_s = time.monotonic() + self.parameters.fuse_timeout_s
        self._fusing.append(capture)
        self._fuser.offer(capture)

    # What was captured becomes the result

    def _fuse(self, capture: _Capture) -> None:
        """In the fusing thread."""
        finished, problem = None, ""
        try:
            assert capture.shelf is not None
            kept = capture.shelf.close()  # may wait for the frame that is being written
            if kept:
                fusing = make_fusing(capture.fusion, self._lens, memory_bytes(self.parameters))
                finished = finish(kept, fusing, capture.shelf.folder, capture.ask)
        except GivenUp:
            return
        except AuxfocusError as error:
            problem = f"the frames could not be fused: {error}"
        except Exception as error:
            problem = f"the frames could not be fused: {type(error).__name__}: {' '.join(str(error).split())}"
        self._queue.put(self._fused, capture, finished, problem)

    def _fused(self, capture: _Capture, finished: Finished | None, problem: str) -> None:
        if capture in self._fusing:
            self._fusing.remove(capture)
            self._answer(capture, finished, problem)

    def _give_up(self, capture: _Capture, why: str) -> None:
        """Answer without a picture."""
        capture.given_up = why
        self._fusing.remove(capture)
        self._answer(capture, None, f"the frames were not fused: {why}")

    def _answer(self, capture: _Capture, finished: Finished | None, problem: str) -> None:
        ending: CaptureEnding = capture.run.ended
        shelf = capture.shelf
        folder = shelf.folder if shelf is not None else None
        failure, words = ending.failure, [ending.message]
        if problem:
            words.append(problem)
            failure = failure or Failure.OTHER
        if folder is not None and folder.lost:
            words.append(f"{folder.problem}; lost: {', '.join(folder.lost)}")
            failure = failure or Failure.DISK_FULL
        image = depth = None
        if finished is not None:
            words += finished.problems
            header = Header(stamp=from_ns(finished.reference.stamp_ns), frame_id=capture.frame_id)
            image = make_picture(finished.picture, header)
            depth = make_depth(finished.depth_m, header) if finished.depth_m is not None else None
            if self._image is not None:
                self._image.publish(image)
        result = make_result(
            failure,
            "; ".join(word for word in words if word),
            complete=ending.complete and finished is not None,
            positions_steps=ending.positions_steps if shelf is None else [frame.position_steps for frame in shelf.frames],
            share_in_focus=ending.share_in_focus,
            image=image,
            depth=depth,
            files=folder.files if folder is not None else (),
        )
        capture.result.set_result(result)

    # Events of the capture, in the executor's thread

    def _tick(self) -> None:
        now_s = time.monotonic()
        if self._moves is not None:
            self._moves.tick()
        for capture in [capture for capture in self._fusing if capture.ends_s <= now_s]:
            self._give_up(capture, self._farewell or "it took too long")
        underway = self._underway
        if underway is not None:
            if underway.handle.is_cancel_requested:
                underway.run.stop(Reason.CANCELED, "canceled by the client", now_s)
            underway.run.tick(now_s)
            self._after_event()
        if self._underway is None and not self._fusing and self._timer is not None:
            self._timer.cancel()

    def _on_lens(self, message: LensState) -> None:
        self._state = message
        if self._lens is not None and message.lens_name and message.lens_name != self._lens.name:
            self.health.problem(
                "calibration", f"the lens is '{message.lens_name}', but the calibration is of '{self._lens.name}'"
            )
        if self._underway is not None and self._underway.run is not None:
            self._underway.run.lens(read_lens(message), time.monotonic())
            self._after_event()

    def _on_picture(self, message: Image) -> None:
        capture = self._underway
        if capture is None:
            return
        capture.frame_id = message.header.frame_id
        as_bytes = as_grey if message.encoding in GREY_ENCODINGS else as_bgr
        read = read_picture if capture.shelf is not None else as_bytes
        frame = Frame(to_ns(message.header.stamp), (message.width, message.height), lambda: read(message))
        capture.run.frame(frame, time.monotonic())
        self._after_event()

    def _on_moved(self, answer: MoveAnswer) -> None:
        if self._underway is not None:
            self._underway.run.moved(read_end(answer), time.monotonic())
            self._after_event()

    def _thought(self, run: Any, value: Any, error: Exception | None) -> None:
        underway = self._underway
        if underway is None or underway.run is not run:
            return
        if error is not None and not isinstance(error, AuxfocusError):
            self.health.problem("strategy", f"strategy '{underway.strategy}' failed: {type(error).__name__}: {error}")
        run.thought(value, error, time.monotonic())
        self._after_event()

    def _event_failed(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self.health.problem("internal", f"an event of a capture failed: {text}", error=True)
        self._queue.put(self._end_capture, Reason.OTHER, f"an internal error: {text}")

    # What the capture wishes: its hands

    def move(self, position_steps: float) -> None:
        """Send the lens there."""
        assert self._moves is not None
        self._moves.go(position_steps)

    def stop(self) -> None:
        """Stop the glass that moves by our goal."""
        if self._moves is not None:
            self._moves.stop()

    def think(self, work: Callable[[], Any]) -> None:
        """Hand it to the worker."""
        assert self._worker is not None and self._underway is not None
        self._worker.offer(_Work(self._underway.run, work))

    def tell(self, progress: Progress) -> None:
        """Feedback."""
        self._progress = progress
        if self._underway is not None:
            self._underway.handle.publish_feedback(make_feedback(progress))

    def show(self, shown: Shown) -> None:
        """The next picture of the video."""
        if self._underway is not None and self._image is not None:
            header = Header(stamp=from_ns(shown.stamp_ns), frame_id=self._underway.frame_id)
            self._image.offer(shown.picture, "mono8" if shown.picture.ndim == 2 else "bgr8", header)

    def _published(self, header: Header) -> None:
        self._meter.add(max(self.get_clock().now().nanoseconds - to_ns(header.stamp), 0) * 1e-9)

    # The worker's thread

    def _preload(self) -> None:
        """What cannot be loaded has been said; positions can still be captured."""
        try:
            self._networks.blur_maps()
        except AuxfocusError:
            return

    def _work(self, item: _Work) -> None:
        value, error = None, None
        try:
            value = item.work()
        except Exception as raised:
            error = raised
        if item.run is not None:
            self._queue.put(self._thought, item.run, value, error)
        elif error is not None:
            self.health.problem("networks", f"{type(error).__name__}: {error}", lasting=True)


def main() -> None:
    """Entry point."""
    sys.exit(run_node(AllInFocusNode, carries_pictures=True))


if __name__ == "__main__":
    main()
