"""Twenty frames of 24 megapixels in two gigabytes."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
from auxfocus_ros.allinfocus.fusion import fuse

class Made:
    # Frames that are made as they are read: texture, of which each frame has its band at full contrast.
    shape, dtype = (4000, 6000, 3), np.dtype(np.uint16)
    def __len__(self):
        return 20
    def read(self, index, rows, columns):
        y, x = np.arange(*rows, dtype=np.uint32)[:, None], np.arange(*columns, dtype=np.uint32)[None]
        hashed = ((y // 3) * 2654435761 + (x // 3) * 40503) >> 7 & 0x3FFF
        contrast = np.where((x // 300) % 20 == index, 16, 4).astype(np.uint32)
        level = (20000 + hashed * contrast // 8).astype(np.uint16)
        return np.repeat(level[..., None], 3, axis=2)

fused = fuse(Made(), "{method}")
assert fused.picture.shape == (4000, 6000, 3)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.long
@pytest.mark.parametrize("method", ["focus", "gfdf", "pyramid"])
def test_frames_of_24_megapixels_fit_in_two_gigabytes(method: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{method}", method)], capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 2_000_000_000
