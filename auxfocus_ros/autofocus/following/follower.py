"""Continuous focus: keeps a moving target sharp, frame by frame.

Told with every frame where the lens stood and what was seen, the follower answers where the lens should go now, or that it
should stay. It knows neither ROS nor a clock: the stamps are its time. What it does, in this order:

1. *Hear.* A depth reading says where the target was, a picture's blur says how far from the lens's position it was, before it or
   behind it. Both go into a belief over the target's place and speed (`Track`), each at its own stamp.
2. *Look ahead.* By the time that the lens stands, the frame is a latency and a move old. The belief is carried on to there.
3. *Aim.* The lens is best put where the chance of focus then is greatest (`Outlook.best`), a little ahead of a slow target.
4. *Weigh.* Staying is fine as long as the chance there is nearly as good; going back on one's way must be worth more. A move
   whose direction is not known is a probe, and is told as one.

States: WAITING_FOR_FRAME until something is known; IN_FOCUS, ESTIMATING (probably not in focus, no better place is known) and
MOVING while it follows; HOLDING with a reason where it cannot (target lost, no depth, nothing to be seen in the picture);
SEARCHING where focus is lost by picture alone, or the lens has to be learnt.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from auxfocus_ros.autofocus.following.aim import Outlook, move_time_s, outlook
from auxfocus_ros.autofocus.following.axis import Axis
from auxfocus_ros.autofocus.following.evidence import Evidence, depth_evidence, picture_evidence
from auxfocus_ros.autofocus.following.mixture import Motion
from auxfocus_ros.autofocus.following.options import FollowerOptions, FollowSetup
from auxfocus_ros.autofocus.following.sweep import Sweep
from auxfocus_ros.autofocus.following.track import Track
from auxfocus_ros.autofocus.following.wish import Wish
from auxfocus_ros.autofocus.radius_estimate import RadiusEstimate, RadiusEstimator
from auxfocus_ros.autofocus.terms import DepthReading, Known, Reason, State
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import DefocusModel

CLOCK_BACK_S = 1.0
"""Stamps that go back by more are another clock's: everything is forgotten."""
FRESH_S = 0.3
"""A depth reading younger than this says where the target is; then the lens may be sent on with every frame."""
_LONGEST_PERIOD_S = 0.1
_LEAST_MOVE_STEPS = 1.0
_SLOW_S = 0.25
_LOST_CHANCE = 0.2
_CONTRADICTIONS = 5
_CONTRADICTS = math.log(0.05)
_NO_CHANCE = 0.02
_SURE_OF_SIDE = 0.8
_SURE_TO_GO_BACK, _UNSURE = 0.95, 0.6
_STILL = 0.02


class Follower:
    """See the module's text. Not safe to call from several threads at once."""

    def __init__(
        self, setup: FollowSetup, estimator: RadiusEstimator | None = None, options: FollowerOptions | None = None
    ) -> None:
        """Nothing is known yet.

        Args:
            setup: the lens, its model, and what is to be used.
            estimator: of the blur in a picture; None: pictures are not judged.
            options: how to follow; None: the defaults.

        Raises:
            ConfigurationError: what is to be used cannot be: pictures without an estimator, depth without a model of depths.
        """
        self.setup = setup
        self.options = options or FollowerOptions()
        self._estimator = None if setup.use == "depth" else estimator
        self._use_model(setup.model)
        if not self._takes_depth and self._estimator is None:
            what = "pictures need an estimator of the blur" if setup.use != "depth" else "the defocus model knows no depths"
            raise ConfigurationError(f"continuous focus with use {setup.use!r}: {what}")
        self.reset()

    def reset(self) -> None:
        """Forget the target, where the lens was sent, and the time."""
        if self._track is not None:
            self._track.forget()
        if self._depth_track is not None:
            self._depth_track.forget()
        self._newest_s = self._first_s = math.nan
        self._depth_s = self._picture_s = -math.inf
        self._periods_s = np.array([1.0 / 30.0, 1.0 / 900.0])  # means of the period and of its square
        self._decided_s = -math.inf
        self._goal_steps = math.nan
        self._direction = 0.0
        self._free_s = self._sent_s = -math.inf
        self._blur: RadiusEstimate | None = None
        self._fault: tuple[Reason, str] | None = None
        self._contradictions = self._far_frames = 0
        self._sweep: Sweep | None = None
        self._no_sweep_before_s = -math.inf

    @property
    def learnt_model(self) -> DefocusModel | None:
        """The model in use: the setup's, or the one learnt; None: none yet."""
        return self._model

    def see(
        self,
        stamp_s: float,
        picture: np.ndarray | None,
        position_steps: float,
        depth: DepthReading | None = None,
        depth_velocity_m_per_s: float | None = None,
        *,
        moving: bool = False,
        now_s: float | None = None,
    ) -> Wish:
        """Take one frame in, and say what the lens should do.

        To be called for every frame, also for one in which the target was not seen; a depth reading of a stamp of its own may
        come in a call without a picture, up to 0.6 s late.

        Args:
            stamp_s: middle of the exposure, or time of the reading, seconds of any clock.
            picture: the target's region, (H, W) or (H, W, 3) uint8; None: none.
            position_steps: where the lens stood meanwhile, motor steps.
            depth: the reading; None: none.
            depth_velocity_m_per_s: the target's, positive when it goes away; None or NaN: unknown.
            moving: the lens moved during the exposure: the picture is not judged.
            now_s: the present time on the stamps' clock; None: the stamp and the option `latency_s`.
        """
        if not math.isfinite(stamp_s) or not math.isfinite(position_steps):
            message = f"a frame without a {'position of the lens' if math.isfinite(stamp_s) else 'stamp'}"
            return Wish(State.HOLDING, Reason.OTHER, message, None, Known(State.HOLDING, message), probe=False)
        if stamp_s < self._newest_s - CLOCK_BACK_S:
            self.reset()
        self._tick(stamp_s)
        self._hear(stamp_s, depth, depth_velocity_m_per_s)
        if picture is not None and not moving and self._estimator is not None:
            self._judge(stamp_s, picture, position_steps, self._estimator)
        now_s = self._now(now_s)
        if self._sweep is None and self._needs_sweep(now_s):
            self._sweep = Sweep.of_range(self.setup, self.options.search_positions, position_steps)
        wish = self._search(now_s, position_steps) if self._sweep is not None else self._follow(now_s, position_steps, moving)
        return replace(wish, known=replace(wish.known, state=wish.state, message=wish.message))

    # Hearing

    def _use_model(self, model: DefocusModel | None) -> None:
        self._model = model
        self._axis = None if model is None else Axis(self.setup, model)
        self._takes_depth = self._axis is not None and self._axis.in_metres and self.setup.use != "picture"
        self._track = self._depth_track = None
        if self._axis is not None:
            self._track = Track(self._motion(self._axis))
            if self._takes_depth and self._estimator is not None:
                self._depth_track = Track(self._motion(self._axis))

    def _motion(self, axis: Axis) -> Motion:
        o, scale = self.options, axis.speed_scale
        bias = o.depth_bias if self._takes_depth and self._estimator is not None else 0.0
        return Motion(
            speed_sigma=o.speed_sigma_m_per_s * scale,
            still_sigma=_STILL * o.speed_sigma_m_per_s * scale,
            wander=o.wander_m_per_s * scale,
            turns_per_s=o.turns_per_s,
            bias_sigma=max(bias, 1e-6),
            low=axis.low,
            high=axis.high,
        )

    def _tick(self, stamp_s: float) -> None:
        if math.isnan(self._newest_s):
            self._newest_s = self._first_s = stamp_s
        self._newest_s = max(self._newest_s, stamp_s)

    def _now(self, now_s: float | None) -> float:
        """The present time; on the way, how often there is a decision."""
        if now_s is None or not self._newest_s <= now_s <= self._newest_s + CLOCK_BACK_S:
            now_s = self._newest_s + self.options.latency_s
        step_s = min(max(now_s - self._decided_s, 0.0), _LONGEST_PERIOD_S)
        self._periods_s += 0.1 * (np.array([step_s, step_s**2]) - self._periods_s)
        self._decided_s = now_s
        return now_s

    @property
    def _period_s(self) -> float:
        """Between decisions, as a moment chosen by chance finds it: long periods count for more."""
        return float(self._periods_s[1] / max(self._periods_s[0], 1e-6))

    def _hear(self, stamp_s: float, depth: DepthReading | None, velocity: float | None) -> None:
        if depth is None or not self._takes_depth or self._axis is None or self._track is None:
            return
        speed = None
        if velocity is not None and math.isfinite(velocity):
            speed = (velocity, self.options.velocity_sigma_m_per_s**2)
        evidence = depth_evidence(self._axis, depth, speed)
        if self._track.add(stamp_s, evidence):
            self._depth_s = max(self._depth_s, stamp_s)
            self._sweep = None
        if self._depth_track is not None:
            self._depth_track.add(stamp_s, evidence)

    def _judge(self, stamp_s: float, picture: np.ndarray, position_steps: float, estimator: RadiusEstimator) -> None:
        self._fault = _fault_of(picture)
        if self._fault is not None:
            self._blur = None
            return
        self._blur = estimator.estimate(picture)
        if self._sweep is not None:
            self._sweep.note(stamp_s, position_steps, self._blur)
        if self._model is None or self._axis is None or self._track is None:
            return
        evidence = picture_evidence(self._axis, self._model, position_steps, self._blur)
        if evidence is None:
            return
        if self._contradicts(stamp_s, evidence):
            self._contradictions += 1
            return
        self._contradictions = 0
        if self._track.add(stamp_s, evidence):
            self._picture_s = max(self._picture_s, stamp_s)
            chance = outlook(self._track.at(stamp_s), self._axis).chance(position_steps)
            self._far_frames = self._far_frames + 1 if chance < _LOST_CHANCE else 0

    def _contradicts(self, stamp_s: float, evidence: Evidence) -> bool:
        """Whether fresh depth readings by themselves say that the target is nowhere near."""
        if self._depth_track is None or not self._depth_track.begun or stamp_s - self._depth_s > FRESH_S:
            return False
        return self._depth_track.at(stamp_s).log_chance(evidence) < _CONTRADICTS

    # Deciding

    def _follow(self, now_s: float, position_steps: float, moving: bool) -> Wish:
        o, track, axis = self.options, self._track, self._axis
        if track is None or axis is None or not track.begun:
            return self._without(self._newest_s - self._first_s)
        unseen_s = self._newest_s - track.stamp_s
        if unseen_s > o.coast_s:
            if unseen_s > o.forget_s:
                self._forget_target()
            return self._without(unseen_s)
        known = self._known(track, axis, position_steps)
        standing = self._standing(now_s, position_steps, moving)
        depth_fresh = self._newest_s - self._depth_s <= FRESH_S
        then, wanted = self._aim(now_s, position_steps, track, axis, depth_fresh=depth_fresh)
        reason, message = self._remark(wanted, axis, depth_fresh=depth_fresh)
        goal = self.setup.reachable(wanted)
        if not self._is_worth(then, standing, goal, wanted) or (not depth_fresh and now_s < self._free_s):
            return self._staying(known, now_s, moving, reason, message)
        direction = math.copysign(1.0, goal - standing)
        half = float(axis.half_depth_steps(goal))
        probe = abs(goal - standing) > half and then.side(standing, direction) < _SURE_OF_SIDE
        self._send(now_s, standing, goal)
        if not message:
            message = "looks on which side the target lies" if probe else f"goes to {goal:.0f}"
        return Wish(State.MOVING, reason, message, goal, known, probe)

    def _aim(self, now_s: float, position_steps: float, track: Track, axis: Axis, *, depth_fresh: bool) -> tuple[Outlook, float]:
        """(the outlook for when the lens will stand there, where it is best put)."""
        o = self.options
        soon = outlook(track.at(now_s), axis)
        best, _, _ = soon.best()
        speed, speed_sigma = soon.speed_near(best)
        if depth_fresh:
            ahead_s = self._chase_s(min(abs(speed), o.lens_speed_steps_per_s))
        else:
            way = best + speed * 0.1 - position_steps
            ahead_s = self._move_s(way) + o.settle_s + 0.5 * o.look_s
        then = outlook(track.at(now_s + ahead_s), axis)
        goal, _, _ = then.best()
        if abs(speed) > 2.0 * speed_sigma:
            half = float(axis.half_depth_steps(goal))
            slow = max(0.0, 1.0 - 2.0 * abs(speed) * self._period_s / half)
            goal += math.copysign(min(o.lead * half, abs(speed) * _SLOW_S) * slow, speed)
        return then, goal

    def _chase_s(self, speed_steps_per_s: float) -> float:
        """How far ahead the goal must be so that a lens that is sent on in every period keeps up on average.

        Within a period T the lens runs up and brakes, from a speed v and back to it; so v = V - a T / 4, and at the period's end
        it is its braking distance v^2 / 2a short of the goal.
        """
        if speed_steps_per_s <= 0.0:
            return self._period_s
        acceleration = self.options.lens_acceleration_steps_per_s2
        kept = max(speed_steps_per_s - 0.25 * acceleration * self._period_s, 0.0)
        return self._period_s + kept**2 / (2.0 * acceleration * speed_steps_per_s)

    def _is_worth(self, then: Outlook, standing: float, goal: float, wanted: float) -> bool:
        """Whether to go; `goal` is the place in the range that is nearest to the one wanted."""
        o, way = self.options, goal - standing
        if abs(way) < max(_LEAST_MOVE_STEPS, self.setup.backlash_steps):
            return False
        if then.chance(goal) < _NO_CHANCE:
            return abs(wanted - goal) + float(then.half_depth_steps.mean()) < abs(wanted - standing)
        back = self._direction != 0.0 and way * self._direction < 0.0
        share, within = o.worth, o.keep_within
        if back:
            share = o.worth_back if then.side(standing, way) > _SURE_TO_GO_BACK else _UNSURE * o.worth_back
            within = 1.0
        return then.chance(standing, within) < share * then.chance(goal, within)

    def _send(self, now_s: float, standing: float, goal: float) -> None:
        self._direction = math.copysign(1.0, goal - standing)
        self._goal_steps, self._sent_s = goal, now_s
        self._free_s = now_s + self._move_s(goal - standing) + self.options.settle_s + self.options.look_s

    def _move_s(self, way_steps: float) -> float:
        return move_time_s(way_steps, self.options.lens_speed_steps_per_s, self.options.lens_acceleration_steps_per_s2)

    def _standing(self, now_s: float, position_steps: float, moving: bool) -> float:
        """Where the lens will stand if it is not sent elsewhere: its last goal, unless it rests somewhere else since."""
        if math.isnan(self._goal_steps):
            return position_steps
        if not moving and self._newest_s > self._free_s and abs(position_steps - self._goal_steps) > _LEAST_MOVE_STEPS:
            return position_steps
        return self._goal_steps

    def _staying(self, known: Known, now_s: float, moving: bool, reason: Reason, message: str) -> Wish:
        if reason in (Reason.OUT_OF_RANGE, Reason.LIMIT_REACHED):
            return Wish(State.HOLDING, reason, message, None, known, probe=False)
        if moving or now_s < self._free_s - self.options.look_s:
            return Wish(State.MOVING, reason, message or "on the way", None, known, probe=False)
        if known.probability_in_focus >= 0.5:
            return Wish(State.IN_FOCUS, reason, message or "in focus", None, known, probe=False)
        return Wish(State.ESTIMATING, reason, message or "waits for more to be seen", None, known, probe=False)

    def _without(self, unseen_s: float) -> Wish:
        """Nothing is known of the target."""
        known = self._blur_known(Known())
        if unseen_s <= self.options.coast_s:
            message = "nothing was seen of the target yet"
            return Wish(State.WAITING_FOR_FRAME, Reason.NONE, message, None, known, probe=False)
        if self._fault is not None:
            reason, message = self._fault
        elif self.setup.use == "depth":
            reason, message = Reason.NO_DEPTH, f"no depth of the target for {unseen_s:.1f} s: the lens stays"
        else:
            reason, message = Reason.TARGET_LOST, f"the target was not seen for {unseen_s:.1f} s: the lens stays"
        return Wish(State.HOLDING, reason, message, None, known, probe=False)

    def _remark(self, goal: float, axis: Axis, *, depth_fresh: bool) -> tuple[Reason, str]:
        """What there is to say while it follows."""
        low, high = self.setup.min_position_steps, self.setup.max_position_steps
        half = float(axis.half_depth_steps(self.setup.reachable(goal)))
        if not low - half <= goal <= high + half:
            end = "lower" if goal < low else "upper"
            return Reason.OUT_OF_RANGE, f"the target is beyond the {end} end of the lens's range: the lens goes to that end"
        if self._contradictions >= _CONTRADICTIONS:
            return Reason.TWO_DEPTHS, "picture and depth contradict each other: the depth is followed"
        if self._far_frames >= self.options.patience_frames and not depth_fresh:
            return Reason.LIMIT_REACHED, "focus was not found in the whole range"
        if self._fault is not None and depth_fresh:
            return self._fault[0], f"{self._fault[1]}: by the depth alone"
        if self._takes_depth and not depth_fresh:
            return Reason.NO_DEPTH, "no depth: by the picture alone"
        return Reason.NONE, ""

    def _forget_target(self) -> None:
        for track in (self._track, self._depth_track):
            if track is not None:
                track.forget()
        self._far_frames = self._contradictions = 0
        self._first_s = min(self._first_s, self._newest_s - self.options.forget_s)

    def _known(self, track: Track, axis: Axis, position_steps: float) -> Known:
        whole = outlook(track.at(self._newest_s), axis, apart_from_bias=False)
        best, _, sigma = whole.best()
        known = Known(
            best_position_steps=best,
            best_sigma_steps=sigma,
            probability_in_focus=min(max(whole.chance(position_steps), 0.0), 1.0),
        )
        return self._blur_known(known)

    def _blur_known(self, known: Known) -> Known:
        if self._blur is None:
            return known
        return replace(known, blur_radius_px=self._blur.radius_px, blur_sigma_px=self._blur.sigma_px)

    # Searching

    def _needs_sweep(self, now_s: float) -> bool:
        if self._estimator is None or self._blur is None or now_s < self._no_sweep_before_s:
            return False
        if self._model is None:
            return True
        return self._far_frames >= self.options.patience_frames and self._newest_s - self._depth_s > FRESH_S

    def _search(self, now_s: float, position_steps: float) -> Wish:
        sweep = self._sweep
        assert sweep is not None
        known = self._blur_known(Known())
        found = self._model is not None and bool(sweep.seen) and self._far_frames == 0
        if found or not sweep.left:
            self._end_sweep(sweep, now_s)
            if self._model is None:
                message = "the pictures of the whole range do not tell how the lens blurs"
                return Wish(State.HOLDING, Reason.LIMIT_REACHED, message, None, known, probe=False)
            return self._follow(now_s, position_steps, moving=False)
        goal = sweep.left[0]
        message = "learns how the lens blurs" if self._model is None else "focus is lost: looks over the whole range"
        if self._goal_steps == goal and now_s < self._sent_s + 1.0:
            return Wish(State.SEARCHING, Reason.NONE, message, None, known, probe=False)
        self._send(now_s, position_steps, goal)
        return Wish(State.SEARCHING, Reason.NONE, message, goal, known, probe=True)

    def _end_sweep(self, sweep: Sweep, now_s: float) -> None:
        self._sweep = None
        self._no_sweep_before_s = now_s + self.options.rest_s
        self._far_frames = 0
        if self._model is not None:
            return
        model = sweep.learnt(self.setup)
        if model is None:
            return
        self._use_model(model)
        assert self._axis is not None and self._track is not None
        for stamp_s, position, estimate in sweep.seen:
            evidence = picture_evidence(self._axis, model, position, estimate)
            if evidence is not None:
                self._track.add(stamp_s, evidence)


def _fault_of(picture: np.ndarray) -> tuple[Reason, str] | None:
    """Why a picture says nothing of its blur; None: it does."""
    from auxfocus_ros.autofocus.controller import region_fault

    return region_fault(picture)
