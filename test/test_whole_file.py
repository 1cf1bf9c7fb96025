"""A file that is there whole or not at all."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.whole_file import whole_file


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 3000 bytes while the test runs: a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_was_written_is_there_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with whole_file(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_room_is_one_line(tmp_path: Path, small_files: None) -> None:
    path = tmp_path / "table"
    with pytest.raises(InputError, match=r"table: cannot be written: no room is left there$"), whole_file(path) as file:
        file.write(bytes(4000))
    assert list(tmp_path.iterdir()) == []


def test_no_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere/table: cannot be written: No such file or directory$"):  # noqa: SIM117
        with whole_file(tmp_path / "nowhere" / "table"):
            pass
