"""Capture strategies in `auxfocus bench allinfocus`: simulated scenes of known depth, captured from several starts.

Each thing that our strategy does beyond the source's is left out in a row of its own; beside it stand the source's strategy (over
our blur maps), a uniform sweep, and the fewest frames that could have done it, known only to who knows the depth.

In focus is, by true depth, what lies within the depth of field of a frame. Only what has texture and can be in focus anywhere in
the lens's range is counted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.blur_map import BlurMap, BlurMapEstimator
from auxfocus_ros.allinfocus.driving import Capture, drive
from auxfocus_ros.allinfocus.scene_camera import SceneCamera
from auxfocus_ros.allinfocus.strategy.belief import CellBelief
from auxfocus_ros.allinfocus.strategy.cover import Covering, run
from auxfocus_ros.allinfocus.strategy.options import CoverOptions
from auxfocus_ros.allinfocus.terms import CaptureEnd, CaptureTask, Look, MakeStrategy, Strategy
from auxfocus_ros.autofocus.stack_camera import texture_energy
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens import Lens

STARTS = (0.0, 0.4, 1.0)
"""Shares of the lens's range."""
CELL_PX = 32
DEPTH_ERROR = 0.03
WRONG_DEPTH = 1.4
"""A depth image that is wrong throughout is too far by this factor."""
BUDGET = 4
MOST_FRAMES = 40
TEXTURE = 1.5
"""Grey levels a pixel: root of `texture_energy`; what has less has no texture."""
Floats = NDArray[np.float64]
OURS = "ours"


@dataclass(frozen=True, eq=False)
class StrategyScene:
    """A scene before a lens. best_steps: (N,) of the pixels that count, where each is in focus."""

    name: str
    sharp: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    lens: Lens
    best_steps: Floats

    def share_in_focus(self, positions_steps: Floats) -> float:
        """Of what counts, by frames taken there."""
        return float(self._seen(np.asarray(positions_steps)).any(axis=1).mean())

    def fewest(self, share: float) -> int:
        """The fewest frames that bring so much into focus; the next one always where it brings most."""
        places = np.linspace(self.lens.min_position_steps, self.lens.max_position_steps, 300)
        seen, left, frames = self._seen(places), np.ones(len(self.best_steps), bool), 0
        while 1.0 - left.mean() < share - 1e-9:
            left &= ~seen[:, int((seen & left[:, None]).sum(axis=0).argmax())]
            frames += 1
        return frames

    def uniform(self, share: float) -> int:
        """Frames of the smallest uniform sweep through the lens's whole range that brings so much into focus."""
        low, high = self.lens.min_position_steps, self.lens.max_position_steps
        for frames in range(2, 10 * MOST_FRAMES):
            if self.share_in_focus(np.linspace(low, high, frames)) >= share - 1e-9:
                break
        return frames

    def _seen(self, positions_steps: Floats) -> NDArray[np.bool_]:
        half = ThinLensModel(self.lens).half_depth_of_focus_steps(self.best_steps)
        return np.asarray(np.abs(positions_steps[None, :] - self.best_steps[:, None]) <= half[:, None])


class PairBelief(Covering):
    """Ours with what the last two frames say, and no more."""

    before: tuple[BlurMap, float] | None = None

    def see(self, blur: BlurMap, position_steps: float) -> Look | CaptureEnd:
        """As ours."""
        self.belief = CellBelief(self.axis, self.task.grid.shape, self.options)
        if self.before is not None:
            self.belief.see(*self.before)
        self.before = blur, position_steps
        return super().see(blur, position_steps)


class Greedy(Covering):
    """Ours, going always where most comes into focus, however far that is."""

    def _sure(self) -> bool:
        return False


@dataclass(frozen=True)
class Way:
    """A row. make: gives the strategy of a task by an estimator. depth: what it is told of the depth: '', 'measured', 'wrong'."""

    name: str
    make: Callable[[CaptureTask, BlurMapEstimator], Strategy]
    depth: str = ""
    max_frames: int = MOST_FRAMES


@dataclass
class Row:
    """What a way did over all scenes and starts: means; shares 0 to 1, travel in ranges of the lens."""

    name: str
    frames: list[int] = field(default_factory=list)
    moves: list[int] = field(default_factory=list)
    travel: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    fewest: list[int] = field(default_factory=list)
    uniform: list[int] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)

    def add(self, scene: StrategyScene, capture: Capture) -> None:
        """A run. What could have brought as much: the fewest frames, and a uniform sweep."""
        journal, share = capture.journal, scene.share_in_focus(np.array(capture.positions_steps))
        self.frames.append(journal.captures)
        self.moves.append(journal.moves)
        self.travel.append(journal.travel_steps / (scene.lens.max_position_steps - scene.lens.min_position_steps))
        self.share.append(share)
        self.fewest.append(scene.fewest(share))
        self.uniform.append(scene.uniform(share))
        self.ends[capture.end.end.name] = self.ends.get(capture.end.end.name, 0) + 1

    def figures(self) -> dict[str, Any]:
        """Means, and the worst share."""
        means = {key: float(np.mean(getattr(self, key))) for key in ("frames", "moves", "travel", "share", "fewest", "uniform")}
        return {"name": self.name, **means, "worst_share": min(self.share), "runs": len(self.frames), "ends": self.ends}


def ways() -> list[Way]:
    """Every row."""
    plain = CoverOptions()

    def ours(machine: type[Covering] = Covering, options: CoverOptions = plain) -> Callable[..., Strategy]:
        return lambda task, estimator: run(machine(task, options), estimator)

    def source(task: CaptureTask, estimator: BlurMapEstimator) -> Strategy:
        from auxfocus_ros.allinfocus.strategy.source import source_strategy

        return source_strategy(task, estimator)

    return [
        Way(OURS, ours()),
        Way("one pair of frames at a time", ours(PairBelief)),
        Way("no order of travel", ours(Greedy, replace(plain, travel_worth=0.0))),
        Way("with depth", ours(), "measured"),
        Way("with depth, no order of travel", ours(Greedy, replace(plain, travel_worth=0.0)), "measured"),
        Way("with wrong depth", ours(), "wrong"),
        Way(f"budget of {BUDGET}", ours(), max_frames=BUDGET),
        Way(f"with depth, budget of {BUDGET}", ours(), "measured", BUDGET),
        Way("the source's", source),
        Way(f"the source's, budget of {BUDGET}", source, max_frames=BUDGET),
    ]


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Measure and print. options: quick, seed."""
    from auxfocus_ros.allinfocus.networks import load_blur_map_estimator

    estimator = load_blur_map_estimator()
    rows = {way.name: Row(way.name) for way in ways()}
    names = []
    for scene in scenes(options.quick):
        names.append(scene.name)
        print(f"[bench] {scene.name}", file=sys.stderr, flush=True)
        for way in ways():
            for number, start in enumerate(STARTS[:1] if options.quick else STARTS):
                rows[way.name].add(scene, captured(scene, way, start, estimator, options.seed + number))
    result = {"scenes": names, "rows": [row.figures() for row in rows.values()]}
    show(result)
    return result


def captured(scene: StrategyScene, way: Way, start: float, estimator: BlurMapEstimator, seed: int) -> Capture:
    """One capture."""
    low, high = scene.lens.min_position_steps, scene.lens.max_position_steps
    camera = SceneCamera(scene.sharp, scene.depth_m, scene.lens, low + start * (high - low), seed=seed)
    task = CaptureTask(
        width_px=scene.sharp.shape[1],
        height_px=scene.sharp.shape[0],
        min_position_steps=low,
        max_position_steps=high,
        start_position_steps=camera.position_steps,
        cell_px=CELL_PX,
        model=ThinLensModel(scene.lens),
        depth_m=told_depth(camera.depth_m, way.depth, seed),
        depth_sigma=DEPTH_ERROR,
        max_frames=way.max_frames,
    )
    make: MakeStrategy = lambda task: way.make(task, estimator)  # noqa: E731
    return drive(make(task), camera, task)


def told_depth(depth_m: NDArray[np.float32], how: str, seed: int) -> NDArray[np.float64] | None:
    """A range sensor's image of a sixteenth of the pixels: noisy, with a tenth of its readings missing; or wrong as well."""
    if not how:
        return None
    rng = np.random.default_rng(seed)
    coarse = np.asarray(depth_m[2::4, 2::4], np.float64)
    read = coarse * (1.0 + 0.5 * DEPTH_ERROR * rng.standard_normal(coarse.shape))
    read[rng.random(coarse.shape) < 0.1] = np.nan
    return np.asarray(read * (WRONG_DEPTH if how == "wrong" else 1.0))


def scenes(quick: bool) -> Iterator[StrategyScene]:
    """Those of the fusion that can be drawn here, each before a lens whose aperture makes the blur wanted there."""
    from auxfocus_ros.commands.bench_allinfocus_scenes import LENS, QUICK, TRUTH_SCENES
    from auxfocus_ros.optics import load_lens

    for truth in TRUTH_SCENES:
        if quick and truth.name not in QUICK:
            continue
        try:
            sharp, depth_m = truth.sharp()
        except AuxfocusError as error:
            print(f"[bench] {truth.name} is left out: {error}", file=sys.stderr, flush=True)
            continue
        lens = load_lens(LENS)
        lens = replace(lens, pixel_pitch_m=lens.pixel_pitch_m * 640 / sharp.shape[1])
        lens = replace(lens, circle_of_confusion_m=2.0 * lens.pixel_pitch_m)
        best = SceneCamera(sharp, depth_m, lens, lens.min_position_steps).best_position_steps()
        ends = np.clip(np.percentile(best, [1.0, 99.0]), lens.min_position_steps, lens.max_position_steps)
        largest_px = float(ThinLensModel(lens).radius_px(float(ends[0]), float(ends[1])))
        lens = replace(lens, f_number=max(lens.f_number * largest_px / truth.largest_px, 0.3))
        half = ThinLensModel(lens).half_depth_of_focus_steps(best)
        within = (best >= lens.min_position_steps - half) & (best <= lens.max_position_steps + half)
        counts = within & (np.sqrt(texture_energy(sharp)) > TEXTURE)
        yield StrategyScene(truth.name, sharp, depth_m, lens, best[counts][::7])


def show(result: dict[str, Any]) -> None:
    """A table."""
    print(f"capture strategies on {len(result['scenes'])} simulated scenes: {', '.join(result['scenes'])}")
    print(f"{'':38} frames  moves  travel  in focus  worst   fewest  uniform")
    for row in result["rows"]:
        print(
            f"{row['name']:38} {row['frames']:6.1f} {row['moves']:6.1f} {row['travel']:7.2f} {row['share']:9.1%} "
            f"{row['worst_share']:6.1%} {row['fewest']:7.1f} {row['uniform']:8.1f}"
        )
    print("travel: in ranges of the lens; fewest, uniform: frames with which as much could have been had")
