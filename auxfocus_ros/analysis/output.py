"""The files of an analysis in its folder, and whose they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auxfocus_ros import __version__
from auxfocus_ros.analysis.part import FORMAT_VERSION
from auxfocus_ros.errors import InputError
from auxfocus_ros.whole_file import whole_file

FRAMES, SUMMARY, REPORT, FILM, ANNOTATED = "frames.parquet", "summary.json", "report.html", "focus.mp4", "annotated.mcap"
WORK = "work"
"""The folder of finished parts; may be deleted when the rest is there."""


def version_label() -> dict[str, Any]:
    """What every summary begins with."""
    return {"format": FORMAT_VERSION, "version": __version__}


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary in an output folder: of a recording (it has a `key`), or of several (it has `recordings`).

    Raises:
        InputError: there is none, or none of this version.
    """
    path = folder / SUMMARY
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no {SUMMARY} there: wanted the output folder of `auxfocus analyze`") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged: delete it and analyse the recording again ({error})") from error
    if not isinstance(found, dict) or not {"key", "recordings"} & found.keys():
        raise InputError(f"{path}: not the summary of an analysis: wanted the output folder of `auxfocus analyze`")
    if found.get("format") != FORMAT_VERSION or found.get("version") != __version__:
        theirs = f"{found.get('version')}, format {found.get('format')}"
        raise InputError(
            f"{path}: of another version ({theirs}; this is {__version__}, format {FORMAT_VERSION}): analyse the recording "
            "again, into another folder"
        )
    return found


def demand_ours(folder: Path, key: str) -> None:
    """Refuse a folder that holds another analysis.

    Args:
        folder: where results are to be written; may not be there yet.
        key: of the tasks; '': of several recordings.

    Raises:
        InputError: results of another version, other recordings or other options are there, or it cannot be looked into.
    """
    try:
        if not (folder / SUMMARY).exists():
            return
    except OSError as error:
        raise InputError(f"{folder}: cannot be used as an output folder: {error.strerror}") from error
    found = read_summary(folder)
    if found.get("key", "") != key:
        whose = "several recordings" if "recordings" in found else "another recording or of other options"
        raise InputError(f"{folder}: holds the results of {whose}: choose another output folder, or delete it")


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write, whole or not at all. Raises InputError where that fails."""
    with whole_file(path) as file:
        file.write((json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())
