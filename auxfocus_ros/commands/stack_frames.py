"""What `auxfocus stack` reads: photographs of 8 or 16 bit, one at a time, all alike, and none of them cut short."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from auxfocus_ros.allinfocus.fusion.frames import Picture, check_alike, describe
from auxfocus_ros.errors import InputError

JPEG_START, JPEG_END, JPEG_SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
PNG_START, PNG_END = b"\x89PNG", b"IEND"


class StackReader:
    """Photographs of one stack."""

    def __init__(self, images: Sequence[Path]) -> None:
        """Take their files, of which nothing is read yet."""
        self.images = tuple(images)
        self._first = ""
        self._described = ""

    def read(self, index: int) -> Picture:
        """(H, W) or (H, W, 3) BGR, uint8 or uint16, upright as its EXIF data say.

        Raises:
            InputError: it cannot be read, is cut short, or is not like the first one that was read.
        """
        image = self.images[index]
        picture = read_whole(image)
        if not self._first:
            check_alike([picture], [str(image)])
            self._first, self._described = image.name, describe(picture)
        if describe(picture) != self._described or picture.dtype.kind != "u" or picture.shape[2:] not in ((), (3,)):
            raise InputError(
                f"{image} is {describe(picture)}, {self._first} is {self._described}: all frames of a stack must be alike"
            )
        return picture


def read_whole(image: Path) -> Picture:
    """A photograph as it is coded, upright. Raises InputError where it is missing, no picture, or cut short."""
    try:
        coded = image.read_bytes()
    except OSError as error:
        raise InputError(f"{image} cannot be read: {error.strerror}") from error
    if is_cut_short(coded):
        raise InputError(f"{image} is cut short: its end is missing")
    del coded
    try:
        picture = cv2.imread(str(image), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error as error:
        raise InputError(f"{image} is not a picture that can be read: {error.err}") from error
    if picture is None:
        raise InputError(f"{image} is not a picture that can be read")
    return picture


def is_cut_short(coded: bytes) -> bool:
    """Whether a JPEG or PNG file has no end: such a JPEG is decoded all the same, with grey in place of what is missing."""
    if coded.startswith(PNG_START):
        return coded.rfind(PNG_END) < 0
    if not coded.startswith(JPEG_START):
        return False
    place = 2
    while place + 4 <= len(coded) and coded[place] == 0xFF:
        marker = coded[place + 1]
        if marker == JPEG_SCAN:
            # Within a scan no byte 0xff stands before 0xd9; a thumbnail's end lies in a segment before.
            return coded.find(JPEG_END, place) < 0
        place += 1 if marker == 0xFF else 2 + int.from_bytes(coded[place + 2 : place + 4], "big")
    return True
