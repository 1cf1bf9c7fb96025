"""Finished parts to results: the table, the summary, the report, and the film.

Parts go by one at a time, in their order, and what is kept of them does not grow with the pictures in them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from auxfocus_ros import __version__
from auxfocus_ros.analysis.annotated import AnnotatedRecording
from auxfocus_ros.analysis.facts import RecordingFacts
from auxfocus_ros.analysis.health import joined_problems, stream_health
from auxfocus_ros.analysis.output import ANNOTATED, FILM, FRAMES, REPORT, SUMMARY, version_label, write_json
from auxfocus_ros.analysis.part import PartResult, PartTask, Problem, StreamNotes
from auxfocus_ros.analysis.report import Overview, Report, frames_to_show, report_page
from auxfocus_ros.analysis.report.wording import clock, number, with_unit
from auxfocus_ros.analysis.stitching import stitched
from auxfocus_ros.analysis.store import PartStore
from auxfocus_ros.analysis.summary import Key, summarise
from auxfocus_ros.analysis.tables import FrameTable, table_of_frames
from auxfocus_ros.whole_file import whole_file

HEAD_KEYS = (
    Key("format", "", "version of the tables and summaries"),
    Key("version", "", "of the package"),
    Key("key", "", "of content, options and version: equal for equal analyses"),
    Key("recording.name", "", "of the file or folder"),
    Key("recording.fingerprint", "", "of its content"),
    Key("recording.size_bytes", "byte", "of its files together"),
    Key("recording.start_ns", "ns", "when its first message was recorded"),
    Key("recording.duration_s", "s", "from there to its last"),
    Key("recording.topics.*", "", "what frames are made of, by its role"),
    Key("recording.pictures", "", "that it says it has"),
    Key("recording.lens", "", "the lens that was reckoned with; '': none"),
    Key("recording.parts", "", "that it was cut into"),
    Key("lacks[]", "", "what it does not have, and what therefore was not analysed"),
    Key("problems[].what", "", "what is wrong with it"),
    Key("problems[].where", "", "topic, frame or part, with the first time; '': in general"),
    Key("problems[].count", "", "how often it was met"),
)
"""What a summary has before the figures of `summary.SUMMARY_KEYS`."""


@dataclass(frozen=True)
class Job:
    """A recording that is to be analysed. tasks: of it, at least one. folder: for its results."""

    facts: RecordingFacts
    tasks: tuple[PartTask, ...]
    folder: Path

    @property
    def key(self) -> str:
        """Of all its tasks."""
        return self.tasks[0].key


def join(job: Job, store: PartStore, failed: Iterable[Problem] = ()) -> dict[str, Any]:
    """Write the results of a recording whose parts are finished; the summary last.

    Args:
        job: the recording.
        store: of its finished parts.
        failed: why some are not there.

    Returns:
        The summary.

    Raises:
        InputError: a part is damaged, or a result cannot be written.
    """
    options, facts = job.tasks[0].options, job.facts
    gathered = _Gathered()
    with ExitStack() as stack:
        table = stack.enter_context(table_of_frames(job.folder / FRAMES))
        annotated = stack.enter_context(AnnotatedRecording(job.folder / ANNOTATED)) if options.annotated else None
        for part in stitched(_parts(store)):
            table.add(part.rows)
            gathered.add(part)
            for place, annotation in part.annotations.items():
                if annotated is not None:
                    annotated.add(annotation, part.rows[place])
    health = stream_health(gathered.notes, facts.damage)
    failed = list(failed)
    lost = [] if failed else _lost(facts, health)
    problems = joined_problems([[*map(Problem, facts.problems), *failed, *lost], *gathered.problems])
    summary = {
        **version_label(),
        "key": job.key,
        "recording": _recording(job),
        "lacks": list(facts.lacks),
        "problems": [{"what": one.what, "where": one.where, "count": one.count} for one in problems],
        **summarise(FrameTable(job.folder / FRAMES), health, options),
    }
    film = options.video and gathered.frames > 0
    if film:
        _join_films((store.load(number).film for number in sorted(store.finished())), job.folder / FILM)
    passages = summary["soft"]["passages"]
    damage = [Problem(text) for text in health["damage"]]
    report = Report(
        name=facts.name,
        facts=_facts_told(job, summary),
        overview=gathered.overview,
        summary=summary,
        lacks=facts.lacks,
        problems=[*damage, *problems],
        thumbnails=gathered.pictures(store, frames_to_show(passages, gathered.thumbnails).values()),
        film=FILM if film else "",
    )
    with whole_file(job.folder / REPORT) as file:
        file.write(report_page(report).encode())
    write_json(job.folder / SUMMARY, summary)
    return summary


@dataclass
class _Gathered:
    """What is kept of the parts that went by. thumbnails: the frames that have one. first_frames: of each part."""

    overview: Overview = field(default_factory=Overview)
    notes: list[StreamNotes] = field(default_factory=list)
    problems: list[tuple[Problem, ...]] = field(default_factory=list)
    thumbnails: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    first_frames: list[int] = field(default_factory=list)
    frames: int = 0

    def add(self, part: PartResult) -> None:
        self.overview.add(part.rows)
        self.notes.append(part.notes)
        self.problems.append(part.problems)
        self.thumbnails += [self.frames + place for place in part.thumbnails]
        self.parts.append(part.number)
        self.first_frames.append(self.frames)
        self.frames += len(part.rows)

    def pictures(self, store: PartStore, frames: Iterable[int]) -> dict[int, bytes]:
        """The thumbnails of some frames."""
        wanted: dict[int, list[int]] = {}
        for frame in sorted(frames):
            wanted.setdefault(bisect_right(self.first_frames, frame) - 1, []).append(frame)
        found = {}
        for place, some in wanted.items():
            part = store.load(self.parts[place])
            found.update({frame: part.thumbnails[frame - self.first_frames[place]] for frame in some})
        return found


def _lost(facts: RecordingFacts, health: dict[str, Any]) -> list[Problem]:
    """Pictures that are not there although nothing else says why: a reader can pass over damaged bytes without a word."""
    missing = facts.pictures - health["pictures"] - health["unreadable"]
    if missing <= 0 or health["damage"]:
        return []
    what = f"{missing} of the {facts.pictures} pictures that the recording says it has are not in it: it is damaged"
    return [Problem(what, facts.topics["image"])]


def _parts(store: PartStore) -> Iterator[PartResult]:
    """In their order, without what is joined by itself."""
    for number_ in sorted(store.finished()):
        yield replace(store.load(number_), film=b"")


def _join_films(films: Iterable[bytes], path: Path) -> None:
    from auxfocus_ros.rig.film import join_films

    with whole_file(path) as file:
        join_films(films, Path(file.name))


def _recording(job: Job) -> dict[str, Any]:
    facts = job.facts
    return {
        "name": facts.name,
        "fingerprint": facts.fingerprint,
        "size_bytes": facts.size_bytes,
        "start_ns": facts.start_ns,
        "duration_s": facts.duration_s,
        "topics": dict(facts.topics),
        "pictures": facts.pictures,
        "lens": job.tasks[0].options.lens,
        "parts": len(job.tasks),
    }


def _facts_told(job: Job, summary: dict[str, Any]) -> dict[str, str]:
    """What the report says of the recording before everything else."""
    facts = job.facts
    rate_hz = summary["streams"]["rate_hz"]
    size = f"{facts.picture_width_px} × {facts.picture_height_px}" if facts.picture_width_px else "unreadable"
    depth = [text for text, there in (("clouds", facts.has_cloud), ("depth images", facts.has_depth_image)) if there]
    return {
        "duration": clock(facts.duration_s),
        "frames": number(summary["frames"]),
        "pictures": size if rate_hz is None else f"{size} at {with_unit(rate_hz, 'Hz')}",
        "depth": " and ".join(depth) or "none",
        "lens": job.tasks[0].options.lens or facts.lens_name or "not known",
        "topics": ", ".join(facts.topics.values()),
        "by": f"auxfocus {__version__}",
    }
