"""Whatever happens to a file's bytes, reading it ends in frames and in words; and memory does not grow with its length."""

import tracemalloc
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.rig.recording import RecordingSource

START_NS = 1_700_000_000_000_000_000
STEP_NS = 100_000_000
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("mcap", {}),
    ("mcap", {"compression": "STORAGE"}),
    ("db3", {}),
    ("bag", {}),
    ("bag", {"bag_compression": "LZ4", "chunk_bytes": 5000}),
]


def fill(bag: Any, count: int, size: int = 1) -> None:
    """Pairs whose pictures are `size` times 64 x 48 pixels of noise."""
    rng = np.random.default_rng(0)
    bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    for index in range(count):
        stamp_ns = START_NS + index * STEP_NS
        bag.camera_info(stamp_ns)
        bag.image(stamp_ns, rng.integers(0, 255, (48 * size, 64 * size, 3)).astype(np.uint8))
        bag.cloud(stamp_ns)


@pytest.fixture
def whole_file(bag_of: Any) -> Any:
    """The bytes of a small recording of each variant."""

    @cache
    def make(variant: int) -> bytes:
        container, options = VARIANTS[variant]
        bag = bag_of(container)
        fill(bag, 4)
        with TemporaryDirectory() as folder:
            return bytes(bag.write(Path(folder) / "bag", **options).read_bytes())

    return make


damages = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from([0, 1, 0x7F, 255])), max_size=8)


@pytest.mark.parametrize("variant", range(len(VARIANTS)))
def test_any_damage_ends_in_words(whole_file: Any, tmp_path: Path, variant: int) -> None:
    path = tmp_path / f"damaged.{VARIANTS[variant][0]}"

    @settings(deadline=None, max_examples=15)
    @given(st.floats(0, 1), damages)
    def check(kept: float, changes: list[tuple[float, int]]) -> None:
        data = bytearray(whole_file(variant))
        if kept < 0.7:
            del data[int(len(data) * kept / 0.7) :]
        for part, value in changes:
            if data:
                data[int(part * len(data))] = value
        path.write_bytes(data)
        try:
            source = RecordingSource(path)
            for frame in source.frames():
                assert frame.picture.shape[:2] == (frame.camera.height_px, frame.camera.width_px)
        except AuxfocusError as error:
            assert "\n" not in str(error)

    check()


def test_memory_does_not_grow_with_the_length(any_bag: Any, tmp_path: Path) -> None:
    peaks = []
    for count in (20, 80):
        maker = type(any_bag)(any_bag.container)
        fill(maker, count, size=5)
        path = maker.write(tmp_path / str(count))
        del maker
        source = RecordingSource(path)
        tracemalloc.start()
        assert sum(1 for _ in source.frames()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        source.close()
    # The longer one holds 14 MB more of pictures. A chunk is 1 MB, and two may be open where they meet.
    assert peaks[1] - peaks[0] < 1_500_000
