"""What reading costs against the `rosbags` library alone, in `auxfocus bench analysis`.

`rosbags` gives every message of the same topics, deserialised, and that is all (`AnyReader`). Ours gives frames: pictures with
the clouds that belong to them, camera, extrinsics, what the lens was, and notes of the streams. With raw bgr8 pictures nothing
has to be decoded on either side, and the two are comparable as they are. JPEG pictures must be decoded by whoever looks at them:
there `rosbags` decodes them, too, as it does it (`rosbags-image`).

Each measurement opens the recording anew, in a process of its own that does nothing else, as a program has it that begins to
read: that is judged. How the C library gives large blocks out decides much of such a time (a message's bytes are copied into
fresh pages again and again), and a process that has long freed and asked for such blocks keeps them: as if it had done so, both
are measured as well, and shown.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from auxfocus_ros.analysis.part import PartTask
from auxfocus_ros.commands.bench_analysis_recordings import CONTAINERS, Flight, in_container, recorded
from auxfocus_ros.commands.bench_analysis_runs import read_ahead
from auxfocus_ros.commands.bench_autofocus_counting import bar

BAR = 1.15
PLAIN, PICTURES = "rosbags: messages", "rosbags: messages, pictures decoded"
WHOLE, IN_PARTS = "ours: frames", "ours: frames, in parts with their leads"
WAYS = (PLAIN, PICTURES, WHOLE, IN_PARTS)
PICTURE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, KEPT_BYTES = -1, -3, 1 << 30
"""Of glibc's mallopt: blocks up to this size are kept when they are freed."""
_runs = itertools.count()


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Every container and kind of picture, all ways by turns. options: quick, seed, repeats, work.

    Returns:
        `rows` with medians and quartiles of each way, the judged `ratio` and that of processes that keep memory, and `bars`.
    """
    size = (160, 90, 2_000, 2, 2) if options.quick else (1280, 720, 100_000, 40, 40)
    raw = recorded(Flight(*size, encoding="bgr8", seed=options.seed), options.work)
    jpeg = recorded(Flight(*size, encoding="jpeg", seed=options.seed), options.work)
    repeats = 1 if options.quick else options.repeats
    rows = [reading_row(in_container(raw, container), f"bgr8, {container}", PLAIN, repeats) for container in CONTAINERS]
    rows.append(reading_row(jpeg, f"JPEG, {CONTAINERS[0]}", PICTURES, repeats))
    bars = [bar(f"reading {row['what']}, against {row['rival']}", row["ratio"], BAR, "<=") for row in rows]
    return {"rows": rows, "bars": bars}


def reading_row(recording: Path, what: str, rival: str, repeats: int) -> dict[str, Any]:
    """All ways of reading a recording, with one thread each; `ratio`: our pass over all of it against the rival."""
    from auxfocus_ros.commands.bench_counting import quartiles

    read_ahead([recording])
    asked = {False: WAYS, True: (rival, WHOLE)}
    taken: dict[bool, dict[str, list[float]]] = {keeping: {way: [] for way in ways} for keeping, ways in asked.items()}
    for _ in range(repeats):
        for keeping, times in taken.items():
            for way, found in times.items():
                found.append(once_s(way, recording, keeping))
    as_it_is, kept = ({way: quartiles(found) for way, found in times.items()} for times in taken.values())
    ratio, ratio_kept = (times[WHOLE]["median_ms"] / times[rival]["median_ms"] for times in (as_it_is, kept))
    return {"what": what, "recording": recording.name, "repeats": repeats, "rival": rival, "ways": as_it_is, "ratio": ratio,
            "ways_memory_kept": kept, "ratio_memory_kept": ratio_kept}  # fmt: skip


def once_s(way: str, recording: Path, keeping: bool) -> float:
    """Seconds that a way takes in a process of its own. keeping: which keeps the memory that it frees."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_timed_s, way, recording, keeping).result()


def _timed_s(way: str, recording: Path, keeping: bool) -> float:
    import cv2

    from auxfocus_ros.analysis.facts import look_at
    from auxfocus_ros.analysis.options import AnalysisOptions
    from auxfocus_ros.analysis.parts import plan_parts

    cv2.setNumThreads(1)
    if keeping:
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
    options = AnalysisOptions()
    facts = look_at(recording, options)
    parts = plan_parts(facts, options)
    topics = facts.topics.values()
    messages(recording, topics, most=1)  # what is imported and compiled once
    begun_s = time.perf_counter()
    if way in (PLAIN, PICTURES):
        messages(recording, topics, decode=way == PICTURES)
    else:
        frames(parts if way == IN_PARTS else [replace(parts[0], end_s=parts[-1].end_s)])
    return time.perf_counter() - begun_s


def messages(recording: Path, topics: Collection[str], *, decode: bool = False, most: int | None = None) -> int:
    """Plain iteration by `rosbags`; how many messages there were. decode: pictures as bgr8, too. most: end after so many."""
    from rosbags.highlevel import AnyReader
    from rosbags.image import message_to_cvimage

    count = 0
    with AnyReader([recording]) as reader:
        connections = [connection for connection in reader.connections if connection.topic in topics]
        for connection, _, data in itertools.islice(reader.messages(connections=connections), most):
            message: Any = reader.deserialize(data, connection.msgtype)
            if decode and connection.msgtype in PICTURE_TYPES:
                message_to_cvimage(message, "bgr8")
            count += 1
    return count


def frames(tasks: Collection[PartTask]) -> int:
    """Read parts as an analysis does; how many frames there were. The recording is opened anew, once."""
    from auxfocus_ros.analysis.reading import read_part

    key = f"run {next(_runs)}"  # a recording stays open for the next part of the same key
    return sum(1 for task in tasks for _ in read_part(replace(task, key=key)))


def show(result: Mapping[str, Any]) -> None:
    """The table."""
    from auxfocus_ros.commands.bench_autofocus_showing import print_table, table_of

    titles = {"ways": "reading alone, a process of its own each time", "ways_memory_kept": "the same, freed memory kept"}
    for key, title in titles.items():
        ways = [way for way in WAYS if any(way in row[key] for row in result["rows"])]
        table = table_of("recording", *ways, "ours against", title=f"{title}: medians (quartiles), ms")
        for row in result["rows"]:
            found = (row[key].get(way) for way in ways)
            cells = [
                "" if one is None else f"{one['median_ms']:.0f} ({one['low_ms']:.0f} to {one['high_ms']:.0f})" for one in found
            ]
            table.add_row(row["what"], *cells, f"{row[key.replace('ways', 'ratio')]:.2f} of {row['rival']}")
        print_table(table)
