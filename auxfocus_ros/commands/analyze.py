"""`auxfocus analyze`: what the focus did in recordings, frame by frame and summed up, and what autofocus would have done."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import one_line

FAILED_STATUS = 1
EXAMPLES = """examples:
  auxfocus analyze flight.mcap -o out/flight
  auxfocus analyze runs/*.bag -o out/runs --rig my_rig.yaml --lens my_lens.yaml --no-estimator
  auxfocus analyze flight.mcap -o out/flight --video --annotated --json
  auxfocus analyze flight.mcap -o out/flight --dry-run
  auxfocus analyze /data/runs/* -o /data/answers --scheduler tcp://192.168.1.20:8786

A recording is a rosbag2 folder, or a .mcap, .db3 or ROS 1 .bag file, packed by rosbag2 or not; ROS need not be installed. Topics
are found by type and name; --topics or a rig file names them. DIR gets, or of several recordings a folder for each there gets:
  frames.parquet   a row for each picture; columns with their units and meanings in its schema
  summary.json     the figures: time in focus, lag, hunting, soft passages, dropped and unmatched frames, clocks
  report.html      both to look at; one file that asks nobody for anything
  focus.mp4        with --video: the auxiliary focus image of each picture (H.264, 1280 x 720)
  annotated.mcap   with --annotated: the same with targets and focus, for Foxglove and `ros2 bag play`
  work/            finished parts; a run that was stopped goes on from them. May be deleted afterwards

All cores of this machine work, or with --scheduler those of a Dask cluster, whose workers must have this version installed and
find the recordings under the same paths. What came out is the same.

What a recording lacks, and what is wrong with it, is said in the summary and the report. Exit status 2: a recording could not be
read at all, or results could not be written; 1: parts of one could not be analysed, and are tried again by the next run.

keys of --json: recordings (recording, folder, parts, found, failed, frames, in_focus_share, lag_s, hunting_reversals, soft_share,
lacks, problems), refused (recording, why); with --dry-run: recordings (recording, folder, duration_s, pictures, parts, done),
refused, remaining_s (by the pace of what is done; null: not known).
"""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    from auxfocus_ros.analysis.options import AnalysisOptions
    from auxfocus_ros.commands.option_flags import add_option_flags
    from auxfocus_ros.view import DistributionOptions

    parser = subparsers.add_parser(
        "analyze", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("recordings", type=Path, nargs="+", metavar="RECORDING", help="a rosbag2 folder, or a .mcap, .db3 or .bag file")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="the folder for the results; made if it is not there")
    add("--scheduler", default="", metavar="ADDRESS", help="Dask scheduler of a cluster, tcp://host:port (default: this machine)")
    add("--workers", type=int, default=0, metavar="N", help="processes on this machine (default: as many as there are cores)")
    add("--dry-run", action="store_true", help="say how much work there is, and write nothing")
    add("--json", action="store_true", help="print what was done as JSON")
    add_option_flags(parser, AnalysisOptions, "analysis")
    add_option_flags(parser, DistributionOptions, "depth distribution and targets, as the node aux_focus has them")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Analyse, or say what there would be to do."""
    from auxfocus_ros.analysis.options import AnalysisOptions
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.view import DistributionOptions

    options = options_from(arguments, AnalysisOptions, distribution=options_from(arguments, DistributionOptions))
    return dry_run(arguments, options) if arguments.dry_run else analysis(arguments, options)


def analysis(arguments: argparse.Namespace, options: Any) -> int:
    """Do it. Returns the exit status."""
    from auxfocus_ros.analysis.analyse import analyse
    from auxfocus_ros.commands.stack import progress

    try:
        with progress() as advance:
            results = analyse(
                arguments.recordings,
                arguments.output,
                options,
                scheduler=arguments.scheduler,
                workers=arguments.workers,
                told=lambda now: advance("parts", now.done, now.of),
            )
    except KeyboardInterrupt:
        note("stopped; what is finished is kept: run the same again to go on")
        raise
    said = {"recordings": [told(one) for one in results.analysed], "refused": refusals(results.refused)}
    if arguments.json:
        print(json.dumps(said, allow_nan=False))
    else:
        for one in results.analysed:
            show(one)
    for one in results.analysed:
        for problem in one.failed:
            note(f"{one.recording}: {problem.where}: {problem.what}")
    for refused in results.refused:
        note(refused.why)
    if results.refused:
        return 2
    return FAILED_STATUS if any(one.failed for one in results.analysed) else 0


def told(one: Any) -> dict[str, Any]:
    """An `Analysed` for JSON."""
    summary = one.summary
    return {
        "recording": str(one.recording),
        "folder": str(one.folder),
        "parts": one.parts,
        "found": one.found,
        "failed": len(one.failed),
        "frames": summary["frames"],
        "in_focus_share": summary["in_focus"]["share"],
        "lag_s": summary["lag"]["lag_s"],
        "hunting_reversals": summary["hunting"]["hunting_reversals"],
        "soft_share": summary["soft"]["share"],
        "lacks": summary["lacks"],
        "problems": [*summary["streams"]["damage"], *(problem["what"] for problem in summary["problems"])],
    }


def show(one: Any) -> None:
    """An `Analysed` for a person."""
    from auxfocus_ros.analysis.report.answers import answers

    summary = one.summary
    rate_hz, dropped = summary["streams"]["rate_hz"], summary["streams"]["dropped_pictures"]
    rate = f" at {rate_hz:.3g} Hz" if rate_hz is not None else ""
    say(f"{one.recording}: {summary['frames']} frames{rate}, {dropped} dropped, in {one.folder}")
    for answer in answers(summary):
        say(f"  {answer.title}: {answer.value} ({answer.more})")
    for line in summary["lacks"]:
        say(f"  lacks: {line}")
    for line in summary["streams"]["damage"]:
        say(f"  damaged: {line}")
    for problem in summary["problems"]:
        where = f"{problem['where']}: " if problem["where"] else ""
        times = f" ({problem['count']} times)" if problem["count"] > 1 else ""
        say(f"  problem: {where}{problem['what']}{times}")


def dry_run(arguments: argparse.Namespace, options: Any) -> int:
    """Say how much work there is. Returns the exit status."""
    from auxfocus_ros.analysis.analyse import plan

    planned = plan(arguments.recordings, arguments.output, options)
    if arguments.json:
        recordings = [
            {
                "recording": str(one.recording),
                "folder": str(one.folder),
                "duration_s": one.duration_s,
                "pictures": one.pictures,
                "parts": one.parts,
                "done": one.done,
            }
            for one in planned.recordings
        ]
        said = {"recordings": recordings, "refused": refusals(planned.refused), "remaining_s": planned.remaining_s}
        print(json.dumps(said, allow_nan=False))
    else:
        for one in planned.recordings:
            done = f", {one.done} of them done" if one.done else ""
            say(f"{one.recording}: {one.duration_s:.1f} s, {one.pictures} pictures, {in_parts(one.parts)}{done}")
        left = sum(one.parts - one.done for one in planned.recordings)
        pace = "" if planned.remaining_s is None else f", about {planned.remaining_s:.0f} s at the pace so far"
        print(f"to do: {in_parts(left)}{pace}")
    for refused in planned.refused:
        note(refused.why)
    return 2 if planned.refused else 0


def in_parts(count: int) -> str:
    """1 part, 2 parts."""
    return f"{count} part{'' if count == 1 else 's'}"


def refusals(refused: Any) -> list[dict[str, str]]:
    """Each `Refused` for JSON."""
    return [{"recording": str(one.recording), "why": one.why} for one in refused]


def say(text: str) -> None:
    """Say a line on standard output; what comes from a recording does not make two of it."""
    print(one_line(text))


def note(text: str) -> None:
    """Say a line on standard error."""
    print(f"auxfocus analyze: {one_line(text)}", file=sys.stderr)
