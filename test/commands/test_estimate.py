"""`auxfocus estimate` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.autofocus.training.procedural import dead_leaves
from auxfocus_ros.cli import main
from auxfocus_ros.commands.estimate import steps_of, tiles
from auxfocus_ros.optics.defocus import defocus_plane, from_linear
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_lens


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Left half sharp, right half blurred by 10 px, an even square at the lower right."""
    sharp = from_linear(dead_leaves(np.random.default_rng(2), 640))
    both = np.hstack([sharp, defocus_plane(sharp, 10.0)])
    both[320:, 960:] = 128
    path = tmp_path_factory.mktemp("estimate") / "picture.png"
    cv2.imwrite(str(path), both)
    return path


def said(capsys: pytest.CaptureFixture[str], *words: Any) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["estimate", *map(str, words), "--json"]) == 0, capsys.readouterr().err
    about: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return about


def test_patches(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = said(capsys, picture, "--patch", 320)
    found = {(patch["x"], patch["y"]): patch for patch in about["patches"]}
    assert set(found) == {(x, y) for x in (0, 320, 640, 960) for y in (0, 320)}
    assert set(about["patches"][0]) == {"x", "y", "size", "radius_px", "sigma_px"}
    for (x, y), patch in found.items():
        if (x, y) == (960, 320):
            assert patch["radius_px"] is None and patch["sigma_px"] is None
        elif x < 640:
            assert patch["radius_px"] < 1.0
        else:
            assert patch["radius_px"] == pytest.approx(10.0, rel=0.15)
            assert 0 < patch["sigma_px"] < 3


def test_with_a_lens(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = said(capsys, picture, "--lens", "bench_25mm", "--position", 1500, "--roi", 640, 0, 320, 640, "--patch", 320)
    assert [(patch["x"], patch["y"]) for patch in about["patches"]] == [(640, 0), (640, 320)]
    for patch in about["patches"]:
        assert patch["steps"] == pytest.approx(patch["radius_px"] / 0.197, rel=0.05)
    assert about["position_steps"] == 1500


def test_gamma(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    levels = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(tmp_path / "other.png"), np.rint(255 * (levels / 255.0) ** (2.2 / 1.6)).astype(np.uint8))
    words = ("--roi", 640, 0, 320, 320, "--patch", 320)
    right = said(capsys, tmp_path / "other.png", *words, "--gamma", 1.6)["patches"][0]
    assert right["radius_px"] == pytest.approx(10.0, rel=0.15)


def test_the_picture_with_its_patches(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(picture), "--patch", "320", "-o", str(tmp_path / "out.png"), "--lens", "bench_25mm"]) == 0
    assert "radius_px" in capsys.readouterr().out
    drawn, plain = cv2.imread(str(tmp_path / "out.png")), cv2.imread(str(picture))
    assert drawn.shape == plain.shape
    assert not np.array_equal(drawn, plain)


def test_tiles_cover_and_lie_within() -> None:
    for width, height, size in ((512, 512, 512), (1000, 700, 512), (3840, 2160, 512), (100, 900, 512)):
        covered = np.zeros((height, width), bool)
        for x, y, wide, high in tiles(0, 0, width, height, size):
            assert x >= 0 and y >= 0 and x + wide <= width and y + high <= height
            covered[y : y + high, x : x + wide] = True
        assert covered.all()


def test_steps_are_the_models() -> None:
    model = ThinLensModel(load_lens("bench_25mm"))
    for position, away in ((1500.0, 100.0), (1060.0, 300.0), (2090.0, 40.0)):
        side = 1 if position < 1800 else -1
        radius_px = float(model.radius_px(position, position + side * away))
        assert steps_of(model, position, radius_px) == pytest.approx(away, rel=0.03)
    assert steps_of(model, 1500.0, 0.0) == 0.0
    assert steps_of(model, 1500.0, 250.0) > 1000


@pytest.mark.parametrize(
    ("words", "said_"),
    [
        (["--patch", "32"], "--patch 32"),
        (["--gamma", "nan"], "--gamma nan"),
        (["--position", "1500"], "--position needs --lens"),
        (["--lens", "bench_25mm", "--position", "10"], "1050 to 2100"),
        (["--roi", "0", "0", "5000", "100"], "must lie in the picture"),
        (["--roi", "0", "0", "40", "100"], "64 px each way"),
        (["--weights", "nowhere.safetensors"], "no such file"),
        (["-o", "out.txt"], "wanted a name that ends in"),
    ],
)
def test_bad_input_is_one_line(picture: Path, words: list[str], said_: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(picture), *words]) == 2
    error = capsys.readouterr().err.strip()
    assert "\n" not in error and error.startswith("auxfocus estimate: ") and said_ in error


def test_pictures_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(tmp_path / "nothing.png")]) == 2
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((40, 200), np.uint8))
    assert main(["estimate", str(tmp_path / "small.png")]) == 2
    assert "40" in capsys.readouterr().err
