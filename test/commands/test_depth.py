"""`auxfocus depth` on pictures, folders and videos made for it, with a network whose arithmetic is known, and on bad input.

The network is a real ONNX file: inverse depth is 0.1 plus 0.4 times how red a pixel is, so red is 2 away, and what is not red 10.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from auxfocus_ros.cli import main
from auxfocus_ros.commands.depth_camera import read_camera
from auxfocus_ros.commands.depth_input import Video
from auxfocus_ros.commands.depth_output import coloured_pcd_bytes, ply_bytes
from auxfocus_ros.commands.depth_preview import Preview, round_depths
from auxfocus_ros.errors import AuxfocusError, ConfigurationError, InputError
from auxfocus_ros.rig.film import Film
from auxfocus_ros.rig.pcd import parse_pcd

WIDTH, HEIGHT = 64, 48
RED_SIDE, BLUE_SIDE = 2.0, 10.0


def onnx_file(path: Path, weights: Any, bias: Any) -> Path:
    """A 1 x 1 convolution over red, green and blue."""
    kernel = np.asarray(weights, np.float32)[:, :, None, None]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["picture", "kernel", "bias"], ["out"])],
        "g",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, len(kernel), "h", "w"])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(np.asarray(bias, np.float32), "bias")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9), path)
    return path


@pytest.fixture
def network(tmp_path: Path) -> str:
    return str(onnx_file(tmp_path / "network.onnx", [[0.4, 0.0, 0.0]], [0.1]))


def half_red(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = (0, 0, 255)
    picture[:, width // 2 :] = (255, 0, 0)
    return picture


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "photo.png"), half_red())
    return tmp_path / "photo.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "drive"
    place.mkdir()
    for number in (1, 2, 10):
        cv2.imwrite(str(place / f"f{number}.png"), half_red())
    (place / "notes.txt").write_text("no picture")
    return place


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with Film(path, WIDTH, HEIGHT, 10) as film:
        for _ in range(6):
            film.add(half_red())
    return path


def run_json(capsys: pytest.CaptureFixture[str], *words: str | Path, status: int = 0) -> dict[str, Any]:
    assert main(["depth", *map(str, words), "--json"]) == status, capsys.readouterr().err
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def refused(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    assert main(["depth", *map(str, words)]) == 2
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if "are resized to" not in line]
    assert told.out == "" and len(lines) == 1, told.err
    return lines[0]


def no_scraps(folder: Path) -> bool:
    return not [path for path in folder.rglob("*") if path.name.startswith(".") or ".part" in path.name]


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


class TestPicture:
    def test_without_a_reading_the_output_is_relative(
        self, picture: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        said = run_json(capsys, picture, "-o", tmp_path / "out.png", "--network", network)
        one = said["pictures"][0]
        assert (said["kind"], said["frames"], said["stopped"]) == ("picture", 1, False)
        assert one["state"] == "relative" and one["source"] == "none" and one["sigma_relative"] is None
        assert "no --rangefinder" in one["problem"]
        assert one["size"] == [WIDTH, HEIGHT] and one["network_size"] == [288, 224]
        assert said["camera"]["known"] is False and said["camera"]["fx"] == pytest.approx(32.0 * 3.0**0.5)
        # Inverse depth, the nearest 65535: 0.5 and 0.1.
        written = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)
        assert written.dtype == np.uint16 and written.shape == (HEIGHT, WIDTH)
        assert written[20, 4] == 65535 and written[20, 60] == pytest.approx(13107, abs=2)
        preview = cv2.imread(one["preview"])
        assert Path(one["preview"]) == tmp_path / "out_preview.jpg" and preview.shape[1] == 2 * WIDTH
        assert no_scraps(tmp_path)

    def test_a_rangefinder_makes_metres(
        self, picture: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        # The beam hits the blue side, which is 10 in the network's unit, at u = 52, v = 24: x / z = 20 / 50, y / z = 0. It goes
        # sqrt(1.16) z far, so z is 5 m: half the unit.
        beam = f"52,24,{5.0 * 1.16**0.5}"
        given = ("--network", network, "--camera", "50,50,32,24", "--rangefinder", beam)
        one = run_json(capsys, picture, "-o", tmp_path / "out.png", *given)["pictures"][0]
        assert one["state"] == "metric" and one["source"] == "rangefinder" and one["readings"] == 1
        assert one["scale"] == pytest.approx(0.5, rel=1e-4) and 0.05 < one["sigma_relative"] < 0.3
        millimetres = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)
        assert millimetres[20, 4] == pytest.approx(1000, abs=1) and millimetres[20, 60] == pytest.approx(5000, abs=1)

    @pytest.mark.parametrize("name", ["out.tif", "out.npy"])
    def test_floats_are_metres(
        self, picture: Path, network: str, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "beam.csv").write_text("u, v, depth_m\n4, 20, 3.0\n60, 20, 15.0\n8, 30, 3.0\n")
        given = ("--network", network, "--readings", tmp_path / "beam.csv")
        one = run_json(capsys, picture, "-o", tmp_path / name, *given)["pictures"][0]
        depth_m = np.load(tmp_path / name) if name.endswith("npy") else cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)
        assert depth_m.dtype == np.float32 and one["holds"] == "metres" and one["source"] == "points"
        assert depth_m[20, 4] == pytest.approx(3.0, rel=1e-3) and depth_m[20, 60] == pytest.approx(15.0, rel=1e-3)

    def test_the_cameras_height_makes_metres(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        # A floor 1.5 below the camera in the network's unit: z = 1.5 f / (v - cy), so inverse depth rises evenly with the row
        # below the horizon. Redness says it: red = 255 (v - 23.5) / 24.5 below, and 0 above.
        rows = np.clip((np.arange(48) - 23.5) / 24.5, 0.0, 1.0)
        floor = np.zeros((48, 64, 3), np.uint8)
        floor[..., 2] = np.rint(255 * rows)[:, None]
        cv2.imwrite(str(tmp_path / "floor.png"), floor)
        weight = 24.5 / (1.5 * 50.0)
        sees = onnx_file(tmp_path / "floor.onnx", [[weight, 0, 0]], [1e-4])
        segments = onnx_file(tmp_path / "classes.onnx", [[9, 0, 0], [0, 9, 0]], [0.0, 0.1])
        (tmp_path / "classes.yaml").write_text("classes: [{name: ground, movable: false}, {name: cow, movable: true}]\n")
        given = ("--network", sees, "--network-width-px", 64, "--network-height-px", 48, "--camera", "50,50,31.5,23.5")
        table = ("--segmentation", segments, "--segmentation-classes", tmp_path / "classes.yaml")
        out = tmp_path / "out.npy"
        one = run_json(capsys, tmp_path / "floor.png", "-o", out, *given, *table, "--camera-height", 3.0)["pictures"][0]
        assert one["state"] == "metric" and one["source"] == "height" and one["scale"] == pytest.approx(2.0, rel=0.03)
        assert 0.4 < one["movable_share"] < 0.6  # the cow is all that is not red
        bottom = np.load(tmp_path / "out.npy")[47].mean()
        assert bottom == pytest.approx(3.0 * 50.0 / 23.5, rel=0.04)

    @pytest.mark.parametrize("suffix", [".ply", ".pcd"])
    def test_points_are_written(
        self, picture: Path, network: str, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = ("--network", network, "--points", tmp_path / f"cloud{suffix}", "--camera", "50,50,32,24")
        one = run_json(capsys, picture, "-o", tmp_path / "out.png", *given)["pictures"][0]
        data = (tmp_path / f"cloud{suffix}").read_bytes()
        assert one["points_count"] == WIDTH * HEIGHT
        if suffix == ".pcd":
            points, _ = parse_pcd(data)
            assert len(points) == WIDTH * HEIGHT and points["rgb"].view("<u4")[0] == 0xFF0000
        else:
            assert len(data) == data.index(b"end_header\n") + 11 + 15 * WIDTH * HEIGHT
            points = np.frombuffer(data[-15 * WIDTH * HEIGHT :], [("xyz", "<f4", 3), ("rgb", "u1", 3)])
            np.testing.assert_allclose(points["xyz"][0], [2.0 * -32 / 50, 2.0 * -24 / 50, 2.0], rtol=1e-4)
            assert points["rgb"][0].tolist() == [255, 0, 0]

    def test_grey_and_deep_pictures_are_read(self, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        grey = np.full((HEIGHT, WIDTH), 255 * 257, np.uint16)
        cv2.imwrite(str(tmp_path / "grey.tif"), grey)
        run_json(capsys, tmp_path / "grey.tif", "-o", tmp_path / "out.npy", "--network", network)
        assert np.load(tmp_path / "out.npy")[5, 5] == pytest.approx(2.0, rel=1e-4)

    def test_a_person_is_told_in_lines(
        self, picture: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["depth", str(picture), "-o", str(tmp_path / "out.png"), "--network", network]) == 0
        told = capsys.readouterr()
        assert "out.png: relative inverse depth" in told.out and "relative: no --rangefinder" in told.out
        assert told.err == "auxfocus depth: pictures of 64 x 48 px are resized to 288 x 224 px for the depth network\n"


class TestFolder:
    def test_each_picture_has_its_files(
        self, folder: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "beam.csv").write_text("u,v,depth_m,frame\n60,20,20,f2\n4,20,4,f2.png\n60,20,20,1\n4,20,1,17\n")
        given = ("--network", network, "--readings", tmp_path / "beam.csv", "--points", tmp_path / "clouds")
        said = run_json(capsys, folder, "-o", tmp_path / "deep" / "out", *given)
        names = [picture["file"] for picture in said["pictures"]]
        assert names == ["f1.png", "f2.png", "f10.png"]
        assert [picture["state"] for picture in said["pictures"]] == ["relative", "metric", "metric"]
        assert said["pictures"][1]["readings"] == 3 and said["pictures"][2]["scale"] == pytest.approx(2.0, rel=1e-3)
        assert said["pictures"][2]["sigma_relative"] > said["pictures"][1]["sigma_relative"]
        assert said["warnings"] == ["readings of 17 were not used: there is no such frame"]
        written = sorted(path.name for path in (tmp_path / "deep" / "out").iterdir())
        assert written == sorted(f"f{number}_{end}" for number in (1, 2, 10) for end in ("depth.png", "preview.jpg"))
        assert sorted(path.name for path in (tmp_path / "clouds").iterdir()) == ["f1.ply", "f10.ply", "f2.ply"]
        assert cv2.imread(str(tmp_path / "deep" / "out" / "f10_depth.png"), -1)[20, 60] == pytest.approx(20000, abs=20)

    def test_what_came_before_a_fault_stays(
        self, folder: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        data = (folder / "f10.png").read_bytes()
        (folder / "f10.png").write_bytes(data[: len(data) // 2])
        told = refused(capsys, folder, "-o", tmp_path / "out", "--network", network, "--format", "npy")
        assert "f10.png is" in told and f"what came before, 2 of them, is in {tmp_path / 'out'}" in told
        assert np.load(tmp_path / "out" / "f2_depth.npy").shape == (HEIGHT, WIDTH)
        assert len(list((tmp_path / "out").iterdir())) == 4 and no_scraps(tmp_path)

    def test_interrupted_it_keeps_what_is_done(
        self, folder: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        interrupt_at(monkeypatch, 2)
        said = run_json(capsys, folder, "-o", tmp_path / "out", "--network", network, status=130)
        assert said["stopped"] and said["frames"] == 2
        assert len(list((tmp_path / "out").iterdir())) == 4 and no_scraps(tmp_path)


class TestVideo:
    def test_picture_and_depth_stand_side_by_side(
        self, video: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = ("--network", network, "--rangefinder", "60,24,5", "--frames", tmp_path / "frames", "--format", "npy")
        said = run_json(capsys, video, "-o", tmp_path / "out.mp4", *given, "--colours", "grey")
        assert said["kind"] == "video" and said["frames"] == 6
        sigmas = [picture["sigma_relative"] for picture in said["pictures"]]
        assert all(picture["state"] == "metric" for picture in said["pictures"]) and sigmas == sorted(sigmas)
        frames = frames_of(tmp_path / "out.mp4")
        assert len(frames) == 6 and frames[0].shape[1] == 2 * WIDTH
        shown = frames[3][:HEIGHT].astype(int)
        assert shown[20, 10, 2] > 150 and shown[20, 10, 0] < 90  # the picture's red half
        assert shown[20, WIDTH + 10].min() > 200 and shown[20, WIDTH + 55].max() < 50  # near is bright
        files = sorted((tmp_path / "frames").iterdir())
        assert [file.name for file in files] == [f"{number:06d}_depth.npy" for number in range(6)]
        assert np.load(files[0]).shape == (HEIGHT, WIDTH) and no_scraps(tmp_path)

    def test_interrupted_it_is_a_shorter_film(
        self, video: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        interrupt_at(monkeypatch, 3)
        said = run_json(capsys, video, "-o", tmp_path / "out.mp4", "--network", network, status=130)
        assert said["stopped"] and said["frames"] == 3
        assert len(frames_of(tmp_path / "out.mp4")) == 3 and no_scraps(tmp_path)

    def test_a_video_that_breaks_off_is_kept_so_far(
        self, video: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        data = bytearray(video.read_bytes())
        with av.open(str(video)) as container:
            packets = [packet.pos for packet in container.demux(video=0) if packet.pos is not None]
        data[packets[3] : packets[4]] = bytes(packets[4] - packets[3])  # a packet of zeros
        video.write_bytes(data)
        told = refused(capsys, video, "-o", tmp_path / "out.mp4", "--network", network)
        assert "breaks off after" in told and f"is in {tmp_path / 'out.mp4'}" in told
        assert 0 < len(frames_of(tmp_path / "out.mp4")) < 6 and no_scraps(tmp_path)


def test_a_video_that_lies_on_its_side_is_turned(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        if not hasattr(stream, "set_display_rotation"):
            pytest.skip("this PyAV cannot write how a video is to be turned")
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.set_display_rotation(90)
        frame = av.VideoFrame.from_ndarray(half_red(), format="bgr24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    lying = next(iter(Video(tmp_path / "film.mp4", upright=False))).pixels
    assert lying.shape == (HEIGHT, WIDTH, 3)
    (turned,) = Video(tmp_path / "film.mp4", upright=True)
    assert turned.pixels.shape == (WIDTH, HEIGHT, 3)
    with av.open(str(tmp_path / "film.mp4")) as container:
        ccw_deg = next(container.decode(video=0)).rotation  # as FFmpeg's av_display_rotation_get defines it
    red_below = ccw_deg == 90  # what was on the left comes below as the picture turns counterclockwise
    assert (turned.pixels[-5, 24, 2] > 150) == red_below and (turned.pixels[5, 24, 2] > 150) != red_below


def interrupt_at(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """SIGINT comes while this picture is worked on."""
    from auxfocus_ros.commands.depth_work import Work

    see, seen = Work.see, []

    def interrupted(work: Work, picture: Any) -> Any:
        seen.append(picture)
        if len(seen) == count:
            signal.raise_signal(signal.SIGINT)
        return see(work, picture)

    monkeypatch.setattr(Work, "see", interrupted)


class TestBadInput:
    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("photo.png", b"no picture", "is not a picture that can be read"),
            ("photo.png", b"", "is not a picture that can be read"),
            ("photo.jpg", None, "does not exist"),
            ("film.mp4", b"no film", "cannot be read"),
            ("film.mp4", b"", "cannot be read"),
            ("table.csv", b"1,2", "wanted a picture"),
        ],
    )
    def test_what_is_neither_picture_nor_video(
        self, tmp_path: Path, name: str, content: bytes | None, told: str, *, network: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        place = tmp_path / "in"
        place.mkdir()
        if content is not None:
            (place / name).write_bytes(content)
        out = tmp_path / ("out.mp4" if name.endswith("mp4") else "out.png")
        line = refused(capsys, place / name, "-o", out, "--network", network)
        assert told in line and name in line and not out.exists() and no_scraps(tmp_path)

    def test_a_cut_short_jpeg(self, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        data = cv2.imencode(".jpg", half_red(640, 480))[1].tobytes()
        (tmp_path / "cut.jpg").write_bytes(data[: len(data) // 2])
        assert "is cut short" in refused(capsys, tmp_path / "cut.jpg", "-o", tmp_path / "out.png", "--network", network)

    def test_an_empty_folder_and_one_of_mixed_sizes(
        self, folder: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "empty").mkdir()
        assert "has no pictures" in refused(capsys, tmp_path / "empty", "-o", tmp_path / "out", "--network", network)
        assert not (tmp_path / "out").exists()
        cv2.imwrite(str(folder / "f2.png"), half_red(32, 32))
        told = refused(capsys, folder, "-o", tmp_path / "out", "--network", network)
        assert "f2.png has 32 x 32 px, f1.png 64 x 48: wanted pictures of one camera and one size" in told

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["-o", "no/such/out.png"], "there is no folder no/such"),
            (["-o", "out.jpg"], "wanted a name that ends in .png, .tif, .tiff or .npy"),
            (["-o", "{in}"], "is what the command reads"),
            (["-o", "/proc/out.png"], "/proc/out.png: "),
            (["-o", "{tmp}/o.png", "--points", "{tmp}/o.xyz"], "wanted a name that ends in .ply or .pcd"),
            (["-o", "{tmp}/o.png", "--frames", "{tmp}/f"], "--frames means nothing for a picture"),
            (["-o", "{tmp}/o.png", "--format", "npy"], "--format means nothing for a picture"),
            (["-o", "{tmp}/o.png", "--camera", "50,50,32"], "wanted four numbers, fx,fy,cx,cy"),
            (["-o", "{tmp}/o.png", "--camera", "0,50,32,24"], "focal length must be greater than 0"),
            (["-o", "{tmp}/o.png", "--camera", "500,500,320,240"], "the principal point 320, 240 lies outside the picture"),
            (["-o", "{tmp}/o.png", "--camera", "{tmp}/no.yaml"], "cannot be read"),
            (["-o", "{tmp}/o.png", "--camera", "no_such_rig"], "there is no rig 'no_such_rig'"),
            (["-o", "{tmp}/o.png", "--rangefinder", "5,5"], "wanted U,V,METRES"),
            (["-o", "{tmp}/o.png", "--rangefinder", "5,5,0"], "metres above 0"),
            (
                ["-o", "{tmp}/o.png", "--rangefinder", "5,500,2"],
                "a reading at pixel 5, 500 lies outside the picture of 64 x 48 px",
            ),
            (["-o", "{tmp}/o.png", "--readings", "{tmp}/no.csv"], "cannot be read"),
            (["-o", "{tmp}/o.png", "--camera-height", "-1"], "--camera-height -1: wanted metres above 0"),
            (["-o", "{tmp}/o.png", "--network", "{in}"], "wanted a file that ends in .onnx"),
            (["-o", "{tmp}/o.png", "--network-width-px", "9999"], "network_width_px is 9999, it must be 0 to 4096 px"),
        ],
    )
    def test_a_command_line_that_cannot_be(
        self, tmp_path: Path, words: list[str], told: str, *, picture: Path, network: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = [word.replace("{in}", str(picture)).replace("{tmp}", str(tmp_path)) for word in words]
        before = set(tmp_path.iterdir())
        assert told in refused(capsys, picture, "--network", network, *given)
        assert set(tmp_path.iterdir()) == before

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("u,v\n1,2\n", "lacks depth_m"),
            ("u,v,depth_m\n", "has no readings"),
            ("u,v,depth_m\n1,2,x\n", "line 2: wanted numbers"),
            ("u,v,depth_m\n1,2\n", "line 2: wanted numbers"),
            ("u,v,depth_m\n1,2,3\n1,2,-3\n", "line 3: wanted a pixel and a depth above 0 m"),
            ("", "lacks u, v, depth_m"),
        ],
    )
    def test_readings_that_are_none(
        self, tmp_path: Path, content: str, told: str, *, picture: Path, network: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "beam.csv").write_text(content)
        given = ("--network", network, "--readings", tmp_path / "beam.csv")
        assert told in refused(capsys, picture, "-o", tmp_path / "out.png", *given)

    def test_outputs_that_do_not_fit_what_is_read(
        self, folder: Path, video: Path, network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "is the folder that is read" in refused(capsys, folder, "-o", folder, "--network", network)
        assert "wanted a folder here" in refused(capsys, folder, "-o", tmp_path / "out.png", "--network", network)
        assert "--frames means nothing for a folder" in refused(capsys, folder, "-o", tmp_path / "o", "--frames", tmp_path / "f")
        assert "ends in .mp4" in refused(capsys, video, "-o", tmp_path / "out.avi", "--network", network)
        assert "is what the command reads" in refused(capsys, video, "-o", video, "--network", network)
        assert "--format means nothing" in refused(capsys, video, "-o", tmp_path / "out.mp4", "--format", "npy")


class TestCamera:
    CALIBRATION = """
image_width: 640
image_height: 480
camera_name: c
camera_matrix: {rows: 3, cols: 3, data: [500.0, 0.0, 320.0, 0.0, 501.0, 240.0, 0.0, 0.0, 1.0]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [-0.1, 0.01, 0.0, 0.0, 0.0]}
"""
    MESSAGE = """
header: {frame_id: c}
height: 960
width: 1280
distortion_model: ''
d: []
k: [1000.0, 0.0, 640.5, 0.0, 1002.0, 480.5, 0.0, 0.0, 1.0]
p: [1000.0, 0.0, 640.5, 0.0, 0.0, 1002.0, 480.5, 0.0, 0.0, 0.0, 1.0, 0.0]
binning_x: 2
binning_y: 2
roi: {x_offset: 0, y_offset: 0, height: 0, width: 0, do_rectify: false}
"""

    def test_a_calibration_file(self, tmp_path: Path) -> None:
        (tmp_path / "c.yaml").write_text(self.CALIBRATION)
        camera = read_camera(str(tmp_path / "c.yaml")).of_size(640, 480)
        assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (500.0, 501.0, 320.0, 240.0)
        assert camera.distortion_model == "plumb_bob" and camera.distortion[0] == -0.1
        with pytest.raises(InputError, match=r"intrinsics are of 640 x 480 px, the picture has 320 x 240"):
            read_camera(str(tmp_path / "c.yaml")).of_size(320, 240)

    def test_a_message_as_it_is_echoed(self, tmp_path: Path) -> None:
        (tmp_path / "c.yaml").write_text(self.MESSAGE)
        camera = read_camera(str(tmp_path / "c.yaml")).of_size(640, 480)  # binned by two: (640.5 + 0.5) / 2 - 0.5 is 320
        assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (500.0, 501.0, 320.0, 240.0)

    def test_a_rig(self, tmp_path: Path) -> None:
        (tmp_path / "rig.yaml").write_text("camera: {width: 64, height: 48, k: [50, 51, 32, 24]}\n")
        assert read_camera(str(tmp_path / "rig.yaml")).of_size(64, 48).fy_px == 51.0
        assert read_camera("road_64").of_size(1920, 1200).width_px == 1920

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "a: 1",
            "- 1",
            "camera_matrix: 3",
            "width: 3\nheight: x\nk: 5",
            ":::",
            "camera: 5",
            "lens: bench_25mm\ncamera_matrix: {}",
        ],
    )
    def test_what_is_no_camera(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "c.yaml").write_text(content)
        with pytest.raises(AuxfocusError) as caught:
            read_camera(str(tmp_path / "c.yaml"))
        assert "c.yaml" in str(caught.value) and "\n" not in str(caught.value)

    def test_another_file(self, tmp_path: Path) -> None:
        (tmp_path / "c.txt").write_text("1 2 3 4")
        with pytest.raises(ConfigurationError, match="wanted fx,fy,cx,cy"):
            read_camera(str(tmp_path / "c.txt"))


class TestPreview:
    def test_near_is_bright_and_unknown_is_grey(self) -> None:
        depth_m = np.full((40, 60), 10.0, np.float32)
        depth_m[:, :20], depth_m[:10] = 1.0, np.nan
        drawn = Preview("grey").draw(np.zeros((40, 60, 3), np.uint8), depth_m, True, "metres")
        assert drawn.shape == (40 + 44, 120, 3)
        assert drawn[20, 65].tolist() == [255] * 3 and drawn[20, 110].tolist() == [0] * 3 and drawn[5, 80].tolist() == [48] * 3

    @pytest.mark.parametrize("size", [(1, 1), (1, 400), (5000, 3), (33, 17)])
    def test_any_size_can_be_drawn_and_filmed(self, size: tuple[int, int]) -> None:
        depth_m = np.full(size, 3.0, np.float32)
        drawn = Preview("turbo").draw(np.zeros((*size, 3), np.uint8), depth_m, True, "metres by something or other")
        assert drawn.shape[0] % 2 == 0 and drawn.shape[1] % 2 == 0 and drawn.shape[1] <= 1920

    def test_where_nothing_is_known(self) -> None:
        drawn = Preview("turbo").draw(np.zeros((8, 8, 3), np.uint8), np.full((8, 8), np.nan, np.float32), False, "relative")
        assert (drawn[:8, 8:] == 48).all()

    def test_depths_in_round_numbers(self) -> None:
        assert round_depths((0.1, 0.9)) == [1.5, 2.0, 3.0, 5.0, 7.0, 10.0]
        assert round_depths((0.0, 0.5))[:3] == [2.0, 3.0, 5.0]


def test_points_as_bytes() -> None:
    xyz, rgb = np.array([[1.0, 2.0, 3.0]], np.float32), np.array([[1, 2, 3]], np.uint8)
    assert ply_bytes(xyz, rgb).endswith(xyz.tobytes() + b"\x01\x02\x03")
    assert parse_pcd(coloured_pcd_bytes(xyz, rgb))[0]["rgb"].view("<u4")[0] == 0x010203
    assert b"element vertex 0\n" in ply_bytes(xyz[:0], rgb[:0])
