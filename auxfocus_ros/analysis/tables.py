"""`frames.parquet`: every frame is a row, its columns are those of `columns.py`, and the same rows give the same bytes.

What decides the bytes is fixed here: compression, row groups of a fixed length however the rows come, and nothing of the time or
the place of writing. They still name the version of Arrow that wrote them. Each field carries its unit and its text.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.columns import DEPTH_BINS, FRAME_COLUMNS, NAMES, TARGET_FIELDS, Column
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.errors import InputError
from auxfocus_ros.whole_file import whole_file

ROW_GROUP_ROWS = 4096
"""What is read and written at once."""
_BY_NAME = {column.name: column for column in FRAME_COLUMNS}


def schema() -> Any:
    """The `pyarrow.Schema` of a table of frames; `unit` and `text` stand in the metadata of each field."""
    import pyarrow

    return pyarrow.schema([_field(column) for column in FRAME_COLUMNS])


def _field(column: Column) -> Any:
    import pyarrow

    if column.kind == "counts":
        kind = pyarrow.list_(pyarrow.uint32())
    elif column.kind == "targets":
        kind = pyarrow.list_(pyarrow.struct([_field(field) for field in TARGET_FIELDS]))
    else:
        kind = pyarrow.type_for_alias(column.kind)
    return pyarrow.field(column.name, kind, metadata={"unit": column.unit, "text": column.text})


class RowWriter:
    """Rows in, row groups out; see `table_of_frames`."""

    def __init__(self, file: BinaryIO) -> None:
        """file: open to write, at its beginning."""
        import pyarrow.parquet

        self._schema = schema()
        self._waiting = self._schema.empty_table()
        self._writer = pyarrow.parquet.ParquetWriter(file, self._schema, version="2.6", compression="zstd", compression_level=3)

    def add(self, rows: Sequence[Row]) -> None:
        """Append; floats that are NaN are null in the table.

        Raises:
            ValueError: a row lacks a column or has another, or a value is not of its column's kind.
        """
        import pyarrow

        self._waiting = pyarrow.concat_tables([self._waiting, _table(rows, self._schema)])
        while self._waiting.num_rows >= ROW_GROUP_ROWS:
            self._write(ROW_GROUP_ROWS)

    def close(self) -> None:
        """Write what waits, and the table's end; the file itself stays open."""
        if self._waiting.num_rows:
            self._write(self._waiting.num_rows)
        self._writer.close()

    def abandon(self) -> None:
        """Write no more, whatever the file is now."""
        with suppress(OSError, ValueError):
            self._writer.close()

    def _write(self, count: int) -> None:
        group = self._waiting.slice(0, count).combine_chunks()  # how rows came must not show in the pages
        self._waiting = self._waiting.slice(count)
        self._writer.write_table(group, row_group_size=ROW_GROUP_ROWS)


def _table(rows: Sequence[Row], schema: Any) -> Any:
    import pyarrow

    for row in rows:
        if row.keys() != _BY_NAME.keys():
            wrong = sorted(row.keys() ^ _BY_NAME.keys())
            raise ValueError(f"row of frame {row.get('frame')}: {', '.join(wrong)} missing or not a column of columns.py")
    arrays = []
    for field in schema:
        try:
            arrays.append(pyarrow.array([row[field.name] for row in rows], field.type, from_pandas=True))
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
            raise ValueError(f"column {field.name}: {error}") from error
    return pyarrow.Table.from_arrays(arrays, schema=schema)


@contextmanager
def table_of_frames(path: Path) -> Iterator[RowWriter]:
    """Write a table; it is at `path` whole when the block ends, and not touched if that fails.

    Raises:
        InputError: no room, or the disk fails.
    """
    with whole_file(path) as file:
        writer = RowWriter(file)
        try:
            yield writer
            writer.close()
        except BaseException:
            writer.abandon()
            raise


def rows_to_bytes(rows: Sequence[Row]) -> bytes:
    """The same table, in memory."""
    file = io.BytesIO()
    writer = RowWriter(file)
    writer.add(rows)
    writer.close()
    return file.getvalue()


def rows_from_bytes(data: bytes) -> list[Row]:
    """What `rows_to_bytes` was given, in plain Python values."""
    import pyarrow.parquet

    rows: list[Row] = pyarrow.parquet.ParquetFile(io.BytesIO(data)).read(use_threads=False).to_pylist()
    return rows


class FrameTable(Mapping[str, NDArray[Any]]):
    """A table that was written: column by column, each read from the file when it is asked for.

    A column is an array with an entry for each frame: numbers are float64 with NaN for null, but int64 where the column is of
    whole numbers and none is null; bool is float64 too, 1, 0 or NaN; strings are objects, str or None; `depth_counts` is
    (frames, DEPTH_BINS) uint32, 0 for null; `targets` are objects: lists of dicts, see `columns.TARGET_FIELDS`, or None.
    """

    def __init__(self, path: Path) -> None:
        """Open.

        Raises:
            InputError: no such file, no table of frames, or one of another version.
        """
        import pyarrow
        import pyarrow.parquet

        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except (OSError, pyarrow.ArrowInvalid) as error:
            raise InputError(f"{path}: not a table of frames (frames.parquet of an analysis): {_one_line(error)}") from error
        ours, theirs = schema(), self._file.schema_arrow
        other = [field.name for field in ours if field.name not in theirs.names or theirs.field(field.name).type != field.type]
        if other:
            named = ", ".join(other[:3]) + (f" and {len(other) - 3} more" if len(other) > 3 else "")
            raise InputError(f"{path}: table of another version: {named} missing or of another type; analyse the recording again")
        self.frames: int = self._file.metadata.num_rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One column of all frames."""
        return _values(_BY_NAME[name], self._file.read(columns=[name], use_threads=False).column(0).combine_chunks())

    def __iter__(self) -> Iterator[str]:
        """Names of the columns."""
        return iter(NAMES)

    def __len__(self) -> int:
        """Number of columns."""
        return len(NAMES)

    def pieces(self, names: Iterable[str]) -> Iterator[dict[str, NDArray[Any]]]:
        """Some columns, at most `ROW_GROUP_ROWS` frames at a time: for what is too large for all frames at once."""
        wanted = list(names)
        for group in range(self._file.num_row_groups):
            read = self._file.read_row_group(group, columns=wanted, use_threads=False)
            yield {name: _values(_BY_NAME[name], read.column(name).combine_chunks()) for name in wanted}


def _values(column: Column, array: Any) -> NDArray[Any]:
    import pyarrow

    if column.kind == "counts":
        counts = np.zeros((len(array), DEPTH_BINS), np.uint32)
        counts[array.is_valid().to_numpy(zero_copy_only=False)] = array.flatten().to_numpy().reshape(-1, DEPTH_BINS)
        return counts
    if column.kind in ("string", "targets"):
        values = np.empty(len(array), object)
        values[:] = array.to_pylist()
        return values
    if column.kind in ("int64", "int32") and array.null_count == 0:
        return np.array(array.cast(pyarrow.int64()).to_numpy())
    return np.array(array.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
