"""Pairs in a file: made once, and read by every training that would make the same."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.monodepth.training.pairs import PairTable
from auxfocus_ros.whole_file import whole_file

ARRAYS = ("targets", "sources", "poses", "moving", "reasons")


def fingerprint(sequence: Sequence) -> str:
    """What tells a sequence's pictures, camera and poses from others."""
    value = zlib.crc32(repr(sequence.camera).encode())
    for array in (sequence.pictures, sequence.world_from_camera, sequence.classes):
        value = zlib.crc32(np.ascontiguousarray(array).tobytes() if array is not None else b"-", value)
    return f"{len(sequence)} frames, {value:08x}"


def write_pairs(pairs: PairTable, plan: Mapping[str, Any], path: Path) -> None:
    """Write a table with the plan that it was made by, masks packed eight pixels a byte; the file is complete or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    about = json.dumps({"plan": plan, "left_out": pairs.left_out, "shape": pairs.movable.shape})
    with whole_file(path) as file:
        np.savez_compressed(
            file, about=np.array(about), movable=np.packbits(pairs.movable), **{name: getattr(pairs, name) for name in ARRAYS}
        )


def read_pairs(plan: Mapping[str, Any], path: Path) -> PairTable | None:
    """The table in a file; None where there is none, it is broken, or it was made by another plan."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            if about["plan"] != json.loads(json.dumps(plan)):
                return None
            arrays: dict[str, NDArray[Any]] = {name: file[name] for name in ARRAYS}
            shape = tuple(about["shape"])
            movable = np.unpackbits(file["movable"], count=int(np.prod(shape))).reshape(shape).astype(bool)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return PairTable(**arrays, movable=movable, left_out=about["left_out"])
