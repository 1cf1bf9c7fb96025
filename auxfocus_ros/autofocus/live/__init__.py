"""A way of focusing over a lens and a camera that answer when they like: events in, wishes out, no clock and no thread.

`OnceRun` drives a `Search` to its end, `FollowingRun` keeps a target in focus. Whoever owns one hands it what the lens, the
camera and the targets say, with the time, and carries out what it asks for (`Hands`). `LensRun` is what they share with runs that
capture frames (`allinfocus.live`).
"""

from auxfocus_ros.autofocus.live.aim import Aim, Aimer, AimError
from auxfocus_ros.autofocus.live.events import (
    Bounds,
    Ending,
    Frame,
    Hands,
    LensHands,
    LensReading,
    Limits,
    MoveEnd,
    Report,
    SeenTarget,
    Targets,
)
from auxfocus_ros.autofocus.live.following_run import FollowingRun
from auxfocus_ros.autofocus.live.lens_run import LensRun
from auxfocus_ros.autofocus.live.lens_watch import LensWatch
from auxfocus_ros.autofocus.live.once_run import OnceRun
from auxfocus_ros.autofocus.live.run import LiveRun

__all__ = [
    "Aim", "AimError", "Aimer", "Bounds", "Ending", "FollowingRun", "Frame", "Hands", "LensHands", "LensReading", "LensRun",
    "LensWatch", "Limits", "LiveRun", "MoveEnd", "OnceRun", "Report", "SeenTarget", "Targets",
]  # fmt: skip
