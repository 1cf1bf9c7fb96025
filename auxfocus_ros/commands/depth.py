"""`auxfocus depth`: how far what one camera sees is, of a picture, the pictures of a folder, or a video."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError, InputError

DEPTH_FORMATS = ("png", "tif", "npy")
EXAMPLES = """examples:
  auxfocus depth photo.jpg -o out/photo_depth.png
  auxfocus depth photo.jpg -o out/photo_depth.tif --camera 525,525,319.5,239.5 --rangefinder 300,200,2.35 --points out/photo.ply
  auxfocus depth drive/ -o out/drive --camera camera_info.yaml --camera-height 1.65 --json
  auxfocus depth film.mp4 -o out/film_depth.mp4 --readings beam.csv --frames out/film_depth --format npy
  auxfocus depth photo.jpg -o out/photo_depth.png --network my_network.onnx --network-output depth

OUT is a picture for a picture (.png 16 bit, .tif or .npy 32-bit floats; a preview in colours lies beside it), a folder for a
folder, and a film (.mp4, H.264), picture and depth side by side, for a video.

Without a rangefinder, readings or the camera's height, depth is relative: right up to a factor that nobody knows, and the output
says so. A relative .png holds inverse depth, the nearest 65535, a metric one millimetres. One reading makes metres; its picture's
scale is used on, ever less sure, for 10 s of a video or 100 pictures of a folder, and each further reading adds to it. Readings
without a frame are of the first picture. Without --camera, a field of view of 60 degrees across and no distortion are assumed.

The network sees the picture resized and not undistorted; points are made by the camera's own rays. A .pt, .ts or .torchscript
network holds code, which is run: load only what you trust.

keys of --json: input, kind, output, network, camera (known, width, height, fx, fy, cx, cy, model), frames, stopped, warnings,
seconds, and pictures: number, file, size, network_size, state (metric or relative), scale, sigma_relative (of the scale), source,
readings, problem, depth_median, movable_share, and the files depth (with what it holds), preview, points. null: not known.
"""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    from auxfocus_ros.commands.depth_preview import COLOURS
    from auxfocus_ros.commands.option_flags import add_option_flags
    from auxfocus_ros.monodepth.inference.options import DepthNetworkOptions, SegmentationNetworkOptions

    parser = subparsers.add_parser(
        "depth", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("input", type=Path, metavar="INPUT", help="a picture, a folder of pictures of one size, or a video")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help="a picture, a folder or a film, as INPUT is")
    add(
        "--points",
        type=Path,
        metavar="FILE",
        help="write coloured points: .ply or .pcd; of several: a folder of .ply",
    )
    add("--frames", type=Path, metavar="DIR", help="of a video: write each frame's depth into this folder, too")
    add("--format", choices=DEPTH_FORMATS, help="of depth files in a folder (default: png)")
    add("--colours", choices=tuple(COLOURS), default="turbo", help="of previews and films (default: turbo)")
    add("--json", action="store_true", help="print what was done as JSON")
    scale = parser.add_argument_group("metres")
    scale.add_argument("--camera", metavar="CAMERA", help="fx,fy,cx,cy in pixels, a camera_info YAML file, a rig's name or file")
    scale.add_argument(
        "--rangefinder",
        action="append",
        default=[],
        metavar="U,V,METRES",
        help="how far a beam goes that hits pixel U,V",
    )
    scale.add_argument("--readings", type=Path, metavar="FILE.csv", help="depths (z) at pixels: u,v,depth_m[,frame]")
    scale.add_argument("--camera-height", type=float, metavar="METRES", help="of the camera above the ground")
    add_option_flags(parser, DepthNetworkOptions, "depth network")
    add_option_flags(parser, SegmentationNetworkOptions, "segmentation network: finds the ground, marks what can move")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """See, write and say; 130 where Ctrl-C ended it early, with what was written so far kept."""
    from auxfocus_ros.json_values import json_value

    began = time.perf_counter()
    said = of_folder(arguments) if arguments.input.is_dir() else of_file(arguments)
    said["seconds"] = round(time.perf_counter() - began, 3)
    for line in said["warnings"]:
        note(line)
    if arguments.json:
        print(json.dumps(json_value(said), allow_nan=False))
    else:
        show(said)
    return 130 if said["stopped"] else 0


def of_file(arguments: argparse.Namespace) -> dict[str, Any]:
    """A picture or a video. Returns what there is to say."""
    from auxfocus_ros.commands.depth_input import is_video

    return of_video(arguments) if is_video(arguments.input) else of_picture(arguments)


def of_picture(arguments: argparse.Namespace) -> dict[str, Any]:
    """One picture into files."""
    from auxfocus_ros.commands.depth_input import Pictures
    from auxfocus_ros.commands.depth_output import DEPTH_SUFFIXES, POINTS_SUFFIXES, check_file
    from auxfocus_ros.commands.depth_work import write_files

    output: Path = arguments.output
    preview = output.with_name(f"{output.stem}_preview.jpg")
    unfit(arguments, "a picture", "frames", "format")
    check_file("-o", output, DEPTH_SUFFIXES, inputs_of(arguments))
    check_file("-o", preview, (".jpg",), inputs_of(arguments))
    if arguments.points is not None:
        check_file("--points", arguments.points, POINTS_SUFFIXES, inputs_of(arguments))
    work, scaler = prepared(arguments)
    pictures = Pictures([arguments.input], upright=arguments.camera is None)
    seen = [work.see(picture) for picture in pictures]
    said = [write_files(work, one, output, preview, arguments.points) for one in seen]
    return summary(arguments, work, scaler, said, kind="picture", camera=seen[0].camera)


def of_folder(arguments: argparse.Namespace) -> dict[str, Any]:
    """The pictures of a folder into files in another one."""
    from auxfocus_ros.commands.depth_input import Pictures, pictures_in
    from auxfocus_ros.commands.depth_output import check_folder
    from auxfocus_ros.commands.depth_work import write_files
    from auxfocus_ros.commands.simulate import until_told
    from auxfocus_ros.commands.stack import progress

    unfit(arguments, "a folder", "frames")
    pictures = Pictures(pictures_in(arguments.input), upright=arguments.camera is None)
    work, scaler = prepared(arguments)
    check_folder("-o", arguments.output, arguments.input)
    if arguments.points is not None:
        check_folder("--points", arguments.points, arguments.input)
    said: list[dict[str, Any]] = []
    camera = None
    with until_told() as told, progress() as advance:
        for picture in until_fault(pictures, said, arguments.output):
            if told():
                break
            seen = work.see(picture)
            camera = seen.camera
            depth, preview = (
                arguments.output / f"{picture.name}_{end}" for end in (f"depth.{arguments.format or 'png'}", "preview.jpg")
            )
            points = None if arguments.points is None else arguments.points / f"{picture.name}.ply"
            said.append(write_files(work, seen, depth, preview, points))
            advance("pictures", len(said), pictures.count)
    return summary(arguments, work, scaler, said, kind="folder", camera=camera, stopped=len(said) < pictures.count)


def of_video(arguments: argparse.Namespace) -> dict[str, Any]:
    """The frames of a video into a film, and into files where that is asked."""
    from auxfocus_ros.commands.depth_input import Video
    from auxfocus_ros.commands.depth_output import FILM_SUFFIX, check_file, check_folder, late_film, write_depth
    from auxfocus_ros.commands.simulate import until_told
    from auxfocus_ros.commands.stack import progress

    check_file("-o", arguments.output, (FILM_SUFFIX,), inputs_of(arguments))
    if arguments.frames is None:
        unfit(arguments, "a video without --frames", "format")
    video = Video(arguments.input, upright=arguments.camera is None)
    work, scaler = prepared(arguments)
    for flag, folder in (("--frames", arguments.frames), ("--points", arguments.points)):
        if folder is not None:
            check_folder(flag, folder, arguments.input)
    said: list[dict[str, Any]] = []
    camera, stopped = None, False
    with until_told() as told, progress() as advance, late_film(arguments.output, video.rate_hz) as film:
        for picture in until_fault(video, said, arguments.output):
            if told():
                stopped = True
                break
            seen = work.see(picture)
            camera = seen.camera
            one = work.describe(seen)
            if arguments.frames is not None:
                depth = arguments.frames / f"{picture.name}_depth.{arguments.format or 'png'}"
                one["depth"], one["holds"] = str(depth), write_depth("--frames", depth, seen.depth_m, seen.scale.metric)
            if arguments.points is not None:
                points = arguments.points / f"{picture.name}.ply"
                one["points"], one["points_count"] = str(points), work.write_points(points, seen)
            film.add(work.drawn(seen))
            said.append(one)
            advance("frames", len(said), max(video.count, len(said)))
    return summary(arguments, work, scaler, said, kind="video", camera=camera, stopped=stopped)


def until_fault(pictures: Iterable[Any], done: list[Any], output: Path) -> Iterator[Any]:
    """Pictures, until one cannot be read: what is said then tells how many before it were done. Raises InputError."""
    try:
        yield from pictures
    except InputError as error:
        if not done:
            raise
        raise InputError(f"{error}; what came before, {len(done)} of them, is in {output}") from error


def prepared(arguments: argparse.Namespace) -> tuple[Any, Any]:
    """The `Work` and its `Scaler` by the command line. Raises ConfigurationError."""
    from auxfocus_ros.commands.depth_camera import read_camera
    from auxfocus_ros.commands.depth_scale import Scaler, read_rangefinder, read_readings
    from auxfocus_ros.commands.depth_work import Work
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.monodepth.inference import (
        DepthNetworkOptions,
        SegmentationNetworkOptions,
        load_depth_estimator,
        load_segmentation_estimator,
    )

    height_m = arguments.camera_height
    if height_m is not None and not 0.0 < height_m < float("inf"):
        raise ConfigurationError(f"--camera-height {height_m:g}: wanted metres above 0")
    readings = [read_rangefinder(text) for text in arguments.rangefinder]
    if arguments.readings is not None:
        readings += read_readings(arguments.readings)
    scaler = Scaler(readings, height_m)
    camera = None if arguments.camera is None else read_camera(arguments.camera)
    options = options_from(arguments, SegmentationNetworkOptions)
    estimator = load_depth_estimator(options_from(arguments, DepthNetworkOptions), note)
    segments = bool(options.segmentation) or height_m is not None
    segmentation = load_segmentation_estimator(options) if segments else None
    return Work(estimator, segmentation, camera, scaler, arguments.colours), scaler


def summary(
    arguments: argparse.Namespace, work: Any, scaler: Any, pictures: list[Any], *, kind: str, camera: Any, stopped: bool = False
) -> dict[str, Any]:
    """What there is to say of a run. Raises KeyboardInterrupt where it was ended before the first picture."""
    if not pictures:
        raise KeyboardInterrupt
    warnings = list(work.warnings)
    if scaler.unheard and not stopped:
        names = ", ".join(scaler.unheard[:5]) + " ..." * (len(scaler.unheard) > 5)
        warnings.append(f"readings of {names} were not used: there is no such frame")
    return {
        "input": str(arguments.input),
        "kind": kind,
        "output": str(arguments.output),
        "network": arguments.network or "ours",
        "camera": {
            "known": arguments.camera is not None,
            "width": camera.width_px,
            "height": camera.height_px,
            "fx": camera.fx_px,
            "fy": camera.fy_px,
            "cx": camera.cx_px,
            "cy": camera.cy_px,
            "model": camera.distortion_model,
        },
        "frames": len(pictures),
        "pictures": pictures,
        "stopped": stopped,
        "warnings": warnings,
    }


def unfit(arguments: argparse.Namespace, what: str, *names: str) -> None:
    """Raise ConfigurationError where a flag was given that means nothing for such an input."""
    for name in names:
        if getattr(arguments, name) is not None:
            raise ConfigurationError(f"--{name} means nothing for {what}: leave it away")


def inputs_of(arguments: argparse.Namespace) -> list[Any]:
    """Files that the command reads."""
    given = (arguments.input, arguments.readings, arguments.camera, arguments.network, arguments.segmentation)
    return [path for path in given if path]


def note(text: str) -> None:
    """Say something on standard error that is no fault."""
    print(f"auxfocus depth: {text}", file=sys.stderr)


def show(said: dict[str, Any]) -> None:
    """For a person."""
    pictures = said["pictures"]
    metric = [picture for picture in pictures if picture["state"] == "metric"]
    if said["kind"] == "picture":
        only = pictures[0]
        files = [f"{only['depth']}: {only['holds']}", only["preview"]]
        files += [f"{only['points']}: {only['points_count']} points"] if "points" in only else []
    else:
        files = [f"{said['output']}: {said['frames']} {'frames' if said['kind'] == 'video' else 'pictures'}"]
    early = "stopped early: " if said["stopped"] else ""
    print(f"{early}{files[0]}")
    for line in files[1:]:
        print(line)
    if not metric:
        print(f"relative: {pictures[0]['problem']}")
    elif len(pictures) == 1:
        print(f"metric by {metric[0]['source']}: scale {metric[0]['scale']:.4g} +- {100 * metric[0]['sigma_relative']:.1f} %")
    else:
        rest = len(pictures) - len(metric)
        print(f"metric: {len(metric)} of them{f', relative: {rest}' if rest else ''}")
