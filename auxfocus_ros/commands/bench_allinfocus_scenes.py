"""The stacks of `auxfocus bench allinfocus`: scenes whose all-in-focus picture is known, and real ones, aligned once.

Those with a truth are looked at by a `SceneCamera`: what the simulator draws, frames of the bundled room with the depth that was
measured there, and photographs laid out in depth. Frames are aligned by their making, a little noisy, and their positions spread
so that everything is in focus somewhere. The aperture is set so that the largest blur of a stack is as wanted, as a longer lens
would have it. Nothing here is ever trained on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.bench_autofocus_real import stack_folders
from auxfocus_ros.errors import AuxfocusError, InputError

LENS = "gimbal_25mm_close"
TRIPLES = "multifocus_triples"
WIDTH_PX, HEIGHT_PX = 960, 720
STILL = {"shake": {"rotation_rad": 0.0, "translation_m": 0.0}}
Picture = NDArray[np.uint8]
Sharp = tuple[Picture, NDArray[np.float32]]
"""A picture that is sharp all over, (H, W, 3), and its depth, (H, W) metres."""


@dataclass(frozen=True, eq=False)
class FusionScene:
    """A stack to be fused. frames: (H, W, 3) uint8, aligned, in the order of focus. truth: sharp all over; None: not known."""

    name: str
    frames: tuple[Picture, ...]
    truth: Picture | None = None


@dataclass(frozen=True)
class TruthScene:
    """How a scene with a truth is made. frames: how many. largest_px: radius of the largest blur in any of them."""

    name: str
    sharp: Callable[[], Sharp]
    frames: int
    largest_px: float


def truth_scenes(quick: bool = False, seed: int = 0) -> Iterator[FusionScene]:
    """Make them one by one; what cannot be drawn here (no MuJoCo, no OpenGL) is said and left out.

    Args:
        quick: one small one.
        seed: of the noise.
    """
    for number, scene in enumerate(TRUTH_SCENES):
        if quick and scene.name != QUICK:
            continue
        try:
            sharp = scene.sharp()
        except AuxfocusError as error:
            print(f"[bench] {scene.name} is left out: {error}", file=sys.stderr, flush=True)
            continue
        yield stack_of(scene, sharp, seed + number)


def stack_of(scene: TruthScene, sharp: Sharp, seed: int) -> FusionScene:
    """Photograph a scene: at each of its depths where it has as few as it has frames, else evenly over their range."""
    from auxfocus_ros.allinfocus.scene_camera import SceneCamera
    from auxfocus_ros.autofocus.plane_camera import LIGHTS
    from auxfocus_ros.optics import load_lens

    picture, depth_m = sharp
    lens = load_lens(LENS)
    lens = replace(lens, pixel_pitch_m=lens.pixel_pitch_m * 640 / picture.shape[1])
    best = np.unique(SceneCamera(picture, depth_m, lens, lens.max_position_steps).best_position_steps())
    best = best[(best >= lens.min_position_steps) & (best <= lens.max_position_steps)]
    positions = best if len(best) <= scene.frames else np.linspace(best[0], best[-1], scene.frames)
    ends_m = [float(lens.focus_distance_m(float(position))) for position in positions[[0, -1]]]
    largest_px = float(lens.blur_radius_px(float(positions[0]), ends_m[1]))
    f_number = lens.f_number * largest_px / scene.largest_px
    camera = SceneCamera(picture, depth_m, lens, float(positions[0]), f_number=f_number, light=LIGHTS[0], seed=seed)
    frames = []
    for position in positions:
        camera.move(float(position))
        frames.append(np.asarray(camera.capture(), np.uint8))
    return FusionScene(scene.name, tuple(frames), picture)


# What the simulator draws


def simulated(scene: str, position_m: Sequence[float], heading_rad: float, tilt_rad: float) -> Sharp:
    """A shipped scene as it begins, from a camera that stands still. Raises MissingLibraryError without MuJoCo or OpenGL."""
    from auxfocus_ros.commands.bench_allinfocus_video_scenes import MovingScene, sharp_frames

    platform = {"position_m": list(position_m), "heading_rad": heading_rad, **STILL}
    gimbal = {"pan_rad": 0.0, "tilt_rad": tilt_rad, "stabilise": False}
    frame = sharp_frames(MovingScene(scene, "none", platform, gimbal), 1, WIDTH_PX, HEIGHT_PX)[0]
    return np.asarray(frame.picture, np.uint8), frame.depth_m


# What was photographed


def room(number: int) -> Sharp:
    """A frame of the bundled recording, with the depth that was measured, its holes filled from beside."""
    from auxfocus_ros.commands.bench_counting import bundled_frames
    from auxfocus_ros.optics import fill_depth

    frame = bundled_frames("rgbd_room")[number]
    inside = np.s_[16:-16, 20:-20]  # what was cut from rectified pictures is white
    return np.ascontiguousarray(frame.picture[inside], np.uint8), np.asarray(fill_depth(frame.depth_m[inside]), np.float32)


def plane(name: str) -> Picture:
    """A bundled photograph that is sharp all over, 960 x 720 px."""
    from auxfocus_ros.optics import share_dir

    file = share_dir() / "samples" / "autofocus_planes" / f"{name}.jpg"
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError(f"the photograph {file} cannot be read")
    top = (picture.shape[0] - HEIGHT_PX) // 2
    return np.asarray(picture[top : top + HEIGHT_PX, :WIDTH_PX], np.uint8)


def slanted(left_m: float, right_m: float) -> NDArray[np.float32]:
    """Depth of a plane that turns away: its inverse is even across the picture."""
    across = np.linspace(1.0 / left_m, 1.0 / right_m, WIDTH_PX, dtype=np.float32)
    return np.ascontiguousarray(np.broadcast_to(1.0 / across, (HEIGHT_PX, WIDTH_PX)))


def wall() -> Sharp:
    """One plane that turns away from the camera: no two columns are in focus together."""
    return plane("motherboard-circuits"), slanted(0.4, 2.0)


def cards() -> Sharp:
    """Four upright pictures at depths of their own, one before another, all their edges hard."""
    picture, depth_m = plane("san-francisco-skyline"), np.full((HEIGHT_PX, WIDTH_PX), 4.0, np.float32)
    put(picture, depth_m, plane("tea-gardens"), 1.6, [(60, 120), (480, 60), (540, 560), (120, 640)])
    put(picture, depth_m, plane("oakland-zoo-otters"), 0.9, [(400, 260), (860, 180), (900, 600), (460, 690)])
    put(picture, depth_m, plane("colorful-wall"), 0.55, [(240, 360), (520, 330), (560, 710), (230, 700)])
    return picture, depth_m


def fence() -> Sharp:
    """Thin bars before a plane that turns away, and a disk between them."""
    picture, depth_m = plane("lake-sherburne"), slanted(3.0, 1.2)
    disk = [(int(640 + 170 * np.cos(a)), int(380 + 170 * np.sin(a))) for a in np.linspace(0.0, 2.0 * np.pi, 60)]
    put(picture, depth_m, plane("serene"), 0.8, disk)
    bars = plane("casa-mila")
    for x in range(40, WIDTH_PX, 110):
        put(picture, depth_m, bars, 0.5, [(x, 0), (x + 9, 0), (x + 49, HEIGHT_PX), (x + 40, HEIGHT_PX)])
    put(picture, depth_m, bars, 0.5, [(0, 200), (WIDTH_PX, 240), (WIDTH_PX, 252), (0, 212)])
    return picture, depth_m


def put(picture: Picture, depth_m: NDArray[np.float32], card: Picture, at_m: float, corners: list[tuple[int, int]]) -> None:
    """Lay the part of a card that a polygon of (x, y) px holds into a scene."""
    mask = np.zeros(depth_m.shape, np.uint8)
    cv2.fillPoly(mask, [np.array(corners, np.int32)], 1)
    picture[mask > 0], depth_m[mask > 0] = card[mask > 0], at_m


TRUTH_SCENES = (
    TruthScene("table top", partial(simulated, "table_top", [0.0, 0.0, 1.15], 0.0, 0.12), 8, 10.0),
    TruthScene("corridor", partial(simulated, "corridor", [7.6, -0.3, 1.0], 0.0, 0.0), 8, 10.0),
    TruthScene("drone orbit", partial(simulated, "drone_orbit", [-6.0, -5.0, 4.5], 0.69, 0.3), 5, 6.0),
    TruthScene("road", partial(simulated, "road", [5.0, -1.75, 1.6], 0.0, 0.03), 6, 7.0),
    TruthScene("portrait", partial(simulated, "portrait_walk", [5.2, -0.1, 1.4], 0.0, 0.0), 7, 9.0),
    TruthScene("room 1", partial(room, 0), 6, 7.0),
    TruthScene("room 2", partial(room, 3), 8, 12.0),
    TruthScene("slanted wall", wall, 8, 14.0),
    TruthScene("cards", cards, 4, 12.0),
    TruthScene("fence", fence, 8, 14.0),
)
QUICK = "room 1"


# Real stacks


def real_stacks(data: Path, quick: bool = False) -> Iterator[FusionScene]:
    """Every stack that is there, read and aligned: the one that travels with the source, and those of the collection.

    Args:
        data: folder of the collection.
        quick: one triple, or the bundled stack where there is no collection.
    """
    stacks = real_files(data)
    if quick:
        stacks = dict(list(stacks.items())[-1:])
    for name, files in stacks.items():
        print(f"[bench] aligning {name}: {len(files)} frames", file=sys.stderr, flush=True)
        yield FusionScene(name, aligned(files))


def real_files(data: Path) -> dict[str, tuple[Path, ...]]:
    """Name of each stack -> its photographs in the order of their focus."""
    from auxfocus_ros.commands.focus_stack import read_stack

    found = {}
    for folder in stack_folders(data):
        stack = read_stack(folder, None, None)
        found[folder.name.removeprefix("stack_")] = tuple(stack.images[index] for index in stack.order)
    for first in sorted((data / TRIPLES).glob("*-A.*")):
        name = first.stem.removesuffix("-A")
        found[name] = tuple(sorted(first.parent.glob(f"{name}-?{first.suffix}")))
    return found


def read_all(files: tuple[Path, ...]) -> tuple[Picture, ...]:
    """Raises InputError for a photograph that cannot be read."""
    pictures = []
    for file in files:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if picture is None:
            raise InputError(f"the photograph {file} cannot be read")
        pictures.append(np.asarray(picture, np.uint8))
    return tuple(pictures)


def aligned(files: tuple[Path, ...]) -> tuple[Picture, ...]:
    """Photographs on the pixels of one of them, cut to what all of them show; what cannot be aligned is said and left out."""
    from auxfocus_ros.allinfocus.alignment import apply, find_alignment

    pictures = read_all(files)
    alignment = find_alignment(pictures.__getitem__, len(pictures))
    for index, reason in zip(alignment.suspect, alignment.reasons, strict=True):
        print(f"[bench] {files[index].name} {reason}", file=sys.stderr, flush=True)
    return tuple(np.asarray(apply(pictures[index], alignment, index), np.uint8) for index in alignment.used)
