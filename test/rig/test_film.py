"""Films: what is written can be read again, to a file or to memory, and films are joined without losing a picture."""

from __future__ import annotations

import os
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.film import Film, contact_sheet, join_films, letterboxed

av = pytest.importorskip("av", reason="films need PyAV")
WIDTH_PX, HEIGHT_PX, RATE_HZ = 64, 48, 10


def plain(level: int) -> np.ndarray:
    return np.full((HEIGHT_PX, WIDTH_PX, 3), level, np.uint8)


def film_of(levels: list[int], width_px: int = WIDTH_PX, rate_hz: int | Fraction = RATE_HZ) -> bytes:
    memory = BytesIO()
    with Film(memory, width_px, HEIGHT_PX, rate_hz) as film:
        for level in levels:
            film.add(plain(level))
    return memory.getvalue()


def shown(path: Path) -> list[tuple[float, int]]:
    """(time, seconds; middle grey level) of every picture."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [(float(frame.time), int(frame.to_ndarray(format="gray")[24, 32])) for frame in frames]


def test_a_film_in_a_file_is_h264_and_shows_its_pictures_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "film.mp4"
    levels = [20, 90, 160, 230]
    with Film(path, WIDTH_PX, HEIGHT_PX, RATE_HZ) as film:
        for level in levels:
            film.add(plain(level))
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
    assert [time_s for time_s, _ in shown(path)] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert [level for _, level in shown(path)] == pytest.approx(levels, abs=4)


def test_the_same_pictures_give_the_same_bytes_on_any_number_of_cores() -> None:
    picture = np.random.default_rng(3).integers(0, 255, (240, 320, 3), np.uint8)

    def filmed() -> bytes:
        memory = BytesIO()
        with Film(memory, 320, 240, RATE_HZ) as film:
            for index in range(6):
                film.add(np.roll(picture, 3 * index, axis=1))
        return memory.getvalue()

    cores, first = os.sched_getaffinity(0), filmed()
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert filmed() == first
    finally:
        os.sched_setaffinity(0, cores)


def test_films_are_joined_in_order_and_time_runs_on(tmp_path: Path) -> None:
    path = tmp_path / "joined.mp4"
    parts = [[10, 40, 70, 100, 130], [], [250], [220, 190, 160]]
    assert join_films((film_of(part) if part else b"" for part in parts), path) == 9
    pictures = shown(path)
    assert [time_s for time_s, _ in pictures] == pytest.approx([0.1 * index for index in range(9)])
    assert [level for _, level in pictures] == pytest.approx([level for part in parts for level in part], abs=4)


@pytest.mark.parametrize(
    "rate_hz", [Fraction(1, 2), Fraction(48, 5), Fraction(25, 2), Fraction(30_000, 1001), Fraction(1999, 200)]
)
def test_films_of_any_rate_are_joined(tmp_path: Path, rate_hz: Fraction) -> None:
    path = tmp_path / "joined.mp4"
    parts = [[10, 40, 70, 100, 130], [250], [220, 190, 160], [130, 100]]
    assert join_films((film_of(part, rate_hz=rate_hz) for part in parts), path) == 11
    assert [time_s for time_s, _ in shown(path)] == pytest.approx([index / rate_hz for index in range(11)], rel=1e-3)


def test_nothing_to_join_writes_nothing(tmp_path: Path) -> None:
    assert join_films([b"", b""], tmp_path / "joined.mp4") == 0
    assert not (tmp_path / "joined.mp4").exists()


@pytest.mark.parametrize(
    ("other", "says"),
    [(b"no film at all", "film 1 of those to be joined is no film"), (None, "film 1 of those to be joined has another size")],
)
def test_what_does_not_fit_is_named(tmp_path: Path, other: bytes | None, says: str) -> None:
    films = [film_of([1, 2]), film_of([3], 2 * WIDTH_PX) if other is None else other]
    with pytest.raises(InputError, match=says):
        join_films(films, tmp_path / "joined.mp4")


def test_an_odd_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"63 x 48 pixels: H\.264 needs an even width and height"):
        Film(tmp_path / "film.mp4", 63, 48, RATE_HZ)


def test_a_picture_of_another_shape_is_fitted_with_black_beside_it() -> None:
    frame = letterboxed(np.full((10, 10, 3), 200, np.uint8), 40, 20)
    assert frame.shape == (20, 40, 3)
    assert (frame[:, 10:30] == 200).all() and not frame[:, :10].any() and not frame[:, 30:].any()


def test_a_contact_sheet_has_its_pictures_in_rows() -> None:
    sheet = contact_sheet([plain(level) for level in (50, 100, 150)], columns=2, cell_width_px=160)
    assert sheet.shape == (2 * 96 + 6, 2 * 166 + 6, 3)
    assert (sheet[6 + 45, 6 + 80] == 50).all() and (sheet[6 + 45, 172 + 80] == 100).all()
    assert (sheet[102 + 45, 6 + 80] == 150).all() and (sheet[102 + 45, 172 + 80] == 24).all()
    with pytest.raises(InputError, match="no pictures for a contact sheet"):
        contact_sheet([], columns=2)
