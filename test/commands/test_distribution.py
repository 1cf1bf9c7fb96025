"""`auxfocus distribution` as a user types it: the real command on the bundled recordings, and on files made from them."""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.cli import main
from auxfocus_ros.commands import distribution as command
from auxfocus_ros.declaration import fields_of
from auxfocus_ros.rig import open_source
from auxfocus_ros.rig.pcd import pcd_bytes
from auxfocus_ros.view import DistributionOptions, ViewOptions

ROOM_RIG = """
camera: {width: 640, height: 480, k: [518.0, 519.0, 325.5, 253.5]}
depth: {unit_m: 0.001}
lens: vga_25mm
"""
KEYS = {
    "image", "depth_from", "output", "counts", "lens", "lens_position_steps", "focus_state", "focus_distance_m", "near_limit_m",
    "far_limit_m", "far_limit_is_infinite", "focus_row_px", "focus_column_px", "focus_bin", "scale", "bins", "bin_edges_m",
    "across_unit", "across_angle_rad", "columns", "across_edges", "points_inside", "points_outside", "points_nearer",
    "points_farther", "points_on_axis", "points_nearer_than_axis", "points_farther_than_axis", "points_total", "objects",
    "selected_id", "message", "image_size_px", "depth_grows", "picture_rectangle_px", "plot_rectangle_px",
}  # fmt: skip
OBJECT_KEYS = {
    "id", "label", "letter", "source", "state", "selected", "in_focus", "box_px", "depth_m", "depth_sigma_m", "spread_m",
    "position_m", "points", "area_share", "confidence",
}  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A folder with a picture of the bundled room, its depth image in several forms, and a rig file."""
    folder = tmp_path_factory.mktemp("room")
    source = open_source("recording", samples / "rgbd_room")
    frame = next(iter(source.frames()))
    source.close()
    assert frame.depth_m is not None
    cv2.imwrite(str(folder / "picture.png"), frame.picture)
    cv2.imwrite(str(folder / "depth.png"), np.round(np.nan_to_num(frame.depth_m) * 1000).astype(np.uint16))
    cv2.imwrite(str(folder / "depth.tiff"), frame.depth_m)
    np.save(folder / "depth.npy", frame.depth_m)
    (folder / "rig.yaml").write_text(ROOM_RIG)
    return folder


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A folder with a picture of the bundled road, and its scan as PCD, KITTI's format and an array."""
    folder = tmp_path_factory.mktemp("road")
    source = open_source("recording", samples / "rgb_lidar_road")
    frame = next(iter(source.frames()))
    source.close()
    assert frame.points is not None
    cv2.imwrite(str(folder / "picture.jpg"), frame.picture)
    (folder / "scan.pcd").write_bytes(pcd_bytes(frame.points))
    xyz = np.stack([frame.points[name] for name in "xyz"], axis=-1)
    np.save(folder / "scan.npy", xyz)
    np.hstack([xyz, np.zeros((len(xyz), 1), np.float32)]).astype("<f4").tofile(folder / "scan.bin")
    return folder


def words(*arguments: str | Path | float) -> list[str]:
    return ["distribution", *map(str, arguments)]


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path | float) -> dict[str, Any]:
    """What the command prints as JSON, which must be JSON as the standard has it."""
    capsys.readouterr()
    assert main([*words(*arguments), "--json"]) == 0, capsys.readouterr().err

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    about: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=refuse)
    return about


def test_the_command_itself_with_a_depth_image(room: Path, tmp_path: Path) -> None:
    arguments = words(room / "picture.png", "--depth", room / "depth.png", "--rig", room / "rig.yaml", "--focus-distance", 1.5)
    arguments += ["--output", str(tmp_path / "out.png"), "--counts", str(tmp_path / "counts.npy"), "--json"]
    result = subprocess.run(
        [sys.executable, "-m", "auxfocus_ros.cli", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    about = json.loads(result.stdout)
    assert set(about) == KEYS
    counts = np.load(tmp_path / "counts.npy", allow_pickle=False)
    image = cv2.imread(str(tmp_path / "out.png"))
    assert counts.dtype == np.uint32 and counts.shape == (about["bins"], about["columns"])
    assert image is not None and [image.shape[1], image.shape[0]] == about["image_size_px"] == [640, 480]
    assert result.stderr == ""


def test_what_the_json_says_of_a_depth_image(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts_file = tmp_path / "counts.npy"
    about = said(
        capsys, room / "picture.png", "--depth", room / "depth.png", "--rig", room / "rig.yaml", "--focus-distance", 1.5,
        "-o", tmp_path / "out.png", "--counts", counts_file, "--near-m", 0.5, "--far-m", 8, "--depth-bins", 100,
    )  # fmt: skip
    depth_m = cv2.imread(str(room / "depth.png"), cv2.IMREAD_UNCHANGED).astype(np.float64) / 1000
    readings = depth_m[depth_m > 0]
    edges = np.array(about["bin_edges_m"])
    assert len(edges) == 101 and np.all(np.diff(edges) > 0) and edges[0] == 0.5 and edges[-1] == 8.0
    across = np.array(about["across_edges"])
    assert len(across) == about["columns"] + 1 and np.all(np.diff(across) > 0)
    assert about["across_unit"] == "pixels" and across[0] == -0.5 and across[-1] == 639.5
    assert about["points_total"] == len(readings)
    assert about["points_total"] == sum(
        about[f"points_{where}"] for where in ("on_axis", "nearer_than_axis", "farther_than_axis")
    )
    assert about["points_total"] == about["points_inside"] + about["points_outside"]
    assert about["points_outside"] == about["points_nearer"] + about["points_farther"]
    near, far = about["near_limit_m"], about["far_limit_m"]
    assert 0.5 < near < 1.5 < far < 8
    assert about["points_inside"] == np.sum((readings >= near) & (readings <= far))
    counts = np.load(counts_file, allow_pickle=False)
    assert counts.sum() == about["points_on_axis"]
    expected = np.histogram(readings, edges)[0]
    assert np.abs(counts.sum(axis=1).astype(int) - expected).sum() <= 1e-3 * len(readings)  # float32's rounding at edges
    assert edges[about["focus_bin"]] <= 1.5 < edges[about["focus_bin"] + 1]


def test_the_focus_row_is_where_the_axis_has_the_distance(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = (room / "picture.png", "--depth", room / "depth.png", "--rig", room / "rig.yaml", "--near-m", 0.5, "--far-m", 8)
    common += ("--focus-distance", 2.0, "-o", tmp_path / "out.png")
    up = said(capsys, *common, "--scale", "log")
    _, top, _, height = up["plot_rectangle_px"]
    share = math.log(2.0 / 0.5) / math.log(8 / 0.5)  # one half
    assert share == pytest.approx(0.5)
    assert up["focus_row_px"] == pytest.approx(top - 0.5 + height * (1 - share), abs=0.01)
    assert up["focus_column_px"] is None and up["depth_grows"] == "up"
    right = said(capsys, *common, "--direction", "right", "--scale", "dioptre")
    left, _, width, _ = right["plot_rectangle_px"]
    share = (1 / 0.5 - 1 / 2.0) / (1 / 0.5 - 1 / 8)
    assert right["focus_column_px"] == pytest.approx(left - 0.5 + width * share, abs=0.01)
    assert right["focus_row_px"] is None and right["depth_grows"] == "right"


def test_infinity_is_null(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = said(
        capsys, room / "picture.png", "--depth", room / "depth.png", "--rig", room / "rig.yaml", "--focus-distance", "inf",
        "-o", tmp_path / "out.png",
    )  # fmt: skip
    assert about["focus_state"] == "infinity" and about["focus_distance_m"] is None
    assert about["far_limit_m"] is None and about["far_limit_is_infinite"] is True and about["near_limit_m"] > 0
    assert about["focus_row_px"] is None and about["focus_bin"] is None


def test_every_form_of_depth_gives_the_same(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = (room / "picture.png", "--rig", room / "rig.yaml", "--focus-distance", 1.5, "-o", tmp_path / "out.png")
    all_said = [said(capsys, *common, "--depth", room / f"depth.{suffix}") for suffix in ("png", "tiff", "npy")]
    assert len({about["points_total"] for about in all_said}) == 1
    assert len({about["points_inside"] for about in all_said}) == 1


def test_every_form_of_cloud_gives_the_same(road: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = (
        road / "picture.jpg",
        "--rig",
        "road_64",
        "--lens",
        "field_50mm",
        "--focus-distance",
        20,
        "-o",
        tmp_path / "out.jpg",
    )
    all_said = [said(capsys, *common, "--points", road / f"scan.{suffix}") for suffix in ("pcd", "npy", "bin")]
    for about in all_said:
        assert about["depth_from"] == "points" and about["points_total"] > 1000
        assert about["points_total"] == all_said[0]["points_total"] and about["objects"] == all_said[0]["objects"]
    assert cv2.imread(str(tmp_path / "out.jpg")) is not None


def test_objects(road: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = said(
        capsys, road / "picture.jpg", "--rig", "road_64", "--lens", "field_50mm", "--focus-distance", 20,
        "-o", tmp_path / "o.png", "--points", road / "scan.pcd", "--association", "letters",
    )  # fmt: skip
    assert about["objects"], "the road has cars and trees"
    for entry in about["objects"]:
        assert set(entry) == OBJECT_KEYS
        left, top, width, height = entry["box_px"]
        assert left >= 0 and top >= 0 and width > 0 and height > 0 and left + width <= 1920 and top + height <= 1200
        low, high = entry["spread_m"]
        assert 0 < low <= entry["depth_m"] <= high
        assert entry["in_focus"] == (about["near_limit_m"] <= entry["depth_m"] <= about["far_limit_m"])
    assert len({entry["id"] for entry in about["objects"]}) == len(about["objects"])


def test_a_point_selects_what_is_there(road: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = (road / "picture.jpg", "--rig", "road_64", "--lens", "field_50mm", "--focus-distance", 20, "-o", tmp_path / "o.png")
    common += ("--points", road / "scan.pcd")
    first = max(said(capsys, *common)["objects"], key=lambda entry: entry["points"])
    left, top, width, height = first["box_px"]
    about = said(capsys, *common, "--select-box", left, top, width, height)
    chosen = [entry for entry in about["objects"] if entry["selected"]]
    assert len(chosen) == 1 and chosen[0]["id"] == about["selected_id"]
    assert first["spread_m"][0] <= chosen[0]["depth_m"] <= first["spread_m"][1]
    whole = said(capsys, *common, "--select-whole-frame")
    assert [entry["source"] for entry in whole["objects"] if entry["selected"]] == ["whole_frame"]


def test_a_recording_brings_its_own_depth_and_rig(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = said(
        capsys, samples / "rgbd_room", "--frame", 4, "--lens", "vga_25mm", "--focus-distance", 2, "-o", tmp_path / "out.webp"
    )
    assert about["depth_from"] == "depth" and about["points_total"] > 100_000
    road = said(
        capsys, samples / "rgb_lidar_road", "--focus-distance", 20, "--lens", "field_50mm", "-o", tmp_path / "out.bmp",
        "--across", "metres", "--projection", "horizontal",
    )  # fmt: skip
    assert road["depth_from"] == "points" and road["across_unit"] == "metres"
    assert road["across_angle_rad"] == pytest.approx(math.pi / 2)


def test_the_whole_field_of_view_of_a_scanner(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = said(
        capsys, samples / "rgb_lidar_road", "--focus-distance", 20, "--lens", "field_50mm", "-o", tmp_path / "out.png",
        "--field-of-view", "sensor",
    )  # fmt: skip
    narrow = said(capsys, samples / "rgb_lidar_road", "--focus-distance", 20, "--lens", "field_50mm", "-o", tmp_path / "out.png")
    assert about["across_unit"] == "radians" and about["points_total"] > 2 * narrow["points_total"]


def test_a_distance_that_the_motor_does_not_reach_is_drawn_and_said(
    room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = words(room / "picture.png", "--depth", room / "depth.png", "--focus-distance", 30, "-o", tmp_path / "out.png")
    assert main([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    about = json.loads(out)
    assert about["lens"] == "bench_25mm" and about["lens_position_steps"] is None and about["focus_distance_m"] == 30
    assert err.count("\n") == 1 and "reaches 0.4 m to 10 m" in err


def test_a_position_of_the_lens(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = said(
        capsys, room / "picture.png", "--depth", room / "depth.png", "--focus-position", 1050, "-o", tmp_path / "out.png"
    )
    assert about["focus_distance_m"] == pytest.approx(10.0) and about["lens_position_steps"] == 1050


def test_one_single_depth(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "wall.npy", np.full((480, 640), 2.5, np.float32))
    about = said(
        capsys, room / "picture.png", "--depth", tmp_path / "wall.npy", "--rig", room / "rig.yaml", "--focus-distance", 2.5,
        "-o", tmp_path / "out.png",
    )  # fmt: skip
    assert about["points_total"] == about["points_inside"] == about["points_on_axis"] == 640 * 480


def test_depths_beyond_the_axis(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = said(
        capsys, room / "picture.png", "--depth", room / "depth.npy", "--rig", room / "rig.yaml", "--focus-distance", 1.5,
        "-o", tmp_path / "out.png", "--near-m", 20, "--far-m", 40,
    )  # fmt: skip
    assert about["points_on_axis"] == 0 and about["points_nearer_than_axis"] == about["points_total"] > 0
    assert about["focus_row_px"] is None


def test_a_smaller_depth_image_of_the_same_view(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = np.ascontiguousarray(np.load(room / "depth.npy")[::2, ::2])
    np.save(tmp_path / "small.npy", small)
    about = said(
        capsys, room / "picture.png", "--depth", tmp_path / "small.npy", "--rig", room / "rig.yaml", "--focus-distance", 1.5,
        "-o", tmp_path / "out.png",
    )  # fmt: skip
    assert about["points_total"] == np.sum(small > 0) and about["across_edges"][-1] == 639.5


def test_without_json_a_table_for_a_person(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = words(room / "picture.png", "--depth", room / "depth.png", "--rig", room / "rig.yaml", "--focus-distance", 1.5)
    assert main([*arguments, "-o", str(tmp_path / "out.png")]) == 0
    shown = capsys.readouterr().out
    assert "depth of field" in shown and "1.50 m" in shown and "out.png" in shown


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    command.add_parser(made.add_subparsers(dest="command"), "line")
    return made


SETTINGS = {**fields_of(ViewOptions), **fields_of(DistributionOptions)}


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"hold_s"}))
def test_every_option_has_a_flag_that_takes_all_its_values(name: str) -> None:
    kind, default, info = SETTINGS[name]
    flag = "--" + name.replace("_", "-")
    common = ["distribution", "picture.png", "--focus-distance", "2", "-o", "out.png"]
    values: list[tuple[list[str], Any]]
    if info.choices:
        values = [([flag, choice], choice) for choice in info.choices]
    elif kind is bool:
        values = [([flag], True), (["--no-" + flag[2:]], False)]
    else:
        values = [([flag, str(value)], value) for value in (default, info.minimum, info.maximum) if math.isfinite(value)]
    for given, expected in values:
        assert getattr(parser().parse_args([*common, *given]), name) == expected
    assert getattr(parser().parse_args(common), name) is None


def test_help_shows_examples_choices_and_ranges() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "auxfocus_ros.cli", "distribution", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    text = " ".join(result.stdout.split())
    assert result.returncode == 0
    for part in ("examples:", "{overlay,inset,side_by_side,top_bottom}", "0.2 to 0.8; default: 0.42", "--no-peaking"):
        assert part in text


BAD: dict[str, tuple[list[str], str]] = {
    "no depth": (["{room}/picture.png"], "name its cloud with --points, or its depth image with --depth"),
    "picture is not there": (["nothing.png", "--depth", "{room}/depth.png"], "picture nothing.png does not exist"),
    "picture is none": (["{room}/rig.yaml.png", "--depth", "{room}/depth.png"], "is not a picture that can be read"),
    "depth is not there": (["{room}/picture.png", "--depth", "nothing.png"], "depth image nothing.png does not exist"),
    "depth of 8 bits": (["{room}/picture.png", "--depth", "{room}/picture.png"], "wanted one channel, 16-bit or float"),
    "no reading": (["{room}/picture.png", "--depth", "{tmp}/empty.npy"], "has no reading"),
    "other field of view": (["{room}/picture.png", "--depth", "{tmp}/square.npy"], "do not show the same field of view"),
    "no such rig": (["{room}/picture.png", "--depth", "{room}/depth.png", "--rig", "toaster"], "there is no rig 'toaster'"),
    "wrong key": (["{room}/picture.png", "--depth", "{room}/depth.png", "--rig", "{tmp}/wrong.yaml"], "unknown key 'camra'"),
    "camera of another shape": (
        ["{room}/picture.png", "--depth", "{room}/depth.png", "--rig", "road_64"],
        "its intrinsics are for 1920 x 1200",
    ),
    "cloud without a rig": (["{road}/picture.jpg", "--points", "{road}/scan.pcd"], "takes intrinsics"),
    "cloud is not there": (["{road}/picture.jpg", "--points", "no.pcd", "--rig", "road_64"], "cloud no.pcd does not exist"),
    "cloud of another kind": (["{road}/picture.jpg", "--points", "{road}/picture.jpg", "--rig", "road_64"], "wanted a .pcd"),
    "cloud breaks off": (["{road}/picture.jpg", "--points", "{tmp}/cut.pcd", "--rig", "road_64"], "breaks off"),
    "array of another shape": (
        ["{road}/picture.jpg", "--points", "{tmp}/square.npy", "--rig", "road_64"],
        "wanted (N, 3) floats",
    ),
    "cloud without a return": (["{road}/picture.jpg", "--points", "{tmp}/nan.npy", "--rig", "road_64"], "has no reading"),
    "cloud elsewhere": (["{road}/picture.jpg", "--points", "{tmp}/behind.npy", "--rig", "road_64"], "none of its readings"),
    "no such lens": (["{room}/picture.png", "--depth", "{room}/depth.png", "--lens", "monocle"], "no lens is called 'monocle'"),
    "no such frame": (["{samples}/rgbd_room", "--frame", "9"], "has 5 frames, counted from 0"),
    "frame of a picture": (["{room}/picture.png", "--depth", "{room}/depth.png", "--frame", "1"], "--frame chooses a frame"),
    "recording with depth": (["{samples}/rgbd_room", "--depth", "{room}/depth.png"], "brings its own depth"),
    "option out of range": (["{samples}/rgbd_room", "--opacity", "3"], "opacity is 3, it must be 0 to 1"),
    "two options out of range": (["{samples}/rgbd_room", "--offset-zones", "99", "--dimming", "-1"], "; offset_zones is 99"),
    "axis the wrong way round": (["{samples}/rgbd_room", "--near-m", "9", "--far-m", "3"], "depth axis"),
    "nothing there": (["{samples}/rgbd_room", "--select-point", "9999", "10"], "nothing was selected"),
    "metres without a camera": (["{room}/picture.png", "--depth", "{room}/depth.png", "--across", "metres"], "camera"),
}


@pytest.fixture
def places(room: Path, road: Path, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Where good and bad files are; the last is where the command runs."""
    monkeypatch.chdir(tmp_path)
    (room / "rig.yaml.png").write_text(ROOM_RIG)
    (tmp_path / "wrong.yaml").write_text("camra: {width: 640}\n")
    np.save(tmp_path / "empty.npy", np.zeros((480, 640), np.float32))
    np.save(tmp_path / "square.npy", np.ones((480, 480), np.float32))
    np.save(tmp_path / "nan.npy", np.full((10, 3), np.nan, np.float32))
    np.save(tmp_path / "behind.npy", np.full((10, 3), [-5.0, 0.0, 0.0], np.float32))
    (tmp_path / "cut.pcd").write_bytes((road / "scan.pcd").read_bytes()[:5000])
    (tmp_path / "folder.png").mkdir()
    for name in ("notes.png", "notes.npy"):
        (tmp_path / name).write_text("years of work")
    return {"room": room, "road": road, "samples": samples, "tmp": tmp_path}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_ends_in_one_line_and_status_2(
    name: str, places: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, expected = BAD[name]
    status = main(words(*(word.format(**places) for word in arguments), "--focus-distance", 2, "-o", tmp_path / "out.png"))
    err = capsys.readouterr().err.replace("auxfocus distribution: note", "note")
    lines = [line for line in err.splitlines() if line.startswith("auxfocus ")]
    assert status == 2 and len(lines) == 1 and expected in lines[0], err
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("output", "extra", "expected"),
    [
        ("nowhere/out.png", [], "there is no folder"),
        ("out.txt", [], "wanted a name that ends in .png"),
        ("folder.png", [], "is a folder"),
        ("notes.png", [], "is there and is no .png file"),
        ("{room}/picture.png", [], "is what the command reads"),
        ("out.png", ["--counts", "counts.csv"], "wanted a name that ends in .npy"),
        ("out.png", ["--counts", "notes.npy"], "is there and is no .npy file"),
        ("out.png", ["--counts", "nowhere/counts.npy"], "there is no folder"),
    ],
)
def test_nothing_else_is_overwritten(
    output: str, extra: list[str], expected: str, places: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    room, tmp_path = places["room"], places["tmp"]
    before = (room / "picture.png").read_bytes()
    arguments = words(room / "picture.png", "--depth", room / "depth.png", "--focus-distance", 2, "-o", output.format(room=room))
    assert main([*arguments, *extra]) == 2
    assert expected in capsys.readouterr().err
    assert (tmp_path / "notes.png").read_text() == (tmp_path / "notes.npy").read_text() == "years of work"
    assert (room / "picture.png").read_bytes() == before


def test_its_own_outputs_are_replaced(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (room / "picture.png", "--depth", room / "depth.png", "-o", tmp_path / "o.png", "--counts", tmp_path / "c.npy")
    said(capsys, *arguments, "--focus-distance", 1)
    first = (tmp_path / "o.png").read_bytes()
    said(capsys, *arguments, "--focus-distance", 3)
    assert (tmp_path / "o.png").read_bytes() != first


@pytest.mark.parametrize("distance", ["0", "-3", "nan", "0.01"])
def test_distances_at_which_nothing_can_be_in_focus(distance: str, room: Path, tmp_path: Path, capsys: Any) -> None:
    arguments = words(
        room / "picture.png", "--depth", room / "depth.png", f"--focus-distance={distance}", "-o", tmp_path / "o.png"
    )
    assert main(arguments) == 2
    assert "beyond the focal length of lens 'bench_25mm'" in capsys.readouterr().err


ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "auxiliary-focus.md"


def test_the_docs_list_every_option_with_its_default() -> None:
    from auxfocus_ros.commands.option_flags import default_text

    text = DOCS.read_text().partition("<!-- options -->")[2].partition("<!-- end of options -->")[0]
    for name, (_, default, info) in SETTINGS.items():
        rows = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert len(rows) == 1 and f"| {default_text(default)} |" in rows[0] and info.description in rows[0], name


def test_the_docs_show_every_picture_with_its_command_and_every_claim() -> None:
    spec = importlib.util.spec_from_file_location("draw_auxiliary_focus", ROOT / "tools" / "draw_auxiliary_focus.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = tool
    spec.loader.exec_module(tool)
    text = DOCS.read_text()
    shown = {match.group(1) for match in re.finditer(r"images/(aux_\w+\.jpg)", text)}
    assert shown == {path.name for path in (ROOT / "docs" / "images").glob("aux_*.jpg")}
    assert shown == {f"aux_{drawing.name}.jpg" for drawing in tool.DRAWINGS} | {"aux_page.jpg"}
    for drawing in tool.DRAWINGS:
        options = drawing.commands[0].partition("--focus-distance ")[2]
        assert f"--focus-distance {options}".strip() in text, drawing
    claims = [line.split("|")[1].strip() for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    assert claims == [str(number) for number in range(1, 21)]
