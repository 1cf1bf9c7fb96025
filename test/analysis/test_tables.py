"""Tables of frames: what goes in comes out, the same rows are the same bytes, and each column says what it is."""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.analysis.columns import DEPTH_BINS, FRAME_COLUMNS, NAMES, TARGET_FIELDS
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.analysis.tables import ROW_GROUP_ROWS, FrameTable, rows_from_bytes, rows_to_bytes, schema, table_of_frames
from auxfocus_ros.errors import InputError

EMPTY: Row = dict.fromkeys(NAMES)
TARGET: dict[str, Any] = {
    "id": 7, "label": "boat", "source": "object", "state": "tracked", "selected": True, "left_px": 1, "top_px": 2, "width_px": 3,
    "height_px": 4, "depth_m": 12.5, "depth_sigma_m": None, "in_focus": False,
}  # fmt: skip
COUNTS = [*range(DEPTH_BINS - 1), 2**32 - 1]


def test_every_column_stands_in_the_schema_with_unit_and_text() -> None:
    ours = schema()
    assert tuple(ours.names) == NAMES
    for column in FRAME_COLUMNS:
        field = ours.field(column.name)
        assert field.metadata == {b"unit": column.unit.encode(), b"text": column.text.encode()}
    of_targets = ours.field("targets").type.value_type
    assert [of_targets.field(place).name for place in range(of_targets.num_fields)] == [field.name for field in TARGET_FIELDS]
    assert of_targets.field("depth_sigma_m").metadata == {b"unit": b"m", b"text": b"one standard deviation of it"}
    assert ours.field("depth_counts").type == pyarrow.list_(pyarrow.uint32())


def test_units_and_texts_are_read_back_from_the_file(tmp_path: Path) -> None:
    with table_of_frames(tmp_path / "frames.parquet") as table:
        table.add([EMPTY | {"frame": 0}])
    assert pyarrow.parquet.read_schema(tmp_path / "frames.parquet").equals(schema(), check_metadata=False)
    assert pyarrow.parquet.read_schema(tmp_path / "frames.parquet").field("target_off_steps").metadata[b"unit"] == b"steps"


def test_rows_come_back_as_they_went_in() -> None:
    rows = [
        EMPTY,
        EMPTY | {"frame": 1, "stamp_ns": 1_700_000_000_123_456_789, "lens_moving": False, "says_rule_based": "in_focus"},
        EMPTY | {"frame": 2, "targets": [TARGET, TARGET | {"id": 8}], "depth_counts": COUNTS, "far_limit_m": math.inf},
        EMPTY | {"frame": 3, "targets": []},
    ]
    assert rows_from_bytes(rows_to_bytes(rows)) == rows
    assert rows_from_bytes(rows_to_bytes([])) == []


def test_values_of_numpy_are_plain_ones_and_nan_is_null() -> None:
    row = EMPTY | {
        "frame": np.int64(4), "depth_median_m": np.float32(2.5), "near_limit_m": math.nan, "lens_moving": np.bool_(True),
        "depth_counts": np.array(COUNTS, np.uint32), "targets": [TARGET | {"depth_m": math.nan}],
    }  # fmt: skip
    back = rows_from_bytes(rows_to_bytes([row]))[0]
    assert (back["frame"], back["depth_median_m"], back["near_limit_m"], back["lens_moving"]) == (4, 2.5, None, True)
    assert back["depth_counts"] == COUNTS
    assert back["targets"][0]["depth_m"] is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({name: None for name in NAMES if name != "stamp_ns"}, "stamp_ns missing or not a column"),
        (EMPTY | {"colour": 3}, "colour missing or not a column"),
        (EMPTY | {"frame": "first"}, "column frame: "),
        (EMPTY | {"focus_state": 3}, "column focus_state: "),
        (EMPTY | {"region_left_px": 2**40}, "column region_left_px: "),
    ],
)
def test_a_row_that_does_not_fit_is_named(row: Row, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rows_to_bytes([row])


ROWS = st.builds(
    lambda stamp_ns, depth_m, moving, text, ids, counts: (
        EMPTY
        | {"stamp_ns": stamp_ns, "depth_p05_m": depth_m, "lens_moving": moving, "focus_state": text, "depth_counts": counts}
        | {"targets": None if ids is None else [TARGET | {"id": identity} for identity in ids]}
    ),
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.booleans(),
    st.none() | st.text(st.characters(codec="utf-8")),
    st.none() | st.lists(st.integers(0, 2**40), max_size=3),
    st.none() | st.lists(st.integers(0, 2**32 - 1), min_size=DEPTH_BINS, max_size=DEPTH_BINS),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(ROWS, max_size=4))
def test_any_rows_come_back(rows: list[Row]) -> None:
    assert rows_from_bytes(rows_to_bytes(rows)) == rows


def many(count: int) -> list[Row]:
    return [
        EMPTY
        | {"frame": number, "stamp_ns": number * 33_333_333, "focus_distance_m": 1.0 + number / 7, "focus_state": "finite"}
        | {"targets": [TARGET] * (number % 3), "depth_counts": COUNTS}
        for number in range(count)
    ]


def test_the_bytes_do_not_depend_on_how_rows_come(tmp_path: Path) -> None:
    rows = many(ROW_GROUP_ROWS + 700)
    whole, parts = tmp_path / "whole.parquet", tmp_path / "parts.parquet"
    with table_of_frames(whole) as table:
        table.add(rows)
    with table_of_frames(parts) as table:
        for start in range(0, len(rows), 299):
            table.add(rows[start : start + 299])
    assert whole.read_bytes() == parts.read_bytes()
    groups = pyarrow.parquet.ParquetFile(whole).metadata
    assert [groups.row_group(group).num_rows for group in range(groups.num_row_groups)] == [ROW_GROUP_ROWS, 700]
    table = FrameTable(whole)
    assert [len(piece["frame"]) for piece in table.pieces(["frame", "depth_counts"])] == [ROW_GROUP_ROWS, 700]
    assert np.array_equal(np.concatenate([piece["frame"] for piece in table.pieces(["frame"])]), np.arange(len(rows)))


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from auxfocus_ros.analysis.columns import NAMES\n"
        "from auxfocus_ros.analysis.tables import rows_to_bytes\n"
        "rows = [dict.fromkeys(NAMES) | {'frame': n, 'focus_state': 'finite'} for n in range(9)]\n"
        "sys.stdout.buffer.write(rows_to_bytes(rows))\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "12", "TZ": "Asia/Tokyo"}
    theirs = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, env=environment, cwd=tmp_path
    ).stdout
    ours = rows_to_bytes([EMPTY | {"frame": number, "focus_state": "finite"} for number in range(9)])
    assert sha256(theirs).hexdigest() == sha256(ours).hexdigest()


def test_columns_are_arrays(tmp_path: Path) -> None:
    path = tmp_path / "frames.parquet"
    with table_of_frames(path) as table:
        table.add(
            [
                EMPTY | {"frame": 0, "stamp_ns": 2**60 + 1, "target_id": 3, "depth_counts": COUNTS, "targets": [TARGET]},
                EMPTY | {"frame": 1, "stamp_ns": 2**60 + 2, "lens_moving": True, "focus_distance_m": math.inf, "targets": []},
                EMPTY | {"frame": 2, "stamp_ns": 2**60 + 3, "lens_moving": False, "focus_state": "finite"},
            ]
        )
    columns = FrameTable(path)
    assert (columns.frames, len(columns), tuple(columns)) == (3, len(NAMES), NAMES)
    assert columns["stamp_ns"].dtype == np.int64
    assert columns["stamp_ns"].tolist() == [2**60 + 1, 2**60 + 2, 2**60 + 3]
    np.testing.assert_array_equal(columns["target_id"], [3.0, np.nan, np.nan])
    np.testing.assert_array_equal(columns["lens_moving"], [np.nan, 1.0, 0.0])
    np.testing.assert_array_equal(columns["focus_distance_m"], [np.nan, np.inf, np.nan])
    assert columns["focus_state"].tolist() == [None, None, "finite"]
    assert columns["targets"].tolist() == [[TARGET], [], None]
    assert columns["depth_counts"].dtype == np.uint32
    assert columns["depth_counts"].tolist() == [COUNTS, [0] * DEPTH_BINS, [0] * DEPTH_BINS]
    with pytest.raises(KeyError):
        columns["colour"]


def test_a_table_without_frames_can_be_read(tmp_path: Path) -> None:
    with table_of_frames(tmp_path / "frames.parquet"):
        pass
    columns = FrameTable(tmp_path / "frames.parquet")
    assert columns.frames == 0
    assert columns["depth_counts"].shape == (0, DEPTH_BINS)
    assert all(len(columns[name]) == 0 for name in columns)


def test_a_failure_leaves_the_table_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "frames.parquet"
    path.write_bytes(b"the one before")
    with pytest.raises(ZeroDivisionError), table_of_frames(path) as table:
        table.add([EMPTY])
        raise ZeroDivisionError
    assert path.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_without_room_is_one_line(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(InputError, match=r"frames\.parquet: cannot be written: no room is left there$"):  # noqa: SIM117
            with table_of_frames(tmp_path / "frames.parquet") as table:
                table.add(many(300))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_table_of_frames_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing: not a table of frames") as missing:
        FrameTable(tmp_path / "nothing")
    (tmp_path / "text").write_text("no table")
    with pytest.raises(InputError, match=r"text: not a table of frames") as text:
        FrameTable(tmp_path / "text")
    older = schema().remove(schema().get_field_index("range_offset_s"))
    pyarrow.parquet.write_table(older.empty_table(), tmp_path / "older")
    with pytest.raises(InputError, match=r"older: table of another version: range_offset_s missing") as other:
        FrameTable(tmp_path / "older")
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "strange")
    with pytest.raises(InputError, match=rf"frame, stamp_ns, time_s and {len(NAMES) - 3} more missing") as strange:
        FrameTable(tmp_path / "strange")
    assert all("\n" not in str(raised.value) for raised in (missing, text, other, strange))
