"""Stamps from text files, a line each: seconds, or dates as KITTI writes them; exact to the nanosecond."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from pathlib import Path

from auxfocus_ros.errors import InputError


def read_stamps(path: Path) -> list[int]:
    """Stamps from a text file, nanoseconds: seconds or dates (2011-09-26 13:02:25.594360375), one per line.

    Raises:
        InputError: naming file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"stamps {path} cannot be read: {getattr(error, 'strerror', None) or 'not text'}") from error
    stamps = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            stamps.append(_stamp_ns(text))
        except ValueError as error:
            raise InputError(f"{path} line {number}: '{text[:40]}' is neither seconds nor a date") from error
    return stamps


def _stamp_ns(text: str) -> int:
    """Exact to the nanosecond, which a double of today's seconds is not."""
    whole, _, fraction = text.partition(".")
    if fraction and not fraction.isdigit():
        return round(_finite(float(text)) * 1e9)
    nanoseconds = int((fraction + "0" * 9)[:9])
    if "-" in whole[1:]:
        moment = datetime.fromisoformat(whole.replace(" ", "T")).replace(tzinfo=timezone.utc)
        return int(moment.timestamp()) * 10**9 + nanoseconds
    if not whole.lstrip("-").isdigit():
        return round(_finite(float(text)) * 1e9)
    return int(whole) * 10**9 + (-nanoseconds if whole.startswith("-") else nanoseconds)


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        raise ValueError("not finite")
    return seconds
