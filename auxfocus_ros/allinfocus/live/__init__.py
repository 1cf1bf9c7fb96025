"""Capturing over a lens and a camera that answer when they like: events in, wishes out, no clock and no thread.

`CaptureRun` drives a static strategy to its end, `VideoRun` a dynamic one until somebody ends it. Both are runs over a live lens
as those that focus (`autofocus.live.LensRun`). What a capture has kept becomes one picture by `finish`.
"""

from auxfocus_ros.allinfocus.live.capture_run import CaptureRun
from auxfocus_ros.allinfocus.live.events import (
    CaptureEnding,
    CaptureHands,
    CaptureProblem,
    Failure,
    Progress,
    Shown,
    VideoHands,
)
from auxfocus_ros.allinfocus.live.finishing import Finished, GivenUp, finish
from auxfocus_ros.allinfocus.live.video_run import VideoRun

__all__ = [
    "CaptureEnding", "CaptureHands", "CaptureProblem", "CaptureRun", "Failure", "Finished", "GivenUp", "Progress", "Shown",
    "VideoHands", "VideoRun", "finish",
]  # fmt: skip
