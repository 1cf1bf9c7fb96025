"""What `auxfocus stack` writes: a picture that stands there whole or not at all, and room for it that is looked for first."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.whole_file import whole_file

DEEP = (".png", ".tif", ".tiff")
"""Formats that hold 16 bit."""
SHALLOW = (".jpg", ".jpeg", ".webp")
DEPTH = (".png", ".tif", ".tiff")
LARGEST_SIDE_PX = {".webp": 16383, ".jpg": 65535, ".jpeg": 65535}


def check_output(flag: str, path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise ConfigurationError where a picture cannot be written."""
    if path.suffix.lower() not in suffixes:
        raise ConfigurationError(f"{flag} {path}: wanted a name that ends in {', '.join(suffixes[:-1])} or {suffixes[-1]}")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{flag} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise ConfigurationError(f"{flag} {path}: is a folder")
    if not os.access(path.parent, os.W_OK):
        raise ConfigurationError(f"{flag} {path}: nothing may be written in {path.parent}")


def check_room(folder: Path, needed_bytes: int, what: str) -> None:
    """Raise InputError where a disk has less room than is needed."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise InputError(f"{what} need {needed_bytes / 1e9:.2f} GB in {folder}, where {free / 1e9:.2f} GB are free")


def write_picture(flag: str, path: Path, picture: np.ndarray[Any, Any]) -> None:
    """Write a picture beside its place and move it there.

    Args:
        flag: as which it was asked for.
        path: where; what stands there is replaced once the new picture is whole.
        picture: (H, W) or (H, W, 3) BGR, uint8 or uint16; (H, W) float32 in a TIFF. 16 bit are rounded to 8 for `SHALLOW`.

    Raises:
        InputError: no room, or the disk fails. ConfigurationError: the format cannot hold it.
    """
    suffix = path.suffix.lower()
    largest = LARGEST_SIDE_PX.get(suffix)
    if largest is not None and max(picture.shape[:2]) > largest:
        raise ConfigurationError(f"{flag} {path}: {suffix} holds at most {largest} px a side: write a .png or .tif")
    if suffix in SHALLOW and picture.dtype == np.uint16:
        picture = np.rint(picture / np.float32(257.0)).astype(np.uint8)
    coded_well, coded = cv2.imencode(suffix, picture)
    if not coded_well:
        raise ConfigurationError(f"{flag} {path}: the picture cannot be coded as {suffix}")
    write_whole(flag, path, coded.data)


def write_whole(flag: str, path: Path, data: bytes | memoryview) -> None:
    """Write a file that was asked for as `flag`, whole or not at all. Raises InputError: no room, or the disk fails."""
    try:
        with whole_file(path) as file:
            file.write(data)
    except InputError as error:
        raise InputError(f"{flag} {error}") from error
