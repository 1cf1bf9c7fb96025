"""Recordings in, results out: look at them, cut them into parts, have the parts analysed, join what came of them.

What is wrong with one recording is said of that one; the others go on. A run that was stopped is called again, with the same
arguments, and goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from auxfocus_ros.analysis.facts import fingerprint, lens_of, look_at, named_topics, recording_files
from auxfocus_ros.analysis.joining import Job, join
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.output import ANNOTATED, SUMMARY, WORK, demand_ours, version_label, write_json
from auxfocus_ros.analysis.pace import Pace
from auxfocus_ros.analysis.part import Problem
from auxfocus_ros.analysis.part_run import analyse_part
from auxfocus_ros.analysis.parts import plan_parts
from auxfocus_ros.analysis.running import Progress, run_parts
from auxfocus_ros.analysis.store import PartStore
from auxfocus_ros.errors import AuxfocusError, ConfigurationError, InputError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.rig.rig_file import load_rig

SUMMED_UP = ("frames", "analysed_s", "in_focus.share", "lag.lag_s", "hunting.hunting_reversals", "soft.count", "soft.share")
"""Figures of each recording in the summary of several."""


@dataclass(frozen=True)
class Refused:
    """A recording that could not be analysed, and why, in one line."""

    recording: Path
    why: str


@dataclass(frozen=True)
class Analysed:
    """A recording that was. parts: that it has; of them `found` had been finished before, and `failed` could not be analysed."""

    recording: Path
    folder: Path
    parts: int
    found: int
    failed: tuple[Problem, ...]
    summary: dict[str, Any]


@dataclass(frozen=True)
class Results:
    """Of a run, each in the order in which the recordings were given."""

    analysed: tuple[Analysed, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class Planned:
    """What there is to do with a recording. done: parts that are finished."""

    recording: Path
    folder: Path
    duration_s: float
    pictures: int
    parts: int
    done: int


@dataclass(frozen=True)
class Plan:
    """What a run would do. remaining_s: how long it would take by what runs into that folder took so far; None: not known."""

    recordings: tuple[Planned, ...]
    refused: tuple[Refused, ...]
    remaining_s: float | None


def analyse(
    recordings: Sequence[str | Path],
    output: Path,
    options: AnalysisOptions,
    *,
    scheduler: str = "",
    workers: int = 0,
    told: Callable[[Progress], None] = lambda progress: None,
) -> Results:
    """Analyse recordings into a folder; of several, each into a folder of its name there.

    Args:
        recordings: rosbag2 folders, `.mcap`, `.db3` or `.bag` files.
        output: the folder; made if it is not there.
        options: of the analysis.
        scheduler, workers, told: see `run_parts`.

    Raises:
        ConfigurationError: options, lens, rig or scheduler that cannot be.
        InputError: the folder is another analysis's or cannot be written; nothing that was finished is lost.
    """
    jobs, refused = _jobs(recordings, output, options)
    stores = {job.facts.path: PartStore(_made(job.folder) / WORK, job.key) for job in jobs}
    found = {path: len(store.finished()) for path, store in stores.items()}
    failed: dict[Path, list[Problem]] = {path: [] for path in stores}
    if jobs:
        pace = Pace(_made(output / WORK))

        def both(progress: Progress) -> None:
            pace.told(progress)
            told(progress)

        tasks = [task for job in jobs for task in job.tasks]
        outcome = run_parts(tasks, analyse_part, stores, scheduler=scheduler, workers=workers, told=both)
        for task, problem in outcome.failed:
            failed[task.recording].append(problem)
    analysed = []
    for job in jobs:
        path = job.facts.path
        try:
            _demand_unchanged(job)
            summary = join(job, stores[path], failed[path])
        except InputError as error:
            refused.append(Refused(path, str(error)))
            continue
        analysed.append(Analysed(path, job.folder, len(job.tasks), found[path], tuple(failed[path]), summary))
    if len(recordings) > 1 and analysed:
        write_json(output / SUMMARY, _of_several(output, analysed, refused))
    return Results(tuple(analysed), tuple(refused))


def plan(recordings: Sequence[str | Path], output: Path, options: AnalysisOptions) -> Plan:
    """What `analyse` would do with the same arguments; nothing is written, and no picture but the first is read.

    Raises:
        ConfigurationError, InputError: as `analyse` before it begins.
    """
    jobs, refused = _jobs(recordings, output, options)
    planned = []
    for job in jobs:
        work = job.folder / WORK
        done = len(PartStore(work, job.key).finished()) if work.is_dir() else 0
        facts = job.facts
        planned.append(Planned(facts.path, job.folder, facts.duration_s, facts.pictures, len(job.tasks), done))
    part_s = Pace(output / WORK).part_s
    left = sum(one.parts - one.done for one in planned)
    return Plan(tuple(planned), tuple(refused), None if part_s is None else left * part_s)


def _jobs(recordings: Sequence[str | Path], output: Path, options: AnalysisOptions) -> tuple[list[Job], list[Refused]]:
    """The recordings that can be analysed, and the others."""
    if not recordings:
        raise ConfigurationError("no recording: wanted a rosbag2 folder, or a .mcap, .db3 or .bag file")
    options = _checked(options)
    paths = [Path(recording).absolute() for recording in recordings]
    for path in (*paths, output):
        _demand_utf8(path)
    places = [_place(path) for path in paths]
    twice = next((path for count, path in enumerate(paths) if places[count] in places[:count]), None)
    if twice is not None:
        raise ConfigurationError(f"{twice} is named twice")
    if len(paths) > 1:
        demand_ours(output, "")
    jobs: list[Job] = []
    refused: list[Refused] = []
    for path in paths:
        folder = output if len(paths) == 1 else output / _folder_name(path, [job.folder.name for job in jobs])
        _demand_apart(path, folder)
        try:
            facts = look_at(path, options)
            settled = replace(options, lens=lens_of(options, facts.lens_name))
            job = Job(facts, tuple(plan_parts(facts, settled)), folder)
        except AuxfocusError as error:
            refused.append(Refused(path, str(error)))
            continue
        demand_ours(folder, job.key)
        jobs.append(job)
    return jobs, refused


def _place(path: Path) -> Path:
    """The file or folder that a recording is, by whatever way it is named."""
    return Path(os.path.realpath(path.parent if path.name == "metadata.yaml" else path))


def _demand_utf8(path: Path) -> None:
    """Names go into tables and pages. Raises ConfigurationError where one cannot."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"{path}: is not a name in UTF-8: rename it, or name it by a link") from error


def _demand_apart(path: Path, folder: Path) -> None:
    """Raise ConfigurationError where results would be written over a recording, or among the files of one."""
    place, output = _place(path), Path(os.path.realpath(folder))
    if output == place or (output == place.parent and os.access(output / "metadata.yaml", os.F_OK)):
        raise ConfigurationError(f"-o {folder}: is the recording's own folder: choose another output folder")
    if place == output / ANNOTATED:
        raise ConfigurationError(f"-o {folder}: {ANNOTATED} there is the recording: choose another output folder")


def _demand_unchanged(job: Job) -> None:
    """Raise InputError where a recording is not the one any more of which the parts are, because it is still being recorded."""
    path = job.facts.path
    if fingerprint(recording_files(path)) != job.facts.fingerprint:
        work = job.folder / WORK
        raise InputError(f"{path} changed while it was analysed: when it is whole, delete {work} and run the same again")


def _checked(options: AnalysisOptions) -> AnalysisOptions:
    """The options with files under their full paths, as workers elsewhere need them. Raises ConfigurationError."""
    if options.lens:
        load_lens(options.lens)
    if options.rig:
        load_rig(options.rig)
    named_topics(options.topics)
    return replace(options, lens=_full(options.lens), rig=_full(options.rig))


def _full(name: str) -> str:
    path = Path(name).expanduser()
    return str(path.absolute()) if name and path.is_file() else name


def _folder_name(path: Path, taken: Sequence[str]) -> str:
    """The recording's name, with a number where another has it too."""
    name = path.stem if path.suffix in (".mcap", ".db3", ".bag", ".yaml") else path.name
    name = path.parent.name if path.name == "metadata.yaml" else name
    numbered = (name if count == 1 else f"{name}_{count}" for count in range(1, len(taken) + 3))
    return next(one for one in numbered if one not in taken and one != WORK)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be used as an output folder: {error.strerror}") from error
    return folder


def _of_several(output: Path, analysed: Sequence[Analysed], refused: Sequence[Refused]) -> dict[str, Any]:
    return {
        **version_label(),
        "recordings": [
            {
                "name": one.summary["recording"]["name"],
                "folder": str(one.folder.relative_to(output)),
                **{name: _figure(one.summary, name) for name in SUMMED_UP},
                "problems": len(one.summary["problems"]),
            }
            for one in analysed
        ],
        "not_analysed": [{"recording": str(one.recording), "why": one.why} for one in refused],
    }


def _figure(summary: dict[str, Any], way: str) -> Any:
    value: Any = summary
    for name in way.split("."):
        value = value[name]
    return value
