"""`auxfocus calibrate`: the blur and the change of scale of a camera's lens, measured from its pictures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError, InputError

EXAMPLES = """examples:
  auxfocus calibrate sharp.png blurred.png --json
  auxfocus calibrate sharp.png blurred.png --roi 800 400 1024 1024 --surface surface.png --picture fit.png
  auxfocus calibrate --sweep near/ --positions near.csv --sweep far/ --positions far.csv --lens bench_25mm -o my_lens.yaml
  auxfocus calibrate --sweep phone/ --positions phone/focus_positions.csv --focal-length-mm 4.3 --f-number 1.9
                     --pixel-pitch-um 1.73 -o phone.yaml --picture table.png

Positions are CSV with the columns `file` and one of position_steps, focus_dioptre, focus_distance_m. Motor steps need --lens,
which says what they mean. With --focal-length-mm and the like, the positions of the new lens are the CSV's dioptres or metres.
"""
SURFACES = (".png", ".csv", ".npy")
TABLE_CORNER = "radius_px/scale"
MADE = ("focal_length_mm", "f_number", "pixel_pitch_um", "circle_of_confusion_um", "name")


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    from auxfocus_ros.commands.option_flags import add_option_flags
    from auxfocus_ros.optics.calibration import CalibrationOptions

    parser = subparsers.add_parser(
        "calibrate", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, nargs="*", metavar="FOCUSED DEFOCUSED", help="two pictures of one scene, the first in focus")
    add("--json", action="store_true", help="print the result as JSON")
    add("--picture", type=Path, metavar="FILE.png", help="draw the result: focused, model and defocused, or the table")
    pair = parser.add_argument_group("two pictures")
    pair.add_argument("--roi", type=int, nargs=4, metavar=("X", "Y", "W", "H"), help="what to compare (default: most textured)")
    pair.add_argument("--surface", type=Path, metavar="FILE", help="write the score over radius and scale: .png, .csv or .npy")
    sweep = parser.add_argument_group("a sweep of pictures")
    sweep.add_argument("--sweep", type=Path, action="append", metavar="DIR", help="pictures at known positions; may come again")
    sweep.add_argument("--positions", type=Path, action="append", metavar="FILE.csv", help="of each --sweep (default: in DIR)")
    sweep.add_argument("-o", "--output", type=Path, metavar="LENS.yaml", help="the lens file to write")
    sweep.add_argument("--lens", metavar="BASE", help="the lens that was swept: a shipped name or a lens file")
    sweep.add_argument("--name", help="of a new lens (default: the output's name)")
    for flag, text in (
        ("--focal-length-mm", "of a new lens"),
        ("--f-number", "of a new lens"),
        ("--pixel-pitch-um", "of a new lens's pixels"),
        ("--circle-of-confusion-um", "of a new lens, a diameter (default: two pixels)"),
    ):
        sweep.add_argument(flag, type=float, metavar="X", help=text)
    add_option_flags(parser, CalibrationOptions, "how pictures are compared")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Calibrate a pair or a sweep."""
    if arguments.sweep:
        return run_sweep(arguments)
    for flag in ("positions", "output", "lens", *MADE):
        if getattr(arguments, flag) is not None:
            raise ConfigurationError(f"--{flag.replace('_', '-')} belongs to a sweep: name its folder with --sweep")
    if len(arguments.pictures) != 2:
        raise ConfigurationError(f"wanted two pictures, the focused one first, or --sweep DIR; got {len(arguments.pictures)}")
    return run_pair(arguments)


def read_picture(path: Path) -> Any:
    """A picture of 8 or 16 bits, grey or BGR, turned as its EXIF data say. Raises InputError."""
    import cv2

    picture = cv2.imread(str(path), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH) if path.is_file() else None
    if picture is None:
        raise InputError(f"picture {path} {'is not a picture that can be read' if path.is_file() else 'does not exist'}")
    return picture


def run_pair(arguments: argparse.Namespace) -> int:
    """Two pictures."""
    from auxfocus_ros.commands.calibrate_drawing import pair_sheet, surface_sheet
    from auxfocus_ros.commands.distribution import check_output, encoded, npy_bytes, write
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.json_values import json_value
    from auxfocus_ros.optics.calibration import (
        CalibrationOptions,
        PicturePair,
        Pyramid,
        calibrate_pair,
        linear_light,
        score_surface,
    )

    options = options_from(arguments, CalibrationOptions)
    surface_file, picture_file = arguments.surface, arguments.picture
    if surface_file is not None:
        check_text_or(check_output, surface_file, "--surface", SURFACES, arguments.pictures)
    if picture_file is not None:
        check_output(picture_file, "--picture", (".png",), arguments.pictures)
    focused, defocused = (read_picture(path) for path in arguments.pictures)
    found = calibrate_pair(focused, defocused, options, tuple(arguments.roi) if arguments.roi else None)
    if surface_file is not None:
        one, other = (Pyramid(linear_light(picture, options.gamma)) for picture in (focused, defocused))
        pair = PicturePair(one, other, found.patch, options.kernel)
        surface = score_surface(pair, found.match, found.largest_radius_px)
        if surface_file.suffix.lower() == ".npy":
            write(surface_file, npy_bytes(surface.table()))
        elif surface_file.suffix.lower() == ".csv":
            rows = [[TABLE_CORNER, *(f"{scale:.6f}" for scale in surface.scales)]]
            rows += [[f"{r:.5g}", *(f"{s:.6f}" for s in row)] for r, row in zip(surface.radii_px, surface.scores, strict=True)]
            write(surface_file, "".join(",".join(row) + "\n" for row in rows).encode())
        else:
            write(surface_file, encoded(surface_sheet(surface, found.match), surface_file))
    if picture_file is not None:
        write(picture_file, encoded(pair_sheet(focused, defocused, found), picture_file))
    said = {"focused": str(arguments.pictures[0]), "defocused": str(arguments.pictures[1]), **found.described()}
    said |= {"surface": surface_file and str(surface_file), "picture": picture_file and str(picture_file)}
    if arguments.json:
        print(json.dumps(json_value(said), allow_nan=False))
        return 0
    match, radius = found.match, said["radius_px"]
    sigma = f" (sigma {said['sigma_px']:.3f} px)" if options.kernel == "gaussian" else ""
    show_rows([
        ("radius", f"{radius:.3f} px{sigma}, +- {match.radius_sigma_px:.2g}; {said['sensor_radius_px']:.3f} on the sensor"),
        ("scale", f"{match.scale:.5f}, +- {match.scale_sigma:.2g}"),
        ("score", f"{match.score:.5f}"),
        ("shift", f"{match.shift_px[0]:.2f}, {match.shift_px[1]:.2f} px"),
        ("patch", "x {}, y {}, {} x {}".format(*found.patch)),
    ])  # fmt: skip
    return 0


def check_text_or(check_output: Any, path: Path, flag: str, suffixes: tuple[str, ...], inputs: list[Path]) -> None:
    """As `check_output`, for text files too: those are known by how they begin."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        check_output(path, flag, suffixes, inputs)
        return
    with path.open("rb") as file:
        if not file.read(64).startswith(TABLE_CORNER.encode()):
            raise ConfigurationError(f"{flag} {path}: is there and was not written by this command; name another, or remove it")


def show_rows(rows: list[tuple[str, str]]) -> None:
    """A short table on standard output."""
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def run_sweep(arguments: argparse.Namespace) -> int:
    """One sweep or several, into a lens file."""
    from auxfocus_ros.commands.calibrate_drawing import table_sheet
    from auxfocus_ros.commands.calibrate_sweep import check_lens_output, measured_sweeps, read_sweeps, swept_lens
    from auxfocus_ros.commands.distribution import check_output, encoded, write
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.json_values import json_value
    from auxfocus_ros.optics.calibration import CalibrationOptions, calibrated_table
    from auxfocus_ros.optics.lens_text import lens_text

    options = options_from(arguments, CalibrationOptions)
    if arguments.pictures or arguments.roi or arguments.surface:
        raise ConfigurationError("two pictures, --roi and --surface do not go with --sweep")
    if arguments.output is None:
        raise ConfigurationError("--sweep needs -o LENS.yaml: the lens file to write")
    check_lens_output(arguments.output, arguments.lens)
    if arguments.picture is not None:
        check_output(arguments.picture, "--picture", (".png",), [])
    stacks = read_sweeps(arguments)
    lens = swept_lens(arguments, stacks)
    tiles = measured_sweeps(stacks, lens, options, in_steps=bool(arguments.lens))
    result = calibrated_table(tiles, lens, options)
    said = {"lens": lens.name, "output": str(arguments.output), **result.described(lens)}
    share, pictures = said["measured_share"], sum(len(stack.images) for stack in stacks)
    notes = [
        f"Calibrated by `auxfocus calibrate --sweep` from {pictures} pictures.",
        f"{said['measurements']} measurements of {said['tiles']} tiles; {share:.0%} of the table stand on them, the rest is a",
        f"thin lens fitted to them, which misses them by {result.fit.misfit_px:.2f} px (root mean square).",
    ]
    write(arguments.output, lens_text(lens, result.table, notes).encode())
    if arguments.picture is not None:
        write(arguments.picture, encoded(table_sheet(result, lens), arguments.picture))
    if arguments.json:
        print(json.dumps(json_value(said), allow_nan=False))
        return 0
    largest, size = said["largest_measured_radius_px"], result.table.radius_px.shape
    show_rows([
        ("measured", f"{said['measurements']} radii and scales of {said['tiles']} tiles, up to {largest:.1f} px"),
        ("best positions", f"{said['best_positions_from']:.6g} to {said['best_positions_to']:.6g}"),
        ("table", f"{size[0]} x {size[1]}, {share:.0%} measured"),
        ("thin lens", f"misses by {result.fit.misfit_px:.2f} px, {result.fit.misfit_share:.1%} of radii above 2 px"),
        ("aperture", f"{said['thin_lens_radius_against_nominal']:.3f} of the nominal one by the blur"),
        ("breathing", f"{result.fit.breathing:.2f} of a thin lens's, scales missed by {result.fit.scale_misfit:.4f}"),
    ])  # fmt: skip
    print(arguments.output)
    return 0
