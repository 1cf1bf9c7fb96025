"""Finished parts on disk: what a stopped run goes on from.

A folder belongs to one key (recording, options, version of the format) and holds a file for each finished part: a zip archive of
its rows as Parquet, its notes as JSON, and its pictures, so that it can be looked into and nothing in it is ever executed. A file
is moved to its place when it is whole; what is there is finished.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from auxfocus_ros import __version__
from auxfocus_ros.analysis.part import FORMAT_VERSION, PartResult, Problem, StreamNotes
from auxfocus_ros.analysis.tables import rows_from_bytes, rows_to_bytes
from auxfocus_ros.errors import InputError
from auxfocus_ros.whole_file import whole_file

_LABEL, _NOTES, _ROWS, _LEAD, _FILM = "store.json", "notes.json", "rows.parquet", "lead.parquet", "film.mp4"
_THUMBNAILS, _ANNOTATIONS = "thumbnails/", "annotations/"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same part, the same bytes


class PartStore:
    """The finished parts of one recording."""

    def __init__(self, folder: Path, key: str) -> None:
        """Open, or begin.

        Args:
            folder: of its own; made if it is not there.
            key: of the tasks, see `PartTask`.

        Raises:
            InputError: the folder is of another version, another recording or other options, holds something else, or cannot be
                written.
        """
        self.folder, self.key = folder, key
        label = {"format": FORMAT_VERSION, "version": __version__, "key": key}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found = json.loads((folder / _LABEL).read_text())
        except FileNotFoundError:
            self._demand_empty()
            with whole_file(folder / _LABEL) as file:
                file.write((json.dumps(label, indent=1) + "\n").encode())
        except OSError as error:
            raise InputError(f"{folder}: cannot be used for finished parts: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{folder / _LABEL}: damaged: delete {folder} and run again") from error
        else:
            self._demand_ours(found, label)

    def finished(self) -> frozenset[int]:
        """Numbers of the parts that are there; what was cut off later is not."""
        paths = {path.stem.removeprefix("part-"): path for path in self.folder.glob("part-*.zip")}
        return frozenset(int(number) for number, path in paths.items() if number.isdecimal() and zipfile.is_zipfile(path))

    def keep(self, result: PartResult) -> None:
        """Put a finished part to the others.

        Raises:
            ValueError: it belongs to another key.
            InputError: no room, or the disk fails; the message says how many parts are safe.
        """
        if result.key != self.key:
            raise ValueError(f"part {result.number} has the key {result.key}, the store {self.key}")
        try:
            with whole_file(self._path(result.number)) as file, zipfile.ZipFile(file, "w") as archive:
                for name, data in _members(result):
                    archive.writestr(zipfile.ZipInfo(name, _WHEN), data)
        except InputError as error:
            kept = len(self.finished())
            raise InputError(f"{error}; the {kept} finished parts are safe: make room and run the same again") from error

    def load(self, number: int) -> PartResult:
        """A finished part.

        Raises:
            KeyError: it is not finished.
            InputError: its file is damaged.
        """
        path = self._path(number)
        try:
            with zipfile.ZipFile(path) as archive:
                result = _result(archive)
            if (result.number, result.key) != (number, self.key):
                raise ValueError(f"of part {result.number}")
        except FileNotFoundError:
            raise KeyError(number) from None
        except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(f"{path}: damaged: delete it and run again") from error
        return result

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.zip"

    def _demand_empty(self) -> None:
        strangers = sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))
        if strangers:
            raise InputError(f"{self.folder}: holds {strangers[0]} and no {_LABEL}: wanted a new or empty folder")

    def _demand_ours(self, found: Any, label: dict[str, Any]) -> None:
        remedy = f"choose another output folder, or delete {self.folder}"
        if not isinstance(found, dict) or any(found.get(name) != label[name] for name in ("format", "version")):
            theirs = f"{found.get('version')}, format {found.get('format')}" if isinstance(found, dict) else "an unknown version"
            raise InputError(
                f"{self.folder}: finished parts of another version ({theirs}; this is {__version__}, format {FORMAT_VERSION}): "
                f"{remedy}"
            )
        if found.get("key") != label["key"]:
            raise InputError(f"{self.folder}: finished parts of another recording or of other options: {remedy}")


def _members(result: PartResult) -> Iterator[tuple[str, bytes]]:
    said = {
        "number": result.number,
        "key": result.key,
        "notes": asdict(result.notes),
        "problems": [asdict(problem) for problem in result.problems],
    }
    yield _NOTES, json.dumps(said).encode()
    yield _ROWS, rows_to_bytes(result.rows)
    yield _LEAD, rows_to_bytes(result.lead)
    yield _FILM, result.film
    for folder, entries in ((_THUMBNAILS, result.thumbnails), (_ANNOTATIONS, result.annotations)):
        for place, data in entries.items():
            yield f"{folder}{place}", data


def _result(archive: zipfile.ZipFile) -> PartResult:
    said = json.loads(archive.read(_NOTES))
    notes: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said["notes"].items()}
    return PartResult(
        number=said["number"],
        key=said["key"],
        rows=rows_from_bytes(archive.read(_ROWS)),
        lead=rows_from_bytes(archive.read(_LEAD)),
        notes=StreamNotes(**notes),
        problems=tuple(Problem(**problem) for problem in said["problems"]),
        thumbnails=_entries(archive, _THUMBNAILS),
        film=archive.read(_FILM),
        annotations=_entries(archive, _ANNOTATIONS),
    )


def _entries(archive: zipfile.ZipFile, folder: str) -> dict[int, bytes]:
    return {int(name.removeprefix(folder)): archive.read(name) for name in archive.namelist() if name.startswith(folder)}
