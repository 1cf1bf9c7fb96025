"""The real sweep in `auxfocus bench allinfocus`: the frames that a strategy takes of it, against uniform sweeps.

The lens is not calibrated: positions are dioptres, and what a dioptre blurs is found out. Every chosen set is fused by the same
method from the same aligned frames, and judged by what it kept of all frames (Q_AB/F), and by how near it comes to the fusion of
all of them (PSNR). The first of these has little to say here: most frames of a sweep show most of the scene blurred, and a
fusion that is blurred, too, keeps their edges better. So what a set is equal to is told by both.

The method is one that copies the sharpest frame's pixels. What our default method loses is shown besides: where many frames are
alike it takes their mean, which Q_AB/F rewards and no choice of fewer frames can have, a uniform sweep no more than ours.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.terms import CaptureTask, MakeStrategy, Strategy
from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.errors import InputError

STACK = "stack_phone_dioptres"
SHARE_BAR, LOSS_BAR = 0.5, 0.01
STARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the way through the sweep."""
QUICK_SWEEPS = (4, 7, 10, 13)
GAIN_PX, SHARP_PX = 2.2, 1.0
"""Told to the source's strategy, which cannot find them out: blur of a dioptre, and the largest that counts as in focus."""
COPYING = "gfdf"
"""The fusion that sets are judged by."""
Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class EvenModel:
    """A defocus model whose blur grows evenly with the way, `gain_px` a unit of position."""

    min_position_steps: float
    max_position_steps: float
    gain_px: float
    sharp_px: float

    def radius_px(self, position_steps: Any, best_position_steps: Any) -> NDArray[np.float64]:
        """`gain |Z - Z0|`."""
        return np.asarray(self.gain_px * np.abs(np.subtract(position_steps, best_position_steps)), np.float64)

    def scale(self, position_steps: Any, best_position_steps: Any) -> NDArray[np.float64]:
        """1: frames are aligned."""
        return np.ones(np.broadcast_shapes(np.shape(position_steps), np.shape(best_position_steps)))

    def half_depth_of_focus_steps(self, best_position_steps: Any) -> NDArray[np.float64]:
        """Alike everywhere."""
        return np.full(np.shape(best_position_steps), self.sharp_px / self.gain_px)

    def best_position_steps(self, depth_m: Any) -> NDArray[np.float64]:
        """Dioptres."""
        return np.asarray(1.0 / np.asarray(depth_m, np.float64))


@dataclass(frozen=True)
class Quality:
    """Of the fusion of a set of frames. q_abf: against all frames. psnr_db: against the fusion of all, inf: the same."""

    q_abf: float
    psnr_db: float


Judge = Callable[[Sequence[int]], Quality]


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Measure and print. options: data (folder of the collection), quick.

    Raises:
        InputError: the sweep is not there, or cannot be aligned.
    """
    from auxfocus_ros.commands.focus_stack import read_stack

    folder = Path(options.data) / STACK
    if not folder.is_dir():
        raise InputError(f"{folder} is not there: it holds the sweep that strategies are tried on")
    stack = read_stack(folder, None, None)
    images, positions = [stack.images[index] for index in stack.order], stack.positions
    frames = aligned_grey(images)
    result = measured(images, positions, judge_of(frames, COPYING), ways(), options.quick)
    add_default(result, judge_of(frames, None), len(images))
    result["bars"] = bars([row for row in result["rows"] if row["name"] == result["ours"]])
    show(result)
    return result


def measured(
    images: Sequence[Path], positions: Sequence[float], judge: Judge, makers: dict[str, MakeStrategy], quick: bool
) -> dict[str, Any]:
    """Every strategy from every start, and every uniform sweep."""
    from auxfocus_ros.commands.stack_select import select

    whole = judge(range(len(images)))
    counts = [n for n in (QUICK_SWEEPS if quick else range(2, len(images) + 1)) if n <= len(images)]
    sweeps = {n: judge(uniform(len(images), n)) for n in counts}
    rows = []
    for name, make in makers.items():
        for share in STARTS[:1] if quick else STARTS:
            start = round(share * (len(images) - 1))
            print(f"[bench] {name} from frame {start}", file=sys.stderr, flush=True)
            selection = select(images, positions, start=start, make=make)
            quality = judge(selection.indices)
            rows.append({
                "name": name,
                "start": start,
                "frames": list(selection.indices),
                "end": selection.end.end.name,
                "q_abf": quality.q_abf,
                "loss": 1.0 - quality.q_abf / whole.q_abf,
                "psnr_db": quality.psnr_db,
                "uniform_by_q_abf": equal_sweep(sweeps, quality, "q_abf"),
                "uniform_by_psnr": equal_sweep(sweeps, quality, "psnr_db"),
            })  # fmt: skip
    return {
        "frames": len(images),
        "whole": vars(whole),
        "sweeps": {n: vars(quality) for n, quality in sweeps.items()},
        "rows": rows,
        "ours": next(iter(makers)),
    }


def add_default(result: dict[str, Any], judge: Judge, frames: int) -> None:
    """Add to every row what the default method loses of Q_AB/F."""
    whole = judge(range(frames)).q_abf
    for row in result["rows"]:
        row["loss_by_default"] = 1.0 - judge(row["frames"]).q_abf / whole


def bars(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of our rows: frames as a share of an equal sweep's, by both measures, means over the starts; the most that Q_AB/F lost."""
    frames = float(np.mean([len(row["frames"]) for row in rows]))
    found = []
    for key in ("uniform_by_q_abf", "uniform_by_psnr"):
        share = frames / float(np.mean([row[key] for row in rows]))
        found.append(bar(f"sweep: frames, of {key.replace('_', ' ')}", share, SHARE_BAR, "<="))
    losses = {COPYING: "loss", "the default method": "loss_by_default"}
    found += [
        bar(f"sweep: loss of Q_AB/F against all frames, by {by}", max(row[key] for row in rows), LOSS_BAR, "<=")
        for by, key in losses.items()
    ]
    return found


def uniform(frames: int, count: int) -> tuple[int, ...]:
    """`count` of `frames` indices, evenly spread from the first to the last."""
    return tuple(round(float(at)) for at in np.linspace(0, frames - 1, count))


def equal_sweep(sweeps: dict[int, Quality], quality: Quality, key: str) -> int:
    """Frames of the smallest uniform sweep that is as good; of the largest one where none is."""
    good = [n for n, sweep in sweeps.items() if getattr(sweep, key) >= getattr(quality, key)]
    return min(good, default=max(sweeps))


def aligned_grey(images: Sequence[Path]) -> list[Grey]:
    """The sweep's frames on the pixels of one of them, (H, W) uint8. Raises InputError for one that cannot be aligned."""
    from auxfocus_ros.allinfocus.alignment import apply, find_alignment
    from auxfocus_ros.autofocus.stack_camera import read_picture

    alignment = find_alignment(lambda index: read_picture(images[index]), len(images))
    if not alignment.aligned.all():
        raise InputError(f"{images[int(np.argmin(alignment.aligned))]} cannot be aligned")
    frames = []
    for index, image in enumerate(images):
        picture = apply(read_picture(image), alignment, index)
        frames.append(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8))
    return frames


def judge_of(frames: Sequence[Grey], method: str | None) -> Judge:
    """Fuses a set of indices by a method, None: the default one, and judges it; what was judged once is remembered."""
    from auxfocus_ros.allinfocus.fusion import DEFAULT_METHOD, fuse
    from auxfocus_ros.allinfocus.fusion.frames import ArrayFrames
    from auxfocus_ros.allinfocus.quality import psnr_db, q_abf

    def fused(indices: Sequence[int]) -> Grey:
        if len(indices) == 1:
            return frames[indices[0]]
        return np.asarray(fuse(ArrayFrames([frames[index] for index in indices]), method or DEFAULT_METHOD).picture, np.uint8)

    whole = fused(range(len(frames)))
    known: dict[tuple[int, ...], Quality] = {}

    def judge(indices: Sequence[int]) -> Quality:
        key = tuple(sorted(indices))
        if key not in known:
            picture = fused(key)
            known[key] = Quality(q_abf(list(frames), picture), psnr_db(picture, whole))
            print(f"[bench] {len(key)} frames judged", file=sys.stderr, flush=True)
        return known[key]

    return judge


def ways() -> dict[str, MakeStrategy]:
    """Ours first, and the source's over our blur maps, told what a dioptre blurs."""
    from dataclasses import replace

    from auxfocus_ros.allinfocus.networks import load_blur_map_estimator
    from auxfocus_ros.allinfocus.strategy import strategy
    from auxfocus_ros.allinfocus.strategy.source import source_strategy

    estimator = load_blur_map_estimator()

    def source(task: CaptureTask) -> Strategy:
        model = EvenModel(task.min_position_steps, task.max_position_steps, GAIN_PX, SHARP_PX)
        return source_strategy(replace(task, model=model), estimator)

    return {"ours": strategy("cover"), "the source's": source}


def show(result: dict[str, Any]) -> None:
    """Tables."""
    print(f"all {result['frames']} frames of the sweep: Q_AB/F {result['whole']['q_abf']:.4f}")
    told = "by default   PSNR dB   equal sweep: by Q_AB/F  by PSNR   end, frames in order of visiting"
    print(f"{'':16} start  frames   Q_AB/F    loss  {told}")
    for row in result["rows"]:
        equal = f"{row['uniform_by_q_abf']:23d} {row['uniform_by_psnr']:8d}"
        lost = f"{row['loss']:7.2%} {row['loss_by_default']:11.2%}"
        head = f"{row['name']:16} {row['start']:5d} {len(row['frames']):7d} {row['q_abf']:8.4f}"
        print(f"{head} {lost} {row['psnr_db']:9.2f} {equal}   {row['end']}, {row['frames']}")
    for count, quality in result["sweeps"].items():
        print(f"{'uniform':16} {'':5} {int(count):7d} {quality['q_abf']:8.4f} {'':19} {quality['psnr_db']:9.2f}")
