"""Sequences and the rows that a network learns from, on disk: made once, taken up again where the making was interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.training.video_sequences import FRAMES, HEIGHT_PX, WIDTH_PX, Clip, sequence
from auxfocus_ros.allinfocus.video import BlendNetwork, VideoFuser, VideoOptions
from auxfocus_ros.allinfocus.video.blending import CHANNELS, evidence
from auxfocus_ros.allinfocus.video.transfer import Offer
from auxfocus_ros.allinfocus.video.views import Map, View, halved
from auxfocus_ros.autofocus.training.sources import Sources
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.lens_file import load_lens

HALF = (HEIGHT_PX // 2, WIDTH_PX // 2)
FIRST_ROW, EVERY = 1, 2
ROWS = len(range(FIRST_ROW, FRAMES, EVERY))
"""Of a sequence: neighbouring frames teach nearly the same."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SequencePlan:
    """photos, clips: paths as text. count: of sequences. lens: a shipped name or path. procedural_share: of drawn textures."""

    photos: tuple[str, ...]
    clips: tuple[str, ...]
    count: int
    seed: int
    lens: str
    procedural_share: float


def sequences(folder: Path, plan: SequencePlan, progress: Progress) -> np.ndarray:
    """Made or read: (count, 2, FRAMES, HEIGHT_PX, WIDTH_PX, 3) uint8, captured and true; mapped from disk."""
    shape = (plan.count, 2, FRAMES, HEIGHT_PX, WIDTH_PX, 3)
    array, todo = _opened(folder, vars(plan), {"frames": (shape, np.uint8)}, plan.count)
    if any(not done for done in todo):
        sources = Sources.read([Path(photo) for photo in plan.photos], plan.procedural_share)
        clips = [Clip.read(Path(clip)) for clip in plan.clips]
        lens = load_lens(plan.lens)
        for number in _missing(todo, progress):
            captured, true = sequence([plan.seed, number], sources, clips, lens)
            array["frames"][number, 0], array["frames"][number, 1] = captured, true
    return array["frames"]


def rows(
    folder: Path, frames: np.ndarray, policy: BlendNetwork | None, about: dict[str, Any], progress: Progress
) -> dict[str, np.ndarray]:
    """What a fuser meets on its way through sequences, made or read.

    Args:
        folder: where they lie.
        frames: of `sequences`.
        policy: what decides while they are made; None: the rule.
        about: says which policy and sequences these are; rows of others are made again.
        progress: told how many sequences are done, of how many.

    Returns:
        planes (rows, CHANNELS, h, w) float16 and parabola (rows, 3, h, w) float32; see `networks.blend_goal`.
    """
    count = len(frames)
    shapes: dict[str, tuple[tuple[int, ...], Any]] = {
        "planes": ((count * ROWS, CHANNELS, *HALF), np.float16),
        "parabola": ((count * ROWS, 3, *HALF), np.float32),
    }
    arrays, todo = _opened(folder, {**about, "count": count}, shapes, count)
    for number in _missing(todo, progress):
        captured, true = frames[number]
        fuser = _Watched(policy)
        row = number * ROWS
        for time in range(FRAMES):
            fuser.offered = None
            fuser.add(captured[time])
            if time >= FIRST_ROW and (time - FIRST_ROW) % EVERY == 0:
                if fuser.offered is not None:
                    arrays["planes"][row] = fuser.planes
                    arrays["parabola"][row] = parabola(captured[time], fuser.offered.picture, true[time])
                row += 1
    return arrays


def parabola(new: np.ndarray, old: np.ndarray, true: np.ndarray) -> NDArray[np.float32]:
    """(3, h, w): square, slope and rest of the mean squared error over what share of `old` is taken; pictures (H, W, 3) uint8."""
    step = cv2.subtract(old, new, dtype=cv2.CV_32F)
    off = cv2.subtract(new, true, dtype=cv2.CV_32F)
    parts = (step * step, 2.0 * step * off, off * off)
    return np.stack([halved(np.asarray(part.mean(axis=2), np.float32)) for part in parts])


class _Watched(VideoFuser):
    """A fuser that keeps what it was to decide on."""

    def __init__(self, policy: BlendNetwork | None) -> None:
        super().__init__(VideoOptions(method="flow" if policy is None else "network"), policy)
        self.offered: Offer | None = None
        self.planes: NDArray[np.float32] = np.zeros(0, np.float32)

    def decide(self, view: View, offered: Offer) -> Map:
        self.offered, self.planes = offered, evidence(view, offered)
        return super().decide(view, offered)


def _opened(
    folder: Path, plan: dict[str, Any], shapes: Mapping[str, tuple[tuple[int, ...], Any]], count: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The arrays of a folder and which of their parts are done; emptied where they are of another plan."""
    folder.mkdir(parents=True, exist_ok=True)
    about = folder / "plan.json"
    text = json.dumps(plan, sort_keys=True)
    mode: Any = "r+" if about.is_file() and about.read_text(encoding="utf-8") == text else "w+"
    try:
        made: dict[str, np.ndarray] = {
            name: np.lib.format.open_memmap(folder / f"{name}.npy", mode, kind, shape)
            for name, (shape, kind) in {**shapes, "done": ((count,), np.uint8)}.items()
        }
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{folder}: cannot be made or read: {' '.join(str(error).split())}") from error
    about.write_text(text, encoding="utf-8")
    done = made.pop("done")
    return made, done


def _missing(done: np.ndarray, progress: Progress) -> Iterator[int]:
    """Numbers of the parts that are to be made; each counts as done once the next one is asked for."""
    for number in np.flatnonzero(done == 0).tolist():
        yield number
        done[number] = 1
        progress(int(done.sum()), len(done))
