"""Focal stacks: the picture follows the lens."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.rig import Source, open_source, parse_rig
from auxfocus_ros.rig.focal_stack import FocalStackSource


def write(folder: Path, count: int = 4) -> Path:
    """Pictures of one grey each: 10, 20, ..."""
    folder.mkdir(exist_ok=True)
    for number in range(1, count + 1):
        cv2.imwrite(str(folder / f"p{number}.png"), np.full((6, 8, 3), 10 * number, np.uint8))
    return folder


def shown(source: FocalStackSource, position_steps: float) -> int:
    source.set_lens_position(position_steps)
    return int(next(source.frames()).picture[0, 0, 0])


def test_only_the_order_is_known(tmp_path: Path) -> None:
    """bench_25mm: 1050 is the far end, 2100 the near one, so four pictures stand at 2100, 1750, 1400, 1050."""
    source = FocalStackSource(write(tmp_path / "s", 4))
    assert source.positions_steps.tolist() == [2100, 1750, 1400, 1050]
    assert isinstance(source, Source) and source.follows_lens and not source.has_depth
    assert [shown(source, steps) for steps in (2100, 1926, 1924, 1400, 1050, 0, 9999)] == [10, 10, 20, 30, 40, 40, 10]
    (tmp_path / "s" / "stack.yaml").write_text("order: far_to_near\nrate_hz: 4\n")
    source = FocalStackSource(tmp_path / "s")
    assert source.positions_steps.tolist() == [1050, 1400, 1750, 2100]
    assert (source.rate_hz, source.duration_s) == (4.0, 1.0)


@pytest.mark.parametrize("measure", ["focus_dioptre", "focus_distance_m", "position_steps"])
def test_positions_from_a_list_or_a_table(tmp_path: Path, measure: str) -> None:
    lens = load_lens("bench_25mm")
    dioptres = np.array([0.2, 0.5, 1.0, 2.0])
    values = {
        "focus_dioptre": dioptres,
        "focus_distance_m": 1 / dioptres,
        "position_steps": lens.position_for_distance(1 / dioptres),
    }[measure]
    folder = write(tmp_path / "s")
    (folder / "stack.yaml").write_text(f"images: p*.png\n{measure}: {[float(value) for value in values]}\n")
    listed = FocalStackSource(folder)
    np.testing.assert_allclose(listed.positions_steps, lens.position_for_distance(1 / dioptres))
    (folder / "stack.yaml").unlink()
    rows = "".join(f"p{number}.png,{value!r}\n" for number, value in enumerate(values.tolist(), 1))
    (folder / "positions.csv").write_text(f"file,{measure}\n{rows}")
    tabled = FocalStackSource(folder)
    np.testing.assert_allclose(tabled.positions_steps, listed.positions_steps)
    assert shown(tabled, lens.position_for_distance(1.0)) == 30


def test_passes_repeat_and_stamps_go_on(tmp_path: Path) -> None:
    source = FocalStackSource(write(tmp_path / "s", 3), rate_hz=10.0)
    stamps = [frame.stamp_ns for _ in range(3) for frame in source.frames()]
    assert stamps == [number * 100_000_000 for number in range(9)]
    assert source.counts.frames == 9


def test_the_lens_moves_within_a_pass(tmp_path: Path) -> None:
    source = FocalStackSource(write(tmp_path / "s", 4))
    seen = []
    for frame, steps in zip(source.frames(), (2100, 1750, 1400, 1050), strict=True):
        seen.append(int(frame.picture[0, 0, 0]))
        source.set_lens_position(steps)
    assert seen[1:] == [10, 20, 30]
    source.set_lens_position(float("nan"))
    assert int(next(source.frames()).picture[0, 0, 0]) == 40


def test_intrinsics_are_given_or_a_stated_default(tmp_path: Path) -> None:
    folder = write(tmp_path / "s")
    source = FocalStackSource(folder)
    camera = next(source.frames()).camera
    assert source.camera_is_default
    assert (camera.fx_px, camera.cx_px, camera.cy_px, camera.width_px) == (8.0, 3.5, 2.5, 8)
    rig = parse_rig({"camera": {"frame": "eye", "width": 16, "height": 12, "k": [20, 20, 7.5, 5.5]}}, "rig")
    frame = next(FocalStackSource(folder, rig=rig, max_width_px=4).frames())
    # From 16 to 4 pixels: a quarter of the focal length; (7.5 + 0.5) / 4 - 0.5 = 1.5.
    assert (frame.camera.fx_px, frame.camera.cx_px, frame.picture.shape, frame.camera_frame) == (5.0, 1.5, (3, 4, 3), "eye")


def test_a_picture_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", 3)
    (folder / "p2.png").write_bytes(b"x")
    said: list[str] = []
    source = FocalStackSource(folder, on_problem=said.append)
    assert shown(source, source.positions_steps[1] + 1) == 10
    assert shown(source, source.positions_steps[1]) in (10, 30)
    assert len(said) == 1 and "p2.png is not a picture" in said[0]
    assert source.counts.unreadable == 1
    for number in (1, 3):
        (folder / f"p{number}.png").write_bytes(b"x")
    with pytest.raises(InputError, match="none of its 3 photographs can be read"):
        list(FocalStackSource(folder).frames())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pictures: x\n", "unknown key 'pictures'"),
        ("order: sideways\n", "order: 'sideways' is not one of near_to_far, far_to_near"),
        ("position_steps: [1, 2]\n", "wanted a list of 4 numbers"),
        ("position_steps: [1, 2, 3, x]\n", "'x' is not a number"),
        ("focus_distance_m: [1, 2, 3, -4]\n", "-4 is not a possible focus_distance_m"),
        ("focus_dioptre: [1, 2, 3, .inf]\n", "inf is not a possible focus_dioptre"),
        ("focus_dioptre: [1, 2, 3, 4]\norder: near_to_far\n", "exclude each other"),
        ("position_steps: [1, 2, 3, 4]\n", "no photograph was focused within the reach of lens"),
        ("images: q*.png\n", "no picture matches"),
        ("csv: none.csv\n", "cannot be read"),
        ("rate_hz: -1\n", "not a rate above zero"),
        ("lens: fisheye_9mm\n", "fisheye_9mm"),
        ("- 1\n", "wanted keys and values"),
    ],
)
def test_descriptions_that_cannot_be(tmp_path: Path, text: str, words: str) -> None:
    folder = write(tmp_path / "s")
    (folder / "stack.yaml").write_text(text)
    with pytest.raises((ConfigurationError, InputError), match=words):
        FocalStackSource(folder)


def test_tables_that_cannot_be(tmp_path: Path) -> None:
    folder = write(tmp_path / "s")
    table = folder / "a.csv"
    cases = {
        "file,focus_dioptre\np9.png,1\n": r"line 2: there is no picture .*p9\.png",
        "file,focus_dioptre\np1.png,soon\n": r"line 2: 'soon' is not a number",
        "file,focus_dioptre\n": "names no picture",
    }
    for text, words in cases.items():
        table.write_text(text)
        with pytest.raises((ConfigurationError, InputError), match=words):
            FocalStackSource(folder)
    (folder / "stack.yaml").write_text("csv: a.csv\n")
    table.write_text("file,when\np1.png,1\n")
    with pytest.raises(ConfigurationError, match="has the columns file, when: wanted file, and one of position_steps"):
        FocalStackSource(folder)
    (folder / "stack.yaml").unlink()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("file,focus_dioptre\np1.png,1\n")
    with pytest.raises(ConfigurationError, match=r"several CSV files with lens positions \(a\.csv, b\.csv\)"):
        FocalStackSource(folder)


def test_no_folder_and_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no focal stack"):
        FocalStackSource(tmp_path / "none")
    with pytest.raises(InputError, match="has no pictures"):
        FocalStackSource(tmp_path)


def test_the_bundled_circuit_board(samples: Path) -> None:
    source: Any = open_source("focal_stack", samples / "stack_circuit_board", max_width_px=512)
    assert len(source.images) == 7

    def sharpness(rows: slice) -> list[float]:
        values = []
        for steps in source.positions_steps:
            source.set_lens_position(steps)
            grey = cv2.cvtColor(next(source.frames()).picture, cv2.COLOR_BGR2GRAY)
            values.append(float(cv2.Laplacian(grey[rows], cv2.CV_64F).var()))
        return values

    # As seen in the pictures: the near edge of the board is sharp at the near end, the barcode behind it at the far end.
    near, far = sharpness(slice(288, 384)), sharpness(slice(0, 96))
    assert np.argmax(near) == 0 and np.argmax(far) >= 4
    assert source.positions_steps[0] == 2100


def test_a_phone_sweep_with_known_dioptres(shared_data: Path) -> None:
    said: list[str] = []
    source: Any = open_source(
        "focal_stack", shared_data / "stack_phone_dioptres", lens="phone_4mm52", on_problem=said.append, max_width_px=400
    )
    # The lens reaches from 1 m to 0.1 m; the photographs from 5 m: the three beyond 1 m are never shown.
    assert len(said) == 1 and "3 of 25 photographs were focused beyond the reach" in said[0]
    lens = load_lens("phone_4mm52")
    source.set_lens_position(lens.position_for_distance(1 / 2.6))
    assert source.images[source.index_at(lens.position_for_distance(1 / 2.6))].name == "IMAGE_01_02.60184813.jpg"
    assert next(source.frames()).picture.shape == (225, 400, 3)
