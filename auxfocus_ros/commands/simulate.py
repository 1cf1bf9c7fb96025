"""`auxfocus simulate`: a scene flown by the simulated rig into a recording, or into plain files, with its truth."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError

DEFAULT_JPEG_QUALITY = 95
EXAMPLES = """examples:
  auxfocus simulate --list
  auxfocus simulate corridor -o out/corridor.mcap
  auxfocus simulate table_top -o out/sweep.mcap --seconds 5 --focus-sweep 0.5:4 --depth-sensor depth_camera
  auxfocus simulate my_scene.yaml --files out/my_scene --png --seed 7 --width 1280 --height 720

With --files, each frame is written as plain files, and `auxfocus up DIR` plays them:
  images/ points/ depth/           what the sensors gave (JPEG or PNG, PCD, float TIFF in metres)
  truth/labels, depth, defocus/    ids of things (16-bit PNG), metres and pixels of blur radius (float TIFF)
  truth/points/                    ids of the things that a lidar's points came back from (NPY)
  truth.jsonl                      one JSON object a frame: stamp, intrinsics, lens, joints, range, poses, every thing's truth
"""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "simulate", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("scene", nargs="?", help="a shipped scene's name, or a scene file (.yaml)")
    add("--list", action="store_true", help="list the shipped scenes")
    add("-o", "--output", type=Path, metavar="FILE.mcap", help="the recording to make (another suffix: a rosbag2 folder)")
    add("--files", type=Path, metavar="DIR", help="write every frame as plain files too, or only so")
    add("--seconds", type=float, metavar="S", help="length (default: the whole scene)")
    add("--seed", type=int, help="of all randomness (default: the scene's); the same seed gives the same bytes")
    add("--width", type=int, metavar="PIXELS", help="of the picture (default: the scene's)")
    add("--height", type=int, metavar="PIXELS", help="of the picture (default: the scene's)")
    add("--rate", type=float, metavar="HZ", help="frames a second (default: the scene's)")
    add("--lens", help="lens file: a shipped name or a path (default: the scene's)")
    focus = parser.add_mutually_exclusive_group()
    focus.add_argument("--lens-position", type=float, metavar="STEPS", help="where the glass stands")
    focus.add_argument(
        "--focus-distance",
        type=float,
        metavar="M",
        help="what the lens is focused at, metres; inf: infinity (default: hyperfocal)",
    )
    focus.add_argument("--focus-sweep", metavar="NEAR:FAR", help="rack the focus from one distance to the other, a step a frame")
    add("--depth-sensor", metavar="KIND", help="spinning_16, spinning_64, non_repeating, depth_camera or none")
    add("--mount", metavar="PLACE", help="where the depth sensor rides: gimbal (with the camera) or fixed (on the platform)")
    add("--light", type=float, metavar="LEVEL", help="brightness of the light; 1: as the scene was made")
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument(
        "--jpeg-quality", type=int, default=DEFAULT_JPEG_QUALITY, metavar="Q", help=f"1 to 100 (default: {DEFAULT_JPEG_QUALITY})"
    )
    pictures.add_argument("--png", action="store_true", help="pictures without loss")
    add("--no-truth", action="store_true", help="leave out labels, true depth, defocus and focus")
    add("--json", action="store_true", help="print what was written (or the list) as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Simulate and write; 130 where Ctrl-C ended it early, with what was recorded so far kept."""
    if arguments.list:
        say_scenes(arguments.json)
        return 0
    if arguments.scene is None:
        raise ConfigurationError("which scene? name one of `auxfocus simulate --list`, or a scene file")
    if arguments.output is None and arguments.files is None:
        raise ConfigurationError("where to? name a recording with -o FILE.mcap, or a folder with --files DIR")
    written = record(arguments)
    if arguments.json:
        print(json.dumps(written))
    else:
        say_written(written)
    return 130 if written["stopped"] else 0


def say_scenes(as_json: bool) -> None:
    """The shipped scenes, a line each."""
    from auxfocus_ros.rig.simulation.scene_file import load_scene, shipped_scenes

    scenes = [load_scene(name) for name in shipped_scenes()]
    if as_json:
        print(json.dumps([{"name": s.name, "title": s.title, "duration_s": s.duration_s, "rate_hz": s.rate_hz} for s in scenes]))
        return
    width = max((len(scene.name) for scene in scenes), default=0)
    for scene in scenes:
        print(f"{scene.name:{width}}  {scene.duration_s:3g} s at {scene.rate_hz:g} Hz  {scene.title}")


def record(arguments: argparse.Namespace) -> dict[str, Any]:
    """Simulate into the outputs, with progress on standard error; what was written, as in `--json`."""
    from auxfocus_ros.rig.frame_recorder import FrameRecorder
    from auxfocus_ros.rig.opening import open_source
    from auxfocus_ros.rig.picture_encoding import encode_picture
    from auxfocus_ros.rig.recording_writer import RecordingWriter
    from auxfocus_ros.rig.truth_files import TruthFolder

    output: Path | None = arguments.output
    folder: Path | None = arguments.files
    quality = None if arguments.png else arguments.jpeg_quality
    with contextlib.ExitStack() as stack:
        source: Any = open_source(
            "simulation", arguments.scene, lens=arguments.lens, seed=arguments.seed, rate_hz=arguments.rate,
            width_px=arguments.width, height_px=arguments.height, depth_sensor=arguments.depth_sensor, mount=arguments.mount,
            light=arguments.light, on_problem=lambda text: print(f"auxfocus simulate: {text}", file=sys.stderr),
        )  # fmt: skip
        stack.callback(source.close)
        source.truth_wanted = not arguments.no_truth
        total = frame_count(arguments.seconds, source)
        positions = lens_positions(arguments, source.lens, total)
        files = None if folder is None else stack.enter_context(TruthFolder(made_room(folder), jpeg_quality=quality))
        writer = None if output is None else stack.enter_context(RecordingWriter(made_room(output)))
        recorder = None if writer is None else FrameRecorder(writer, source.robot, source.lens)
        done = 0
        with until_told() as told:
            frames = source.frames()
            for index in shown(total, f"scene {source.scene.name}"):
                if told():
                    break
                source.set_lens_position(positions[index])
                frame = next(frames, None)
                if frame is None:
                    break
                picture = encode_picture(frame.picture, quality)
                if recorder is not None:
                    recorder.add(frame, picture)
                if files is not None:
                    files.add(frame, picture)
                done += 1
        if done == 0:  # nothing to keep
            raise KeyboardInterrupt
    return {
        "scene": source.scene.name,
        "seed": source.scene.seed,
        "frames": done,
        "seconds": done / source.rate_hz,
        "stopped": done < total,
        "output": None if output is None else str(output),
        "output_bytes": 0 if output is None else size_bytes(output),
        "files": None if folder is None else str(folder),
        "files_bytes": 0 if files is None else files.size_bytes,
    }


def frame_count(seconds: float | None, source: Any) -> int:
    """How many frames to take. Raises ConfigurationError where the scene is not as long."""
    if seconds is None:
        seconds = source.duration_s
    if not 0.0 < seconds <= source.duration_s + 1e-9:
        raise ConfigurationError(f"--seconds {seconds:g}: wanted above 0 and at most the scene's {source.duration_s:g} s")
    return max(1, round(seconds * source.rate_hz))


def lens_positions(arguments: argparse.Namespace, lens: Any, total: int) -> list[float]:
    """Where the glass stands for each frame, motor steps.

    Raises:
        ConfigurationError: a position or a distance that the lens does not reach.
    """
    if arguments.lens_position is not None:
        if not lens.contains(arguments.lens_position):
            low, high = lens.min_position_steps, lens.max_position_steps
            raise ConfigurationError(
                f"--lens-position {arguments.lens_position:g}: lens '{lens.name}' goes from {low:g} to {high:g} steps"
            )
        return [float(arguments.lens_position)] * total
    if arguments.focus_distance is not None:
        return [position_of(arguments.focus_distance, lens, "--focus-distance")] * total
    if arguments.focus_sweep is not None:
        return swept(arguments.focus_sweep, lens, total)
    return [float(lens.hyperfocal_position_steps)] * total


def swept(sweep: str, lens: Any, total: int) -> list[float]:
    """Lens positions from one distance of 'NEAR:FAR' to the other, evenly in steps. Raises ConfigurationError."""
    try:
        first_m, last_m = (float(part) for part in sweep.split(":"))
    except ValueError as error:
        raise ConfigurationError(f"--focus-sweep {sweep}: wanted two distances in metres, such as 0.5:4 or 2:inf") from error
    first, last = (position_of(distance_m, lens, "--focus-sweep") for distance_m in (first_m, last_m))
    return [float(position) for position in np.linspace(first, last, total)]


def position_of(distance_m: float, lens: Any, option: str) -> float:
    """The lens position of a focus distance. Raises ConfigurationError where the lens does not reach it."""
    position = float(lens.position_for_distance(distance_m))
    if not lens.contains(position):
        nearest_m, farthest_m = lens.focus_range_m()
        raise ConfigurationError(
            f"{option} {distance_m:g}: lens '{lens.name}' focuses from {nearest_m:.4g} m to {farthest_m:.4g} m"
        )
    return position


def made_room(path: Path) -> Path:
    """The path, with the folder that it is to lie in."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{path.parent} cannot be made: {error.strerror}") from error
    return path


def shown(total: int, what: str) -> Iterator[int]:
    """0, 1, ... total - 1 with progress on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        for index in range(total):
            yield index
            progress.update(task, completed=index + 1)


@contextlib.contextmanager
def until_told() -> Iterator[Any]:
    """Within it, Ctrl-C and SIGTERM are remembered and asked for: the frame under way is finished, and the files are closed."""
    asked: list[int] = []
    before = {number: signal.signal(number, lambda got, _: asked.append(got)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def size_bytes(path: Path) -> int:
    """Of a file, or of all files in a folder."""
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def say_written(written: dict[str, Any]) -> None:
    """What there is now, on standard output."""
    places = [
        f"{written[key]} ({written[f'{key}_bytes'] / 1e6:.1f} MB)" for key in ("output", "files") if written[key] is not None
    ]
    early = "stopped early: " if written["stopped"] else ""
    print(f"{early}{written['frames']} frames, {written['seconds']:.2f} s of {written['scene']}, seed {written['seed']}")
    for place in places:
        print(place)
