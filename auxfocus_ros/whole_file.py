"""A file that is there whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from auxfocus_ros.errors import InputError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file beside `path` to write into, and move it there once it is whole and on the disk; else what was there stays.

    Raises:
        InputError: no room, or the disk fails.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        beside.unlink(missing_ok=True)


def not_written(path: Path, error: OSError) -> InputError:
    """What to raise where a file cannot be written."""
    why = "no room is left there" if error.errno in _NO_ROOM else error.strerror or str(error)
    return InputError(f"{path}: cannot be written: {why}")
