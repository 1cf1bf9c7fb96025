"""`auxfocus simulate` as a user types it: real processes, a real simulator."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.commands import simulate as command
from auxfocus_ros.optics import load_lens
from auxfocus_ros.rig import open_source
from auxfocus_ros.rig.bag import Bag
from auxfocus_ros.rig.simulation.scene_file import shipped_scenes

MODEL = """
<mujoco model="yard">
  <visual><quality shadowsize="0" offsamples="0" numslices="64" numstacks="32"/></visual>
  <asset>
    <texture name="check" type="2d" builtin="checker" rgb1="0.9 0.9 0.9" rgb2="0.1 0.2 0.4" width="256" height="256"/>
    <material name="check" texture="check" texrepeat="8 8"/>
  </asset>
  <worldbody>
    <geom name="floor" type="plane" size="30 30 0.1" material="check" contype="0" conaffinity="0"/>
    <body name="crate" pos="4 0.4 0.5"><geom type="box" size="0.4 0.4 0.5" material="check" contype="0" conaffinity="0"/></body>
    <body name="walker" mocap="true">
      <geom type="capsule" fromto="0 0 0.3 0 0 1.5" size="0.25" material="check" contype="0" conaffinity="0"/>
    </body>
  </worldbody>
</mujoco>
"""
SCENE = """
name: yard
title: a crate, and somebody who walks by
model: yard.xml
duration_s: 30.0
rate_hz: 20.0
seed: 1
camera: {width_px: 96, height_px: 64, lens: vga_25mm, sensor_width_m: 0.0062}
platform: {position_m: [0, 0, 1.2], shake: {rotation_rad: 0.01, translation_m: 0.002, frequency_hz: 8.0}}
gimbal: {pan_rad: 0.1, tilt_rad: 0.1, stabilise: true}
depth_sensor: {kind: spinning_16, mount: fixed}
things:
  - {body: walker, label: person, path: {kind: waypoints, points_m: [[6, -1, 0], [6, 1, 0]], speed_m_per_s: 1.2}}
  - {body: crate, label: crate}
"""
LENS = "vga_25mm"


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    (tmp_path / "scene").mkdir()
    (tmp_path / "scene" / "yard.xml").write_text(MODEL)
    (tmp_path / "scene" / "yard.yaml").write_text(SCENE)
    return tmp_path / "scene" / "yard.yaml"


def simulate(*arguments: str | Path, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "auxfocus_ros.cli", "simulate", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout_s, check=False)


def written(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert result.returncode == 0, result.stderr
    about: dict[str, Any] = json.loads(result.stdout)
    return about


def content(recording: Path) -> list[tuple[str, str, int, bytes]]:
    with Bag(recording) as bag:
        topics = [channel.topic for channel in bag.channels]
        return [(m.topic, m.type, m.log_ns, bytes(m.data)) for m in bag.messages(topics)]


def test_a_recording_and_files_that_play_alike(yard: Path, tmp_path: Path) -> None:
    recording, files = tmp_path / "out" / "yard.mcap", tmp_path / "files"
    result = simulate(yard, "-o", recording, "--files", files, "--seconds", "0.2", "--seed", "5", "--png", "--json")
    about = written(result)
    assert (about["scene"], about["seed"], about["frames"], about["stopped"]) == ("yard", 5, 4, False)
    assert about["seconds"] == pytest.approx(0.2)
    assert (about["output"], about["files"]) == (str(recording), str(files))
    assert about["output_bytes"] == recording.stat().st_size
    assert about["files_bytes"] == pytest.approx(
        sum(f.stat().st_size for f in files.rglob("*") if f.is_file()), abs=200
    )  # folder.yaml
    said: list[str] = []
    sources = [open_source("recording", path, on_problem=said.append) for path in (recording, files)]
    pairs = list(zip(*(source.frames() for source in sources), strict=True))
    assert said == [] and len(pairs) == 4
    for recorded, filed in pairs:
        assert (recorded.stamp_ns, recorded.camera, recorded.lens) == (filed.stamp_ns, filed.camera, filed.lens)
        assert recorded.camera.width_px == 96 and recorded.points_frame == filed.points_frame == "lidar_base_link"
        np.testing.assert_array_equal(recorded.picture, filed.picture)
        np.testing.assert_array_equal(recorded.points, filed.points)
    # A lidar that stays while the camera turns: tf at the picture's stamp against the truth of mid-exposure, 2 ms later.
    for recorded, filed in pairs[1:]:
        apart = recorded.optical_from_points.compose(filed.optical_from_points.inverse())
        assert np.abs(apart.as_matrix() - np.eye(4)).max() < 0.01
    assert len({recorded.optical_from_points.rotation.tobytes() for recorded, _ in pairs}) == 4
    things = [json.loads(line)["truth"]["things"] for line in (files / "truth.jsonl").read_text().splitlines()]
    assert [[thing["label"] for thing in entry] for entry in things] == [["person", "crate"]] * 4
    assert things[0][1]["pixels"] > 20


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers(), "")
    return parser.parse_args(["simulate", "yard", *arguments])


def test_where_the_glass_stands() -> None:
    lens = load_lens(LENS)
    assert command.lens_positions(options("--lens-position", "900"), lens, 2) == [900.0, 900.0]
    (position,) = command.lens_positions(options("--focus-distance", "3"), lens, 1)
    assert lens.focus_distance_m(position) == pytest.approx(3.0)
    (position,) = command.lens_positions(options("--focus-distance", "inf"), lens, 1)
    assert lens.focus_distance_m(position) > 1e6
    (position,) = command.lens_positions(options(), lens, 1)
    assert lens.focus_distance_m(position) == pytest.approx(lens.hyperfocal_m)
    near_only = load_lens("bench_25mm")  # it reaches 10 m, and its hyperfocal distance is 40.7 m
    (position,) = command.lens_positions(options(), near_only, 1)
    assert near_only.contains(position) and near_only.focus_distance_m(position) == pytest.approx(10.0)
    backward = command.lens_positions(options("--focus-sweep", "8:2"), lens, 3)
    assert [lens.focus_distance_m(position) for position in (backward[0], backward[-1])] == pytest.approx([8.0, 2.0])
    assert backward[1] == pytest.approx(0.5 * (backward[0] + backward[2]))


def test_the_same_seed_gives_the_same_messages_and_another_does_not(yard: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / f"{name}.mcap" for name in "abc"]
    for output, seed in zip(outputs, ("3", "3", "4"), strict=True):
        written(simulate(yard, "-o", output, "--seconds", "0.15", "--seed", seed, "--json"))
    first, again, other = map(content, outputs)
    assert first == again
    assert {message[0] for message in first} >= {
        "/truth/labels",
        "/truth/depth",
        "/truth/defocus",
        "/truth/focus",
        "/range",
        "/tf",
    }
    assert [message[:3] for message in first] == [message[:3] for message in other] and first != other


def test_the_focus_racks_from_one_distance_to_the_other(yard: Path, tmp_path: Path) -> None:
    output = tmp_path / "sweep.mcap"
    sweep = ["--focus-sweep", "2:8", "--depth-sensor", "depth_camera", "--mount", "gimbal", "--lens", LENS, "--no-truth"]
    size = ["--width", "64", "--height", "48", "--rate", "10", "--light", "0.5"]
    written(simulate(yard, "-o", output, "--seconds", "0.5", *sweep, *size, "--json"))
    source = open_source("recording", output)
    frames = list(source.frames())
    lens = load_lens(LENS)
    distances_m = [frame.lens.focus_distance_m for frame in frames if frame.lens is not None]
    assert distances_m[0] == pytest.approx(2.0) and distances_m[-1] == pytest.approx(8.0) and len(distances_m) == 5
    steps = np.diff([frame.lens.position_steps for frame in frames if frame.lens is not None])
    assert steps == pytest.approx([(lens.position_for_distance(8.0) - lens.position_for_distance(2.0)) / 4] * 4)
    assert all(frame.depth_m is not None and frame.points is None for frame in frames)
    assert frames[0].picture.shape == (48, 64, 3)
    assert not [topic for topic, *_ in content(output) if "truth" in topic]


def test_ctrl_c_keeps_what_was_recorded(yard: Path, tmp_path: Path) -> None:
    recording, files = tmp_path / "out" / "yard.mcap", tmp_path / "out" / "files"
    words = [
        sys.executable,
        "-m",
        "auxfocus_ros.cli",
        "simulate",
        str(yard),
        "-o",
        str(recording),
        "--files",
        str(files),
        "--json",
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines, ends = files / "truth.jsonl", time.monotonic() + 60.0
    while not lines.exists() or lines.read_text().count("\n") < 3:
        assert time.monotonic() < ends and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    about = json.loads(output)
    assert about["stopped"] and 3 <= about["frames"] < 600
    for path in (recording, files):
        source = open_source("recording", path)
        assert source.damage == ""
        assert len(list(source.frames())) == about["frames"]
    assert sorted(path.name for path in recording.parent.iterdir()) == ["files", "yard.mcap"]


def test_the_list_names_every_shipped_scene() -> None:
    shown = simulate("--list")
    assert shown.returncode == 0
    listed = written(simulate("--list", "--json"))
    assert [scene["name"] for scene in listed] == shipped_scenes()
    for scene in listed:
        assert scene["name"] in shown.stdout and scene["title"] in shown.stdout and scene["title"]


@pytest.mark.parametrize("name", shipped_scenes())
def test_shipped_scenes_are_recorded(name: str, tmp_path: Path) -> None:
    output = tmp_path / "scene.mcap"
    size = ["--width", "96", "--height", "64"]
    result = simulate(name, "-o", output, "--seconds", "0.15", "--rate", "20", *size)
    assert result.returncode == 0, result.stderr
    assert f"3 frames, 0.15 s of {name}, seed " in result.stdout and str(output) in result.stdout
    source = open_source("recording", output)
    frames = list(source.frames())
    assert len(frames) == 3 and len({frame.picture.tobytes() for frame in frames}) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which scene?"),
        (["{yard}"], "where to?"),
        (["moon_base", "-o", "{out}"], "there is no scene 'moon_base'"),
        (["{yard}", "-o", "{out}", "--seconds", "31"], "--seconds 31: wanted above 0 and at most the scene's 30 s"),
        (["{yard}", "-o", "{out}", "--seconds", "0"], "--seconds 0: wanted above 0"),
        (["{yard}", "-o", "{out}", "--focus-distance", "0.01"], "--focus-distance 0.01: lens 'vga_25mm' focuses from"),
        (["{yard}", "-o", "{out}", "--focus-sweep", "near:far"], "--focus-sweep near:far: wanted two distances"),
        (["{yard}", "-o", "{out}", "--focus-sweep", "2"], "--focus-sweep 2: wanted two distances"),
        (["{yard}", "-o", "{out}", "--lens-position", "-7"], "--lens-position -7: lens 'vga_25mm' goes from"),
        (["{yard}", "-o", "{out}", "--jpeg-quality", "101"], "a JPEG quality of 101: wanted 1 to 100"),
        (["{yard}", "-o", "{out}", "--depth-sensor", "sonar"], "depth_sensor"),
        (["{yard}", "-o", "{out}", "--lens", "monocle"], "monocle"),
        (["{yard}", "-o", "{yard}"], "yard.yaml is there already"),
        (["{yard}", "--files", "{folder}"], "scene is there already"),
    ],
)
def test_bad_input_is_one_line_and_status_2(yard: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    places = {"yard": yard, "out": tmp_path / "out.mcap", "folder": yard.parent}
    before = sorted(tmp_path.rglob("*"))
    result = simulate(*(argument.format(**places) for argument in arguments))
    lines = [line for line in result.stderr.splitlines() if line.startswith("auxfocus simulate: ")]
    assert result.returncode == 2 and len(lines) == 1, result.stderr
    assert said in lines[0] and "Traceback" not in result.stderr
    assert sorted(tmp_path.rglob("*")) == before
