"""`auxfocus calibrate` as a command: pairs, sweeps, what they write, and bad input in one line."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.cli import main, make_parser
from auxfocus_ros.commands.calibrate_sweep import read_sweeps, swept_lens
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus import defocus_plane
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_defocus_model
from auxfocus_ros.optics.lens_text import lens_text
from auxfocus_ros.optics.table_model import TableModel

WIDTH, HEIGHT = 384, 288
COARSE = replace(load_lens("bench_25mm"), name="coarse", pixel_pitch_m=16.2e-6, circle_of_confusion_m=32e-6)
POSITIONS = (1100.0, 1300.0, 1500.0, 1700.0)


def texture(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None, :]
    amplitude = 1.0 / np.maximum(np.hypot(fx, fy), 1.0 / WIDTH)
    waves = np.fft.irfft2(amplitude * np.exp(2j * math.pi * rng.random((HEIGHT, fx.size))), (HEIGHT, WIDTH))
    return np.clip(128.0 + 45.0 * (waves - waves.mean()) / waves.std(), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, a sweep in steps and one in dioptres of the same plane, and things that are wrong."""
    folder = tmp_path_factory.mktemp("calibrate")
    sharp = texture()
    cv2.imwrite(str(folder / "sharp.png"), sharp)
    cv2.imwrite(str(folder / "blurred.png"), defocus_plane(sharp, 6.0, "disk", 2.4, 1.04))
    cv2.imwrite(str(folder / "deep.png"), defocus_plane(sharp.astype(np.uint16) * 257, 6.0, "disk", 2.4, 1.04))
    cv2.imwrite(str(folder / "small.png"), sharp[:200, :200])
    cv2.imwrite(str(folder / "flat.png"), np.full_like(sharp, 90))
    (folder / "broken.png").write_bytes((folder / "sharp.png").read_bytes()[:40])
    (folder / "coarse.yaml").write_text(lens_text(COARSE))
    thin = ThinLensModel(COARSE)
    sweep = folder / "sweep"
    sweep.mkdir()
    steps, dioptres = ["file,position_steps"], ["file,focus_dioptre"]
    for position in POSITIONS:
        scale = float(thin.scale(position, 1430.0))
        radius = float(thin.radius_px(position, 1430.0)) / scale
        cv2.imwrite(str(sweep / f"at_{position:.0f}.png"), defocus_plane(sharp, radius, "disk", 2.2, scale))
        steps.append(f"at_{position:.0f}.png,{position:g}")
        dioptres.append(f"at_{position:.0f}.png,{1.0 / COARSE.focus_distance_m(position):.6f}")
    for name, rows in {
        "steps": steps,
        "dioptres": dioptres,
        "short": steps[:-1],
        "unordered": [steps[0], steps[2], steps[1], *steps[3:]],
        "words": [steps[0], "at_1100.png,far", *steps[2:]],
        "columns": ["file,focus", *steps[1:]],
        "strangers": [*steps, "nothing.png,1900"],
    }.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    one = folder / "one"
    one.mkdir()
    cv2.imwrite(str(one / "at_1100.png"), sharp)
    (folder / "one.csv").write_text("file,position_steps\nat_1100.png,1100\n")
    plain = folder / "plain"
    plain.mkdir()
    for name in "abc":
        cv2.imwrite(str(plain / f"{name}.png"), np.full_like(sharp, 90))
    (folder / "plain.csv").write_text("file,position_steps\na.png,1100\nb.png,1300\nc.png,1500\n")
    return folder


def drawn(file: Path) -> np.ndarray:
    picture = cv2.imread(str(file))
    assert picture is not None
    return picture


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    assert main(["calibrate", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("blurred", ["blurred.png", "deep.png"])
def test_a_pair(home: Path, blurred: str, capsys: pytest.CaptureFixture[str]) -> None:
    sharp = home / "sharp.png"
    if blurred == "deep.png":
        sharp = home / "sharp16.png"
        cv2.imwrite(str(sharp), texture().astype(np.uint16) * 257)
    found = said(capsys, sharp, home / blurred, "--gamma", "2.4")
    assert found["radius_px"] == pytest.approx(6.0, abs=0.1)
    assert found["scale"] == pytest.approx(1.04, abs=0.001)
    assert found["sensor_radius_px"] == pytest.approx(found["radius_px"] * found["scale"])
    assert found["score"] > 0.995
    assert (found["kernel"], found["gamma"], found["sigma_px"]) == ("disk", 2.4, None)


def test_a_pair_with_everything_written(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["calibrate", *map(str, (home / "sharp.png", home / "blurred.png")), "--roi", "120", "80", "128", "128"]
    arguments += ["--kernel", "gaussian", "--picture", str(tmp_path / "fit.png")]
    assert main([*arguments, "--surface", str(tmp_path / "surface.csv")]) == 0
    out = capsys.readouterr().out
    assert "radius" in out and "sigma" in out and "x 120, y 80, 128 x 128" in out
    assert drawn(tmp_path / "fit.png").shape == (128 + 36, 3 * (128 + 8), 3)
    rows = [line.split(",") for line in (tmp_path / "surface.csv").read_text().splitlines()]
    assert rows[0][0] == "radius_px/scale" and len(rows) == 32 and {len(row) for row in rows} == {32}


@pytest.mark.parametrize("kind", ["npy", "png"])
def test_the_surface_as_an_array_and_as_a_picture(kind: str, home: Path, tmp_path: Path) -> None:
    file = tmp_path / f"surface.{kind}"
    words = ["calibrate", home / "sharp.png", home / "blurred.png", "--roi", "120", "80", "80", "80", "--surface", file]
    assert main([str(word) for word in words]) == 0
    assert np.load(file).shape == (32, 32) if kind == "npy" else drawn(file).shape[2] == 3


def test_a_sweep_in_steps(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "lens.yaml"
    found = said(
        capsys, "--sweep", home / "sweep", "--positions", home / "steps.csv", "--lens", home / "coarse.yaml", "-o", output,
        "--picture", tmp_path / "table.png",
    )  # fmt: skip
    assert found["thin_lens_radius_against_nominal"] == pytest.approx(1.0, abs=0.04)
    assert found["best_positions_from"] == pytest.approx(1430.0, abs=20.0)
    model = load_defocus_model(output)
    assert isinstance(model, TableModel)
    assert float(model.radius_px(1800.0, 1400.0)) == pytest.approx(
        float(ThinLensModel(COARSE).radius_px(1800.0, 1400.0)), rel=0.05
    )
    assert "Calibrated by" in output.read_text().splitlines()[0]
    assert drawn(tmp_path / "table.png").ndim == 3


def test_dioptres_make_a_lens_of_their_own(home: Path, tmp_path: Path) -> None:
    words = ["calibrate", "--sweep", home / "sweep", "--positions", home / "dioptres.csv", "--focal-length-mm", "25"]
    words += ["--f-number", "2.4", "--pixel-pitch-um", "16.2", "-o", tmp_path / "mine.yaml"]
    arguments = make_parser("calibrate").parse_args([str(word) for word in words])
    lens = swept_lens(arguments, read_sweeps(arguments))
    assert lens.name == "mine"
    assert lens.circle_of_confusion_m == pytest.approx(32.4e-6)
    for position in POSITIONS:
        dioptres = round(1.0 / COARSE.focus_distance_m(position), 6)  # as the table was written
        assert lens.focus_distance_m(dioptres) == pytest.approx(1.0 / dioptres, rel=1e-6)


LENS = ["--lens", "{home}/coarse.yaml", "-o", "{tmp}/out.yaml"]
SWEEP = ["--sweep", "{home}/sweep", "--positions"]
NEW = ["-o", "{tmp}/out.yaml", "--f-number", "2", "--pixel-pitch-um", "2"]
BAD: dict[str, tuple[list[str], str]] = {
    "nothing": ([], "wanted two pictures, the focused one first, or --sweep DIR; got 0"),
    "one picture": (["{home}/sharp.png"], "wanted two pictures"),
    "not there": (["{home}/sharp.png", "nothing.png"], "picture nothing.png does not exist"),
    "broken": (["{home}/broken.png", "{home}/sharp.png"], "is not a picture that can be read"),
    "other size": (["{home}/sharp.png", "{home}/small.png"], "different sizes: the focused one 384 x 288"),
    "flat": (["{home}/flat.png", "{home}/sharp.png"], "the focused picture shows nothing"),
    "flat second": (["{home}/sharp.png", "{home}/flat.png"], "the defocused picture shows nothing"),
    "swapped": (["{home}/blurred.png", "{home}/sharp.png"], "give them the other way round"),
    "roi outside": (["{home}/sharp.png", "{home}/blurred.png", "--roi", "300", "0", "100", "100"], "leaves the picture"),
    "roi too small": (["{home}/sharp.png", "{home}/blurred.png", "--roi", "30", "0", "10", "100"], "the patch is 10 x 100"),
    "gamma": (["{home}/sharp.png", "{home}/blurred.png", "--gamma", "0"], "gamma is 0, it must be 0.1 to 10"),
    "surface's kind": (["{home}/sharp.png", "{home}/blurred.png", "--surface", "s.txt"], "wanted a name that ends in .png or"),
    "picture's kind": (["{home}/sharp.png", "{home}/blurred.png", "--picture", "p.jpg"], "wanted a name that ends in .png"),
    "picture is input": (["{home}/sharp.png", "{home}/blurred.png", "--picture", "{home}/sharp.png"], "what the command reads"),
    "surface is another's": (["{home}/sharp.png", "{home}/blurred.png", "--surface", "{home}/steps.csv"], "was not written by"),
    "positions without a sweep": (["{home}/sharp.png", "{home}/blurred.png", "--positions", "x.csv"], "belongs to a sweep"),
    "no output": ([*SWEEP, "{home}/steps.csv", "--lens", "{home}/coarse.yaml"], "--sweep needs -o LENS.yaml"),
    "output is the base": ([*SWEEP, "{home}/steps.csv", *LENS[:3], "{home}/coarse.yaml"], "is the lens that --lens reads"),
    "output is no lens": ([*SWEEP, "{home}/steps.csv", *LENS[:3], "{tmp}/notes.yaml"], "is there and is no lens file"),
    "no such sweep": (["--sweep", "nowhere", "--positions", "{home}/steps.csv", *LENS], "there is no focal stack nowhere"),
    "no positions": (["--sweep", "{home}/sweep", *LENS], "name --positions"),
    "no such table": ([*SWEEP, "nothing.csv", *LENS], "nothing.csv"),
    "position missing": ([*SWEEP, "{home}/short.csv", *LENS], "at_1700.png is missing"),
    "positions out of order": ([*SWEEP, "{home}/unordered.csv", *LENS], "positions out of order"),
    "position is a word": ([*SWEEP, "{home}/words.csv", *LENS], "line 2"),
    "other columns": ([*SWEEP, "{home}/columns.csv", *LENS], "wanted file, and one of position_steps"),
    "picture missing": ([*SWEEP, "{home}/strangers.csv", *LENS], "there is no picture"),
    "one frame": (["--sweep", "{home}/one", "--positions", "{home}/one.csv", *LENS], "at least 2"),
    "flat sweep": (["--sweep", "{home}/plain", "--positions", "{home}/plain.csv", *LENS], "nothing in the sweep could be"),
    "tables too many": ([*SWEEP, "{home}/steps.csv", "--positions", "{home}/steps.csv", *LENS], "each sweep needs its own"),
    "no lens": ([*SWEEP, "{home}/steps.csv", "-o", "{tmp}/out.yaml"], "what lens was swept? Name it with --lens, or give"),
    "lens and flags": ([*SWEEP, "{home}/steps.csv", *LENS, "--f-number", "2"], "exclude each other"),
    "steps without a lens": (
        [*SWEEP, "{home}/steps.csv", *NEW, "--focal-length-mm", "25"],
        "motor steps mean nothing by themselves",
    ),
    "no focal length": (
        [*SWEEP, "{home}/dioptres.csv", *NEW, "--focal-length-mm", "0"],
        "--focal-length-mm is 0: it must be above 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_ends_in_one_line_and_status_2(
    name: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.yaml").write_text("years: of work\n")
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    arguments, expected = BAD[name]
    status = main(["calibrate", *(word.format(home=home, tmp=tmp_path) for word in arguments)])
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if line.startswith("auxfocus ")]
    assert status == 2 and len(lines) == 1 and expected in lines[0], err
    assert not (tmp_path / "out.yaml").exists()
    assert (tmp_path / "notes.yaml").read_text() == "years: of work\n"
    assert before == {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}


def test_an_unknown_kernel_is_refused_by_the_parser(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["calibrate", str(home / "sharp.png"), str(home / "blurred.png"), "--kernel", "square"])
    assert "'disk', 'gaussian'" in capsys.readouterr().err.replace("disk, gaussian", "'disk', 'gaussian'")
