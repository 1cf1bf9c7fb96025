"""What reading costs against the `rosbags` library alone, in `auxfocus bench analysis`.

`rosbags` gives every message of the same topics, deserialised, and that is all (`AnyReader`). Ours gives frames: pictures with
the clouds that belong to them, camera, extrinsics, what the lens was, and notes of the streams. With raw bgr8 pictures nothing
has to be decoded on either side, and the two are comparable as they are; that is judged. JPEG pictures must be decoded by whoever
looks at them: there `rosbags` decodes them, too, as it does it (`rosbags-image`). Each measurement opens the recording anew.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from auxfocus_ros.analysis.part import PartTask
from auxfocus_ros.commands.bench_analysis_recordings import CONTAINERS, Flight, in_container, recorded
from auxfocus_ros.commands.bench_analysis_runs import read_ahead
from auxfocus_ros.commands.bench_autofocus_counting import bar

BAR = 1.15
PLAIN, PICTURES = "rosbags: messages", "rosbags: messages, pictures decoded"
WHOLE, IN_PARTS = "ours: frames", "ours: frames, in parts with their leads"
PICTURE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_runs = itertools.count()


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Every container and kind of picture, all ways by turns. options: quick, seed, repeats, work.

    Returns:
        `rows` with medians and quartiles of each way and the judged `ratio`, and `bars`.
    """
    size = (160, 90, 2_000, 2, 2) if options.quick else (1280, 720, 100_000, 20, 20)
    raw = recorded(Flight(*size, encoding="bgr8", seed=options.seed), options.work)
    jpeg = recorded(Flight(*size, encoding="jpeg", seed=options.seed), options.work)
    repeats = 1 if options.quick else options.repeats + 2
    rows = [reading_row(in_container(raw, container), f"bgr8, {container}", PLAIN, repeats) for container in CONTAINERS]
    rows.append(reading_row(jpeg, f"JPEG, {CONTAINERS[0]}", PICTURES, repeats))
    bars = [bar(f"reading {row['what']}, against {row['rival']}", row["ratio"], BAR, "<=") for row in rows]
    return {"rows": rows, "bars": bars}


def reading_row(recording: Path, what: str, rival: str, repeats: int) -> dict[str, Any]:
    """All ways of reading a recording, with one thread each; `ratio`: our pass over all of it against the rival."""
    from auxfocus_ros.analysis.facts import look_at
    from auxfocus_ros.analysis.options import AnalysisOptions
    from auxfocus_ros.analysis.parts import plan_parts
    from auxfocus_ros.commands.bench_allinfocus_cost import threads
    from auxfocus_ros.commands.bench_counting import by_turns, quartiles

    read_ahead([recording])
    options = AnalysisOptions()
    facts = look_at(recording, options)
    parts = plan_parts(facts, options)
    whole = [replace(parts[0], end_s=parts[-1].end_s)]
    topics = facts.topics.values()
    ways: dict[str, Callable[[], int]] = {
        PLAIN: lambda: messages(recording, topics),
        PICTURES: lambda: messages(recording, topics, decode=True),
        WHOLE: lambda: frames(whole),
        IN_PARTS: lambda: frames(parts),
    }
    with threads(1):
        times = {way: quartiles(taken) for way, taken in by_turns(ways, repeats).items()}
    ratio = times[WHOLE]["median_ms"] / times[rival]["median_ms"]
    return {"what": what, "recording": recording.name, "repeats": repeats, "ways": times, "rival": rival, "ratio": ratio}


def messages(recording: Path, topics: Collection[str], *, decode: bool = False) -> int:
    """Plain iteration by `rosbags`; how many messages there were. decode: pictures as bgr8, too."""
    from rosbags.highlevel import AnyReader
    from rosbags.image import message_to_cvimage

    count = 0
    with AnyReader([recording]) as reader:
        connections = [connection for connection in reader.connections if connection.topic in topics]
        for connection, _, data in reader.messages(connections=connections):
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

    ways = list(result["rows"][0]["ways"])
    table = table_of("recording", *ways, "ours against", title="reading alone, one thread: medians (quartiles), ms")
    for row in result["rows"]:
        cells = [f"{one['median_ms']:.0f} ({one['low_ms']:.0f} to {one['high_ms']:.0f})" for one in row["ways"].values()]
        table.add_row(row["what"], *cells, f"{row['ratio']:.2f} of {row['rival']}")
    print_table(table)
