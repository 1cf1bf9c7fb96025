"""`auxfocus distribution` as a user types it: the real command on the bundled recordings, and on files made from them."""

from __future__ import annotations

import argparse
import json
import math
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
from auxfocus_ros.view import DistributionOptions, ViewOptions

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


def test_a_depth_image_of_another_camera(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half as large, and 0.1 m to the right of the picture's camera: all at depth z is 518 * 0.1 / z pixels further right."""
    depth = np.zeros((240, 320), np.uint16)
    depth[100:140, 150:170] = 2000
    cv2.imwrite(str(tmp_path / "depth.png"), depth)
    (tmp_path / "rig.yaml").write_text(
        "camera: {width: 640, height: 480, k: [518.0, 518.0, 319.5, 239.5]}\n"
        "depth: {unit_m: 0.001, camera: {width: 320, height: 240, k: [259.0, 259.0, 159.5, 119.5]}}\n"
        "optical_from_points: {quaternion_xyzw: [0, 0, 0, 1], translation_m: [0.1, 0.0, 0.0]}\n"
    )
    about = said(
        capsys, room / "picture.png", "--depth", tmp_path / "depth.png", "--rig", tmp_path / "rig.yaml", "--focus-distance", 2,
        "-o", tmp_path / "out.png", "--counts", tmp_path / "counts.npy",
    )  # fmt: skip
    assert about["depth_from"] == "depth" and about["points_total"] == about["points_inside"] == 40 * 20
    columns = np.flatnonzero(np.load(tmp_path / "counts.npy").sum(axis=0))
    edges = np.array(about["across_edges"])
    shift_px = 518.0 * 0.1 / 2.0
    assert edges[columns[0]] <= 2 * 150 + 0.5 - 0.5 + shift_px <= edges[columns[0] + 1] + 1
    assert edges[columns[-1]] - 1 <= 2 * 169 + 0.5 + shift_px <= edges[columns[-1] + 1]


def test_what_changes_nothing_is_said(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = words(room / "picture.png", "--depth", room / "depth.png", "--rig", room / "rig.yaml", "--focus-distance", 1.5)
    assert main([*arguments, "-o", str(tmp_path / "out.png"), "--hide-occluded", "--field-of-view", "sensor", "--json"]) == 0
    err = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[2].split(" changes")[0] for line in err] == ["--field-of-view sensor", "--hide-occluded"]


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


def test_its_own_outputs_are_replaced(room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (room / "picture.png", "--depth", room / "depth.png", "-o", tmp_path / "o.png", "--counts", tmp_path / "c.npy")
    said(capsys, *arguments, "--focus-distance", 1)
    first = (tmp_path / "o.png").read_bytes()
    said(capsys, *arguments, "--focus-distance", 3)
    assert (tmp_path / "o.png").read_bytes() != first
