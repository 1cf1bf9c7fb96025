"""A user's own networks, as real ONNX and TorchScript files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.inference import (
    DepthNetworkOptions,
    SegmentationNetworkOptions,
    load_depth_estimator,
    load_segmentation_estimator,
)

Writer = Callable[..., Path]
REDNESS = ([[0.4, 0.0, 0.0]], [0.1])  # 0.5 where all red, 0.1 where not at all


def depth_of(picture: np.ndarray, path: Path, **options: object) -> np.ndarray:
    return load_depth_estimator(DepthNetworkOptions(str(path), **options)).estimate(picture).depth_m  # type: ignore[arg-type]


def test_inverse_depth_of_an_onnx_file(onnx_file: Writer, red: np.ndarray) -> None:
    depth_m = depth_of(red, onnx_file(*REDNESS))
    assert depth_m.shape == (48, 64)
    assert depth_m[24, 5] == pytest.approx(2.0, rel=1e-5) and depth_m[24, 60] == pytest.approx(10.0, rel=1e-5)


def test_depth_of_an_onnx_file(onnx_file: Writer, red: np.ndarray) -> None:
    depth_m = depth_of(red, onnx_file(*REDNESS), network_output="depth")
    assert depth_m[24, 5] == pytest.approx(0.5, rel=1e-5) and depth_m[24, 60] == pytest.approx(0.1, rel=1e-5)


def test_the_picture_is_normalised_as_asked(onnx_file: Writer, red: np.ndarray) -> None:
    # Red 1 is (1 - 0.5) / 0.25 = 2, and red 0 is -2: 0.4 * 2 + 0.9 = 1.7, and 0.4 * -2 + 0.9 = 0.1.
    network = onnx_file([[0.4, 0.0, 0.0]], [0.9])
    depth_m = depth_of(red, network, network_mean="0.5 0.4 0.3", network_std="0.25, 0.2, 0.1")
    assert depth_m[24, 5] == pytest.approx(1.0 / 1.7, rel=1e-5) and depth_m[24, 60] == pytest.approx(10.0, rel=1e-5)


def test_a_fixed_size_is_read_from_the_file(onnx_file: Writer, red: np.ndarray) -> None:
    estimator = load_depth_estimator(DepthNetworkOptions(str(onnx_file(*REDNESS, size=(30, 50)))))
    assert estimator.network_size_px(64, 48) == (50, 30)
    assert estimator.estimate(red).depth_m.shape == (48, 64)
    with pytest.raises(ConfigurationError, match="50 px wide and no others"):
        load_depth_estimator(DepthNetworkOptions(str(onnx_file(*REDNESS, size=(30, 50))), network_width_px=64))


def test_what_is_infinitely_far_and_what_is_not_known(onnx_file: Writer, red: np.ndarray) -> None:
    # 0.4 where red, -0.1 elsewhere.
    network = onnx_file([[0.5, 0.0, 0.0]], [-0.1])
    assert np.isposinf(depth_of(red, network)[24, 60])
    assert np.isnan(depth_of(red, network, network_output="depth")[24, 60])


@pytest.mark.parametrize(
    ("weights", "bias", "more", "told"),
    [
        ([[1, 0, 0], [0, 1, 0]], [0.1, 0.1], {}, r"output has shape \(1, 2, 192, 320\); wanted \(1, 1, height, width\)"),
        ([[1, 0, 0]], [0.1], {"outputs": 2}, "wanted one output, found 2"),
        ([[-1, 0, 0]], [-1], {"last": "Sqrt"}, "its output has NaN"),
        ([[-1, 0, 0]], [-1], {}, "nowhere above 0"),
    ],
)
def test_a_network_of_another_kind_is_refused(
    onnx_file: Writer, weights: object, bias: object, more: dict[str, object], told: str
) -> None:
    path = onnx_file(weights, bias, **more)
    with pytest.raises(ConfigurationError, match=told) as caught:
        load_depth_estimator(DepthNetworkOptions(str(path), network_width_px=320, network_height_px=192))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("network.onnx", b"no network", "not a network that OpenCV can read"),
        ("network.onnx", b"", "not a network that OpenCV can read"),
        ("network.pt", b"no network", "not TorchScript that can be read"),
        ("network.pt", b"", "not TorchScript that can be read"),
        ("network.safetensors", b"no network", "cut short or not safetensors"),
        ("network.pth", b"no network", "wanted a file that ends in"),
        ("network.onnx", None, "there is no such file"),
        ("network.pt", None, "there is no such file"),
    ],
)
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    for load in (
        lambda: load_depth_estimator(DepthNetworkOptions(str(path))),
        lambda: load_segmentation_estimator(SegmentationNetworkOptions(str(path))),
    ):
        with pytest.raises(ConfigurationError, match=told) as caught:
            load()
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").mkdir()
    with pytest.raises(ConfigurationError, match="is a folder"):
        load_depth_estimator(DepthNetworkOptions(str(tmp_path / "a.onnx")))


@pytest.mark.parametrize(
    "options", [{"network_mean": "0 0"}, {"network_std": "1 0 1"}, {"network_std": "a b c"}, {"network_width_px": -1}]
)
def test_settings_that_cannot_be_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        DepthNetworkOptions(**options)  # type: ignore[arg-type]


def test_our_network_gives_inverse_depth() -> None:
    with pytest.raises(ConfigurationError, match="our network gives inverse_depth"):
        load_depth_estimator(DepthNetworkOptions(network_output="depth"))


class TestTorchScript:
    @pytest.fixture
    def scripted(self, tmp_path: Path) -> Callable[[str], Path]:
        """Writes a TorchScript file of a module whose forward is an expression of `x`."""
        import torch

        def write(expression: str) -> Path:
            module = torch.nn.Module()
            source = f"def forward(self, x: Tensor):\n    return {expression}\n"
            script = torch.jit._recursive.create_script_module(module, lambda _: [], share_types=False)
            script.define(source)
            script.save(str(tmp_path / "network.ts"))
            return tmp_path / "network.ts"

        return write

    def test_inverse_depth(self, scripted: Callable[[str], Path], red: np.ndarray) -> None:
        depth_m = depth_of(red, scripted("x[:, 0] * 0.4 + 0.1"))  # (N, H, W)
        assert depth_m[24, 5] == pytest.approx(2.0, rel=1e-5) and depth_m[24, 60] == pytest.approx(10.0, rel=1e-5)

    @pytest.mark.parametrize(
        ("expression", "told"),
        [
            ("x", r"output has shape \(1, 3, 192, 640\)"),
            ("(x[:, 0], x[:, 1])", "wanted one output, found 2"),
            ("(x[:, 0] - 2.0).log()", "its output has NaN"),
            (
                "x.reshape(1, 1, 100, 100)",
                r"fails on a picture of shape \(1, 3, 192, 640\): RuntimeError: shape '\[1, 1, 100, 100\]'",
            ),
            ("3", "it gives int, wanted a tensor"),
        ],
    )
    def test_a_network_of_another_kind_is_refused(self, scripted: Callable[[str], Path], expression: str, told: str) -> None:
        with pytest.raises(ConfigurationError, match=told) as caught:
            load_depth_estimator(DepthNetworkOptions(str(scripted(expression)), network_width_px=640, network_height_px=192))
        assert "\n" not in str(caught.value)


class TestSegmentation:
    TABLE = "classes:\n  - {name: floor, movable: false}\n  - {name: bus, movable: true}\n"

    @pytest.fixture
    def table(self, tmp_path: Path) -> str:
        (tmp_path / "classes.yaml").write_text(self.TABLE)
        return str(tmp_path / "classes.yaml")

    def test_the_greatest_score_wins(self, onnx_file: Writer, table: str, red: np.ndarray) -> None:
        path = str(onnx_file([[1, 0, 0], [0, 0, 1]], [0, 0]))
        estimator = load_segmentation_estimator(SegmentationNetworkOptions(path, table))
        classes = estimator.classes(red)
        assert classes.shape == (48, 64) and classes.dtype == np.uint8
        assert (classes[:, :31] == 0).all() and (classes[:, 33:] == 1).all()
        assert estimator.table.movable_pixels(classes)[24, 60]

    def test_classes_that_the_table_does_not_name(self, onnx_file: Writer, table: str) -> None:
        path = onnx_file([[1, 0, 0], [0, 0, 1], [0, 1, 0]], [0, 0, 0])
        with pytest.raises(ConfigurationError, match=r"gives 3 classes, the class table names 2 \(floor, bus\)"):
            load_segmentation_estimator(SegmentationNetworkOptions(str(path), table))

    def test_our_own_goes_with_a_table_of_eight(self, table: str) -> None:
        with pytest.raises(ConfigurationError, match="our segmentation network gives 8 classes, the class table names 2"):
            load_segmentation_estimator(SegmentationNetworkOptions(segmentation_classes=table))

    def test_weights_of_ours_from_another_file(self, tmp_path: Path, red: np.ndarray) -> None:
        from auxfocus_ros.learning.weights import save_weights
        from auxfocus_ros.monodepth.networks.segmentation_network import SegmentationNetwork

        save_weights(SegmentationNetwork(), tmp_path / "mine.safetensors")
        estimator = load_segmentation_estimator(SegmentationNetworkOptions(str(tmp_path / "mine.safetensors")))
        classes = estimator.classes(red)
        assert classes.shape == (48, 64) and classes.max() < len(estimator.table) == 8

    def test_a_picture_without_colours_is_refused(self, onnx_file: Writer, table: str) -> None:
        from auxfocus_ros.errors import InputError

        path = str(onnx_file([[1, 0, 0], [0, 0, 1]], [0, 0]))
        with pytest.raises(InputError, match="picture: wanted"):
            load_segmentation_estimator(SegmentationNetworkOptions(path, table)).classes(np.zeros((8, 8), np.uint8))
