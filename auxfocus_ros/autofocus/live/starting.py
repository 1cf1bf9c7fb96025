"""A run for a wish, by the settings of the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from auxfocus_ros.autofocus.live.aim import LEAST_PX, Aim, Aimer
from auxfocus_ros.autofocus.live.choosing import Networks, choose_method, make_follower
from auxfocus_ros.autofocus.live.events import BoxPx, Hands, LensReading, Limits
from auxfocus_ros.autofocus.live.following_run import FollowingRun
from auxfocus_ros.autofocus.live.once_run import OnceRun
from auxfocus_ros.autofocus.live.settings import LiveSettings, bounds_of, follower_options
from auxfocus_ros.autofocus.methods import METHODS
from auxfocus_ros.autofocus.terms import DepthReading, Search, Task, Use
from auxfocus_ros.optics.defocus_model import DefocusModel


class Wish(Protocol):
    """What somebody wants; see Autofocus.action. Limits: 0: the settings'."""

    @property
    def mode(self) -> Literal["once", "continuous"]: ...  # noqa: D102
    @property
    def region(self) -> Literal["whole_frame", "point", "box", "target"]: ...  # noqa: D102
    @property
    def point_px(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def box_px(self) -> BoxPx: ...  # noqa: D102
    @property
    def target_id(self) -> int: ...  # noqa: D102
    @property
    def use(self) -> Use: ...  # noqa: D102
    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def max_moves(self) -> int: ...  # noqa: D102
    @property
    def max_captures(self) -> int: ...  # noqa: D102
    @property
    def max_duration_s(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Equipment:
    """What runs have in common. model: None: no calibration is known. clock_ns: the clock of the stamps."""

    model: DefocusModel | None
    networks: Networks
    hands: Hands
    clock_ns: Callable[[], int]


def make_aimer(wish: Wish, settings: LiveSettings, now_s: float) -> Aimer:
    """Where a run for this wish looks."""
    once = wish.mode == "once"
    return Aimer(
        Aim(wish.region, wish.point_px, wish.box_px, wish.target_id),
        wish.use,
        now_s,
        region_px=settings.region_px,
        least_px=max(METHODS[wish.method or settings.method].patch_px if once else 0, LEAST_PX),
        target_s=settings.target_timeout_s,
        first_s=settings.start_wait_s,
        depth_s=settings.depth_timeout_s,
        keep_target=once,
    )


def make_run(wish: Wish, aimer: Aimer, settings: LiveSettings, equipment: Equipment, now_s: float) -> OnceRun | FollowingRun:
    """The run. Its method is looked up when it begins to think: its networks may have to be read."""
    limits = Limits(wish.max_moves, wish.max_captures, wish.max_duration_s)
    bounds, networks = bounds_of(settings), equipment.networks

    def make_task(reading: LensReading, depth: DepthReading | None) -> Task:
        low, high = reading.min_position_steps, reading.max_position_steps
        task = Task(
            low,
            high,
            min(max(reading.position_steps, low), high),
            model=equipment.model,
            half_depth_of_focus_steps=settings.half_depth_of_focus_steps or None,
            use=wish.use,
            depth=depth,
            backlash_steps=settings.backlash_steps,
            gamma=settings.gamma,
            seed=settings.seed,
        )
        return replace(task, max_moves=limits.max_moves or task.max_moves, max_captures=limits.max_captures or task.max_captures)

    if wish.mode == "continuous":
        options = follower_options(settings)
        return FollowingRun(
            lambda task: make_follower(task, networks, options),
            make_task,
            equipment.hands,
            aimer,
            clock_ns=equipment.clock_ns,
            bounds=bounds,
            limits=limits,
            now_s=now_s,
        )
    name = wish.method or settings.method
    limits = Limits(
        wish.max_moves or settings.max_moves,
        wish.max_captures or settings.max_captures,
        wish.max_duration_s or settings.max_duration_s,
    )

    def method(task: Task) -> Search:
        return choose_method(name, networks)(task)

    return OnceRun(method, make_task, equipment.hands, aimer, bounds=bounds, limits=limits, now_s=now_s)
