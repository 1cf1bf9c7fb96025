"""Whatever happens to a recording's bytes, looking at it and reading its parts ends in frames or in one line."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.analysis.facts import look_at
from auxfocus_ros.analysis.health import joined_problems, stream_health
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.parts import plan_parts
from auxfocus_ros.analysis.reading import read_part
from auxfocus_ros.errors import AuxfocusError

START_NS, STEP_NS = 1_700_000_000_000_000_000, 200_000_000
FRAME_COUNT = 8
MOST_PARTS = 3 * FRAME_COUNT
OPTIONS = AnalysisOptions(estimator=False, part_s=1.0, lead_s=0.5)
VARIANTS = ("plain.mcap", "chunks.mcap", "messages.mcap", "file.mcap.zstd", "plain.db3", "file.db3.zstd", "plain.bag", "bz2.bag")
PACKED = {"chunks": "STORAGE", "messages": "MESSAGE", "file": "FILE"}


def written(variant: str, folder: Path) -> Path:
    """A recording of eight small pictures; returns its file."""
    from rosbags.rosbag1 import Writer as Writer1
    from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
    from rosbags.rosbag2 import Writer as Writer2
    from rosbags.typesys import Stores, get_typestore

    name, _, ending = variant.partition(".")
    ros1 = ending == "bag"
    writer: Any
    if ros1:
        writer = Writer1(folder / variant)
        writer.chunk_threshold = 500
        if name == "bz2":
            writer.set_compression(Writer1.CompressionFormat.BZ2)
    else:
        plugin = StoragePlugin.MCAP if ending.startswith("mcap") else StoragePlugin.SQLITE3
        writer = Writer2(folder / name, version=9, storage_plugin=plugin)
        if name in PACKED:
            writer.set_compression(CompressionMode[PACKED[name]], CompressionFormat.ZSTD)
    store = get_typestore(Stores.ROS1_NOETIC if ros1 else Stores.ROS2_KILTED)
    types, kind = store.types, "sensor_msgs/msg/Image"
    rng = np.random.default_rng(5)
    with writer:
        topic = writer.add_connection("/camera/image_raw", kind, typestore=store)
        for index in range(FRAME_COUNT):
            stamp_ns = START_NS + index * STEP_NS
            stamp = types["builtin_interfaces/msg/Time"](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
            header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera", **({"seq": index} if ros1 else {}))
            picture = types[kind](
                header=header,
                height=12,
                width=16,
                encoding="mono8",
                is_bigendian=0,
                step=16,
                data=rng.integers(0, 255, 12 * 16).astype(np.uint8),
            )
            writer.write(topic, stamp_ns, (store.serialize_ros1 if ros1 else store.serialize_cdr)(picture, kind))
    return folder / variant if ros1 else next(folder.glob(f"{name}/*.{ending}"))


@cache
def whole(variant: str) -> bytes:
    """The bytes of that recording."""
    with TemporaryDirectory() as folder:
        return written(variant, Path(folder)).read_bytes()


def read(path: Path) -> tuple[int, bool]:
    """How many frames the parts of a recording give, and whether something was said to be wrong."""
    facts = look_at(path, OPTIONS)
    frames, notes, problems = 0, [], []
    tasks = plan_parts(facts, OPTIONS)
    assert len(tasks) <= MOST_PARTS
    for task in tasks:
        reading = read_part(task)
        frames += sum(own for _, own, _ in reading)
        notes.append(reading.notes)
        problems.append(reading.problems)
    health = stream_health(notes, facts.damage)
    return frames, bool(health["damage"] or joined_problems(problems) or facts.problems)


damages = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 8), st.integers(0, 255)), max_size=6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_any_damage_ends_in_frames_or_in_one_line(variant: str, tmp_path: Path) -> None:
    path = tmp_path / variant
    path.write_bytes(whole(variant))
    assert read(path) == (FRAME_COUNT, False)

    @settings(deadline=5000, max_examples=12)
    @given(st.none() | st.floats(0, 1), damages)
    def check(kept: float | None, changes: list[tuple[float, int, int]]) -> None:
        data = bytearray(whole(variant))
        if kept is not None:
            del data[int(len(data) * kept) :]
        for share, count, value in changes:
            at = int(share * len(data))
            data[at : at + count] = bytes([value]) * len(data[at : at + count])
        path.write_bytes(data)
        try:
            frames, _ = read(path)
        except AuxfocusError as error:
            assert "\n" not in str(error) and str(error)
        else:
            assert 0 <= frames <= FRAME_COUNT

    check()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_recording_that_lost_its_second_half_gives_the_first_or_says_why(variant: str, tmp_path: Path) -> None:
    path = tmp_path / variant
    path.write_bytes(whole(variant)[: len(whole(variant)) // 2])
    try:
        frames, said = read(path)
    except AuxfocusError as error:
        assert "damaged" in str(error)  # what is packed in one piece is lost with its end
    else:
        assert frames < FRAME_COUNT and said
