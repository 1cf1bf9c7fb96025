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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from auxfocus_interfaces.action import CaptureStack
from auxfocus_ros.allinfocus.fusion import METHODS
from auxfocus_ros.allinfocus.keeping import FrameShelf
from auxfocus_ros.allinfocus.live import CaptureEnding, Failure, Finished, GivenUp, Progress, Shown, finish
from auxfocus_ros.allinfocus.live.choosing import Networks, make_fusing
from auxfocus_ros.allinfocus.live.settings import CaptureSettings, memory_bytes
from auxfocus_ros.allinfocus.live.starting import Equipment, make_capture, make_shelf, make_video
from auxfocus_ros.allinfocus.strategy import DEFAULT_STRATEGY, STRATEGIES
from auxfocus_ros.autofocus.terms import Reason
from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.nodes.live_lens import CalibrationParameters, LiveLensNode, Underway, read_frame
from auxfocus_ros.ros.capture_messages import (
    CaptureWish,
    make_depth,
    make_feedback,
    make_picture,
    make_result,
    read_goal,
    read_picture,
)
from auxfocus_ros.ros.picture_publisher import PicturePublisher
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import PICTURE_IN
from auxfocus_ros.ros.stamps import from_ns, to_ns
from auxfocus_ros.ros.worker import LatestWorker

RESULT_KEPT_S = 120
"""How long a result can still be asked for."""
FAREWELL_S = 0.3
"""Of fusing when the node ends; the executor then spins on for a little longer, so that the client hears of it."""
MOST_FUSING = 4
"""Captures whose frames wait to be fused; of more, the oldest are answered without a picture."""
FAULTS = (Failure.LENS_FAULT, Failure.NO_LENS, Failure.NO_FRAMES, Failure.DISK_FULL, Failure.OTHER)
"""Ends that are no fault of the picture or the goal."""


@dataclass(frozen=True)
class AllInFocusParameters(CalibrationParameters, CaptureSettings):
    """Parameters of `all_in_focus`: its own, and every setting of live captures."""

    weights: str = parameter("", "file with the weights of the estimator of blur maps; empty: the shipped ones", read_only=True)


@dataclass(eq=False, kw_only=True)
class _Capture(Underway):
    """A goal, its run, its frames, and the future that its coroutine waits on. shelf: None: a video, which keeps none."""

    wish: CaptureWish
    fusion: str
    shelf: FrameShelf | None
    pictures: Any
    result: Future[CaptureStack.Result]
    ends_s: float = math.inf
    given_up: str = ""

    def ask(self) -> None:
        """For the thread that fuses: whether it is still waited for."""
        if self.given_up:
            raise GivenUp


class AllInFocusNode(LiveLensNode[AllInFocusParameters, _Capture]):
    """Captures what an all-in-focus picture or video needs; see the module's text."""

    def __init__(self) -> None:
        """Declare parameters and take goals, which hear that the node is not active until it is."""
        super().__init__("all_in_focus", AllInFocusParameters, CaptureStack, "all_in_focus/capture", RESULT_KEPT_S)
        self._networks = Networks("", lambda _: None)
        self._fuser: LatestWorker[_Capture] | None = None
        self._image: PicturePublisher | None = None
        self._fusing: list[_Capture] = []
        self._progress = Progress(())

    # Lifecycle

    def configure(self) -> None:
        """Read the calibration, begin to load the networks, and create topics and clients."""
        p = self.parameters
        self.open_lens()
        self._networks = Networks(p.weights, lambda text: self.health.problem("networks", text, lasting=True))
        self._image = PicturePublisher(
            self, "all_in_focus/image", failed=lambda text: self.health.problem("image", text), done=self._published
        )
        self._fuser = LatestWorker("fusing", self._fuse, self._event_failed, waiting=MOST_FUSING)
        if p.strategy == DEFAULT_STRATEGY:  # so that the first goal finds them loaded
            self._preload(self._load)

    def cleanup(self) -> None:
        """Remove topics and clients, answer every goal, and end the threads."""
        words = self._farewell or "the all_in_focus node has been cleaned up"
        self._end_run(Reason.OTHER, words)
        for capture in list(self._fusing):
            self._give_up(capture, words)
        if self._fuser is not None and not self._fuser.stop():
            self.get_logger().warning("the fusing thread did not end in time")
        self.close_lens()
        if self._image is not None:
            self._image.destroy()
        self._fuser = self._image = None

    def shutting_down(self, reason: str) -> None:
        """End the capture under way with this reason, and refuse every goal that still comes."""
        super().shutting_down(reason)
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
                "strategy": underway.what,
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
        done = failure is Failure.NONE
        self._close_goal(handle, "done" if done else failure.name.lower(), done=done)
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
        self._end_run(Reason.TAKEN_OVER, "a newer goal took over")
        p, now_s = self.parameters, time.monotonic()
        equipment = Equipment(p, self._model, self._networks)
        shelf = make_shelf(wish, p) if wish.mode == "static" else None
        run: Any = (
            make_video(wish, equipment, self, now_s) if shelf is None else make_capture(wish, shelf, equipment, self, now_s)
        )
        pictures = self.create_subscription(Image, "camera/image_raw", self._on_picture, PICTURE_IN)
        strategy, fusion = wish.strategy or p.strategy, wish.fusion or p.fusion
        capture = _Capture(handle, run, strategy, wish=wish, fusion=fusion, shelf=shelf, pictures=pictures, result=Future())
        self._run_begins(capture)
        return capture

    def _after_event(self) -> None:
        """Where the capture has ended, what it has is fused, and its coroutine finishes it."""
        capture = self._underway
        if capture is None or capture.run.ended is None:
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
        for capture in [capture for capture in self._fusing if capture.ends_s <= time.monotonic()]:
            self._give_up(capture, self._farewell or "it took too long")
        super()._tick()

    def _idle(self) -> bool:
        return super()._idle() and not self._fusing

    def _on_picture(self, message: Image) -> None:
        capture = self._underway
        if capture is None:
            return
        capture.frame_id = message.header.frame_id
        capture.run.frame(read_frame(message, read_picture if capture.shelf is not None else None), time.monotonic())
        self._after_event()

    # What the capture wishes besides

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
        self._meter.add(self._age_of(to_ns(header.stamp)))

    # The worker's thread

    def _load(self) -> None:
        """What cannot be loaded has been said; positions can still be captured."""
        try:
            self._networks.blur_maps()
        except AuxfocusError:
            return


def main() -> None:
    """Entry point."""
    sys.exit(run_node(AllInFocusNode, carries_pictures=True))


if __name__ == "__main__":
    main()
