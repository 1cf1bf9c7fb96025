"""Finished parts on disk: they come back whole, another recording's are refused, and a full disk costs only what is new."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.part import PartResult, Problem, StreamNotes
from auxfocus_ros.analysis.store import PartStore
from auxfocus_ros.errors import InputError

ROW = dict.fromkeys(NAMES) | {"frame": 0, "stamp_ns": 5, "targets": []}


def result(number: int, key: str = "key", film: bytes = b"film") -> PartResult:
    return PartResult(
        number=number,
        key=key,
        rows=[ROW, ROW | {"frame": 1}],
        lead=[ROW],
        notes=StreamNotes(frames=2, unmatched_ranges=1, stamps_ns=(5, 2**60), logged_ns=(6, 7), lens_ns=(), damage="at 8 MB"),
        problems=(Problem("no intrinsics", "/camera", 3), Problem("late")),
        thumbnails={1: b"picture"},
        film=film,
        annotations={0: b"zero", 1: b""},
    )


def test_a_part_comes_back_as_it_was(tmp_path: Path) -> None:
    store = PartStore(tmp_path / "out" / "work", "key")
    assert store.finished() == frozenset()
    for number in (12, 3):
        store.keep(result(number))
    again = PartStore(tmp_path / "out" / "work", "key")
    assert again.finished() == {3, 12}
    assert again.load(12) == result(12)
    store.keep(PartResult(4, "key", []))
    assert again.load(4) == PartResult(4, "key", [])


def test_the_same_part_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        PartStore(tmp_path / name, "key").keep(result(3))
    one, two = (tmp_path / name / "part-000003.zip" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_what_is_not_there_is_not_finished(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        PartStore(tmp_path, "key").load(3)


def test_a_part_of_another_key_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="key other"):
        PartStore(tmp_path, "key").keep(result(0, key="other"))


def test_a_cut_off_part_is_not_finished(tmp_path: Path) -> None:
    store = PartStore(tmp_path, "key")
    store.keep(result(0))
    path = tmp_path / "part-000000.zip"
    path.write_bytes(path.read_bytes()[:-40])
    assert store.finished() == frozenset()
    with pytest.raises(InputError, match=r"part-000000\.zip: damaged: delete it and run again"):
        store.load(0)


def test_a_part_with_a_changed_byte_is_damaged(tmp_path: Path) -> None:
    store = PartStore(tmp_path, "key")
    store.keep(result(0, film=b"a film of this length"))
    path = tmp_path / "part-000000.zip"
    path.write_bytes(path.read_bytes().replace(b"a film of this length", b"a film of that length"))
    with pytest.raises(InputError, match=r"part-000000\.zip: damaged"):
        store.load(0)


def test_another_recording_is_refused(tmp_path: Path) -> None:
    PartStore(tmp_path, "key")
    with pytest.raises(
        InputError, match=r"finished parts of another recording or of other options: choose another output folder"
    ):
        PartStore(tmp_path, "other")


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ({"format": 0, "version": "0.0.1", "key": "key"}, r"another version \(0\.0\.1, format 0; this is "),
        (["key"], r"another version \(an unknown version; this is "),
    ],
)
def test_another_version_is_refused(tmp_path: Path, label: object, said: str) -> None:
    (tmp_path / "store.json").write_text(json.dumps(label))
    with pytest.raises(InputError, match=said):
        PartStore(tmp_path, "key")


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match=r"holds holiday\.jpg and no store\.json: wanted a new or empty folder"):
        PartStore(tmp_path, "key")
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "work").write_bytes(b"x")
    with pytest.raises(InputError, match="work: cannot be used for finished parts: File exists"):
        PartStore(tmp_path / "work", "key")


def test_a_damaged_label_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text("{")
    with pytest.raises(InputError, match=r"store\.json: damaged: delete .* and run again"):
        PartStore(tmp_path, "key")


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 200 kB while the test runs: a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_loses_nothing_that_was_done(tmp_path: Path, small_files: None) -> None:
    store = PartStore(tmp_path, "key")
    store.keep(result(0))
    store.keep(result(1))
    with pytest.raises(
        InputError, match=r"no room is left there; the 2 finished parts are safe: make room and run the same again"
    ):
        store.keep(result(2, film=bytes(300_000)))
    assert store.finished() == {0, 1}
    assert store.load(1) == result(1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part-000000.zip", "part-000001.zip", "store.json"]
