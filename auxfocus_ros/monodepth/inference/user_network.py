"""A user's own network in place of one of ours: an ONNX file, which OpenCV runs, or TorchScript.

A TorchScript file holds code that is run as it is loaded and used: load only what you trust. ONNX files and the safetensors of
our own weights hold none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.inference.onnx_shape import picture_size
from auxfocus_ros.monodepth.inference.options import Triple
from auxfocus_ros.monodepth.network_size import SizeRule, brought_to, user_size_rule

ONNX, TORCHSCRIPT, OWN_WEIGHTS = (".onnx",), (".pt", ".ts", ".torchscript"), (".safetensors",)
TRIED_PX = (640, 192)
"""Width and height of the picture that a network is tried on where none is asked for."""
MOST_TOLD = 300


class Runner(Protocol):
    """A network that was read."""

    fixed_px: tuple[int, int]
    """Width and height that its file says it takes; 0: any."""

    def run(self, pictures: NDArray[np.float32]) -> list[NDArray[Any]]:
        """All outputs for (1, 3, H, W). Raises ValueError with the reason where it fails on them."""
        ...


class UserNetwork:
    """One picture in, one output out."""

    def __init__(self, what: str, path: Path, asked_px: tuple[int, int], mean: Triple, std: Triple) -> None:
        """Read the file and try it on noise.

        Args:
            what: 'depth network' or 'segmentation network', for errors.
            path: of the file.
            asked_px: width and height of the picture that it is to see; 0: its own, or by the picture.
            mean, std: of red, green and blue in 0 to 1: it is given (value - mean) / std.

        Raises:
            ConfigurationError: no such file, another kind of file, not a network, a size that it does not take, several outputs.
        """
        self.where = f"{what} {path}"
        self._mean, self._std = np.array(mean, np.float32), np.array(std, np.float32)
        require_file(self.where, path, (*ONNX, *TORCHSCRIPT))
        self._runner: Runner = _OnnxRunner(self.where, path) if path.suffix.lower() in ONNX else _torchscript(self.where, path)
        self.rule: SizeRule = user_size_rule(self.where, self._runner.fixed_px, asked_px)
        noise = np.random.default_rng(0).integers(0, 256, (TRIED_PX[1], TRIED_PX[0], 3), np.uint8)
        self.tried = self.answer(brought_to(noise, self.rule.size_for(*TRIED_PX)))
        """Its answer to that noise, whose shape and values tell what it is."""

    def answer(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Its output, (1, ...), for a picture (h, w, 3) BGR of a size that it takes. Raises ConfigurationError."""
        values = picture[..., ::-1].astype(np.float32) / np.float32(255.0)
        pictures = np.ascontiguousarray(((values - self._mean) / self._std).transpose(2, 0, 1)[None])
        try:
            outputs = self._runner.run(pictures)
        except ValueError as error:
            raise ConfigurationError(
                f"{self.where}: it fails on a picture of shape {pictures.shape}: {one_line(error)}; a network of one size "
                "is told by its width and height in the configuration"
            ) from error
        if len(outputs) != 1:
            raise ConfigurationError(f"{self.where}: wanted one output, found {len(outputs)}")
        if np.isnan(outputs[0]).any():
            raise ConfigurationError(f"{self.where}: its output has NaN for a picture of shape {pictures.shape}: wanted numbers")
        return np.asarray(outputs[0], np.float32)


def require_file(where: str, path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise ConfigurationError unless there is such a file of one of these kinds."""
    if path.suffix.lower() not in suffixes:
        raise ConfigurationError(f"{where}: wanted a file that ends in {', '.join(suffixes[:-1])} or {suffixes[-1]}")
    if not path.is_file():
        raise ConfigurationError(f"{where}: {'is a folder' if path.is_dir() else 'there is no such file'}")


class _OnnxRunner:
    """By OpenCV, on the processor."""

    def __init__(self, where: str, path: Path) -> None:
        with _quiet():
            try:
                model = path.read_bytes()
                self._net = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
            except OSError as error:
                raise ConfigurationError(f"{where}: cannot be read: {error.strerror}") from error
            except cv2.error as error:
                raise ConfigurationError(f"{where}: not a network that OpenCV can read: {one_line(error)}") from error
        if self._net.empty():
            raise ConfigurationError(f"{where}: not a network that OpenCV can read: it has no layers")
        self._outputs = self._net.getUnconnectedOutLayersNames()
        self.fixed_px = picture_size(model)

    def run(self, pictures: NDArray[np.float32]) -> list[NDArray[Any]]:
        with _quiet():
            try:
                self._net.setInput(pictures)
                return [np.array(output) for output in self._net.forward(self._outputs)]
            except cv2.error as error:
                raise ValueError(error.err) from error


def _torchscript(where: str, path: Path) -> Runner:
    from auxfocus_ros.monodepth.networks.torchscript_network import TorchScriptRunner

    return TorchScriptRunner(where, path)


@contextmanager
def _quiet() -> Iterator[None]:
    """OpenCV says nothing of its own: one line is enough."""
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)


def one_line(error: Exception) -> str:
    """What an error says, in one line that is not too long."""
    return " ".join(str(error).split())[:MOST_TOLD]
