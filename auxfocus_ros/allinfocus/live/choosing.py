"""What drives a live capture and fuses its frames, with networks that are loaded when first asked for and may be missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.blur_map import BlurMapEstimator
from auxfocus_ros.allinfocus.fusion import fuse
from auxfocus_ros.allinfocus.fusion.depth import depth_of_frames
from auxfocus_ros.allinfocus.live.finishing import Fusing
from auxfocus_ros.allinfocus.live.positions import Judge
from auxfocus_ros.allinfocus.live.video_run import Fuser
from auxfocus_ros.allinfocus.strategy.options import CoverOptions
from auxfocus_ros.allinfocus.terms import CaptureTask, Known, MakeStrategy, Sight
from auxfocus_ros.allinfocus.video import BlendNetwork, VideoFuser
from auxfocus_ros.allinfocus.video.options import VideoOptions
from auxfocus_ros.errors import AuxfocusError, ConfigurationError
from auxfocus_ros.optics.lens import Lens

OURS = "cover"


class Networks:
    """The estimator of blur maps of a file, loaded once, and what fuses video."""

    def __init__(self, weights: str, say: Callable[[str], None]) -> None:
        """weights: of the estimator, a path; empty: the shipped ones. say: told in one line what cannot be loaded."""
        self._weights, self._say = weights, say
        self._lock = threading.Lock()
        self._loaded: BlurMapEstimator | None = None
        self._problem = ""

    def blur_maps(self) -> BlurMapEstimator:
        """The estimator. Raises ConfigurationError where PyTorch or the weights are missing."""
        with self._lock:
            if self._loaded is None and not self._problem:
                self._load()
        if self._loaded is None:
            raise ConfigurationError(self._problem)
        return self._loaded

    def blending(self) -> BlendNetwork | None:
        """What decides in the fusion of video; None, which is said, where PyTorch or the weights are missing."""
        try:
            keep_to_one_thread()
            from auxfocus_ros.allinfocus.networks.blend_loading import load_blend_network

            return load_blend_network()
        except (ImportError, AuxfocusError) as error:
            self._say(f"the network that fuses video cannot be loaded ({error}): it is fused by the rule")
        return None

    def _load(self) -> None:
        try:
            keep_to_one_thread()
            from auxfocus_ros.allinfocus.networks import load_blur_map_estimator

            self._loaded = load_blur_map_estimator(Path(self._weights).expanduser() if self._weights else None)
        except (ImportError, AuxfocusError) as error:
            self._problem = f"the estimator of blur maps cannot be loaded: {error}"
        if self._problem:
            self._say(self._problem)


def keep_to_one_thread() -> None:
    """Of PyTorch: a camera, a lens and a gimbal want to go on beside it."""
    import torch

    torch.set_num_threads(1)


def choose_strategy(name: str, networks: Networks, options: CoverOptions) -> MakeStrategy:
    """A strategy, ours with these networks.

    Raises:
        ConfigurationError: no such strategy, or no networks. InputError: its networks' weights cannot be read.
    """
    if name != OURS:
        from auxfocus_ros.allinfocus.strategy import strategy

        keep_to_one_thread()
        return strategy(name, options)
    from auxfocus_ros.allinfocus.strategy.cover import cover_strategy

    estimator = networks.blur_maps()
    return lambda task: cover_strategy(task, estimator, options)


def make_judge(task: CaptureTask, networks: Networks, options: CoverOptions) -> Judge:
    """What our strategy would know of frames that somebody else chooses; nothing where there are no networks."""
    from auxfocus_ros.allinfocus.strategy.cover import Covering

    try:
        estimator = networks.blur_maps()
    except ConfigurationError:
        return lambda _: Known()
    covering = Covering(task, options)

    def judge(sight: Sight) -> Known:
        return covering.see(estimator.estimate(sight.picture, task.cell_px), sight.position_steps).known

    return judge


def make_fuser(options: VideoOptions, networks: Networks) -> Fuser:
    """What completes the frames of a video; by the rule where there is no network."""
    network = networks.blending() if options.method == "network" else None
    if options.method == "network" and network is None:
        options = replace(options, method="flow")
    fuser = VideoFuser(options, network)
    return lambda picture, known: fuser.add(picture, known).picture


def make_fusing(method: str, lens: Lens | None, memory_bytes: int) -> Fusing:
    """How the frames of a static capture become one picture. lens: its calibration; None: depth is not known."""

    def depth_m(frame_index: NDArray[np.float32], positions_steps: Sequence[float]) -> NDArray[np.float32]:
        assert lens is not None
        distances = np.asarray(lens.focus_distance_m(np.asarray(positions_steps, np.float64)))
        # Beyond infinity there is no distance, but what is sharpest there is the farthest.
        return depth_of_frames(frame_index, list(np.where(np.isnan(distances), np.inf, distances)))

    return Fusing(partial(fuse, method=method), depth_m if lens is not None else None, memory_bytes)
