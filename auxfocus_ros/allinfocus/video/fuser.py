"""A video in which everything is sharp, from one in which every frame is focused somewhere.

Each frame that is captured completes the fused frame before it: that one is moved to where things are now (`motion`), and pixel
by pixel the sharper of the two is taken where the transfer can be trusted (`blending`). What comes out is the fused frame before
the next. So that errors do not live on, a pixel that is not seen sharp again is dropped after a number of frames, a frame of
another scene begins anew, and where nothing moves nothing is resampled.

Source: Intelligent Autofocus, section 6.2.3 (the fused frame as the reference, the captured one as the target).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.terms import Known
from auxfocus_ros.allinfocus.video.blending import blended, doubled, evidence, fade, rule, sharper
from auxfocus_ros.allinfocus.video.motion import Motion, MotionFinder, moved
from auxfocus_ros.allinfocus.video.options import VideoOptions
from auxfocus_ros.allinfocus.video.transfer import Offer, full_places, gain_between, likeness, offer
from auxfocus_ros.allinfocus.video.views import Map, View, brightness, halved, view_of
from auxfocus_ros.errors import InputError

LEAST_PX = 64
CUT_LIKENESS = 0.85
"""Less than this is a cut to another scene."""
TRANSFERRED = 0.5
CELLS_PX = (16, 32, 64)
UNSETTLED = 0.2
SHARP_RATIO, TEXTURE = -2.1, 3.0
"""Where nobody else says: logarithm of fine over coarse structure above which a place with that much coarse structure counts as
sharp. Of simulated frames it finds four fifths of what is in focus, and is wrong about a fifth of what is not."""


class BlendNetwork(Protocol):
    """What decides in the method 'network'."""

    def share(self, planes: NDArray[np.float32]) -> Map:
        """Of `blending.evidence` (CHANNELS, h, w): the share (h, w), 0 to 1, that comes from the fused frame before."""


@dataclass(frozen=True, eq=False)
class FusedFrame:
    """One frame of the fused video.

    picture: (H, W) or (H, W, 3) uint8, in the place and the brightness of the captured frame. sharp: (H, W) bool, believed to be
    in focus. share_half, age_half: (h, w) float32, flow_half: (h, w, 2) float32, at half the resolution: see `share`, `age` and
    `flow`. begun: why nothing was transferred ('' where it was).
    """

    picture: np.ndarray
    sharp: NDArray[np.bool_]
    share_half: Map
    age_half: Map
    flow_half: NDArray[np.float32]
    begun: str = ""

    def share(self) -> Map:
        """(H, W), 0 to 1: how much of each pixel was transferred from the fused frame before."""
        return doubled(self.share_half, self.picture.shape[:2])

    def age(self) -> Map:
        """(H, W): frames since each pixel was captured; of a mixture, since what prevails in it was."""
        return doubled(self.age_half, self.picture.shape[:2])

    def carried(self, captured: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of pixels (H, W), brought along as the pixels were: those of the captured frame and of the fused one before."""
        x, y = full_places(self.flow_half, self.picture.shape[:2])
        old = cv2.remap(before, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(captured + self.share() * (old - captured), np.float32)


@dataclass(frozen=True, eq=False)
class _Past:
    """The fused frame before: its picture; at half the resolution its brightness, its ages, and its sharpness, 0 to 1."""

    picture: np.ndarray
    luma: Map
    age: Map
    sharp: Map


class VideoFuser:
    """Fuses frames as they come. Frames are (H, W) or (H, W, 3) uint8 of at least 64 px each way."""

    def __init__(self, options: VideoOptions | None = None, network: BlendNetwork | None = None) -> None:
        """Begin.

        Args:
            options: settings.
            network: for the method 'network'; None: the shipped one, loaded at the first frame.
        """
        self.options = options if options is not None else VideoOptions()
        self._network = network
        self._past: _Past | None = None
        self._finder = MotionFinder()

    def reset(self) -> None:
        """Forget everything: the next frame begins anew."""
        self._past, self._finder = None, MotionFinder()

    def add(self, picture: np.ndarray, known: Known | None = None) -> FusedFrame:
        """The next fused frame.

        Args:
            picture: the captured frame.
            known: what the strategy knows of it; its mask of what is in focus makes `FusedFrame.sharp`. None: judged here.

        Raises:
            InputError: not such a picture.
        """
        if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)):
            raise InputError(f"a frame is {picture.dtype} of shape {picture.shape}: wanted (H, W) or (H, W, 3) uint8")
        if min(picture.shape[:2]) < LEAST_PX:
            raise InputError(f"a frame is {picture.shape[1]} x {picture.shape[0]} px: wanted at least {LEAST_PX} px each way")
        view = view_of(picture)
        sharp = _in_focus(view, known, picture.shape[:2])
        if self.options.method == "none":
            return self._begun(picture, view, sharp, "every frame is shown as it was captured")
        past = self._past
        if past is None:
            return self._begun(picture, view, sharp, "the first frame")
        if past.picture.shape != picture.shape:
            self._finder = MotionFinder()
            now, then = ("x".join(map(str, one.shape[1::-1])) for one in (picture, past.picture))
            return self._begun(picture, view, sharp, f"frames are {now} now, and were {then}")
        gain = gain_between(view.luma, past.luma)
        luma = past.luma if gain == 1.0 else np.asarray(np.minimum(past.luma * gain, 255.0), np.float32)
        if self.options.method == "copy":
            offered = offer(past.picture, past.age, _no_motion(view.luma, luma), gain)
            share = sharper(view, offered)
        else:
            offered = offer(past.picture, past.age, self._finder.find(view.luma, luma), gain)
            if likeness(view, offered) < CUT_LIKENESS:
                self._finder = MotionFinder()
                return self._begun(picture, view, sharp, "another scene")
            share = self.decide(view, offered)
        return self._transferred(picture, sharp, offered, share)

    def decide(self, view: View, offered: Offer) -> Map:
        """(h, w) float32, 0 to 1 at half the resolution: which share of each pixel is transferred."""
        if self.options.method == "flow":
            return rule(view, offered, self.options.age_limit)
        if self._network is None:
            from auxfocus_ros.allinfocus.networks.blend_loading import load_blend_network

            self._network = load_blend_network()
        share = self._network.share(evidence(view, offered))
        return np.asarray(_settled(share) * offered.motion.inside * fade(offered.age, self.options.age_limit), np.float32)

    def _begun(self, picture: np.ndarray, view: View, sharp: Map, why: str) -> FusedFrame:
        self._past = _Past(picture.copy(), view.luma, np.zeros_like(view.luma), sharp)
        nothing = np.zeros_like(view.luma)
        flow = np.zeros((*view.luma.shape, 2), np.float32)
        return FusedFrame(self._past.picture, doubled(sharp, picture.shape[:2]) > TRANSFERRED, nothing, nothing, flow, why)

    def _transferred(self, picture: np.ndarray, sharp: Map, offered: Offer, share: Map) -> FusedFrame:
        assert self._past is not None
        fused = blended(picture, offered.picture, share)
        age = np.asarray(np.minimum(2.0 * share, 1.0) * offered.age, np.float32)  # a mixture is as old as what prevails in it
        flow = offered.motion.flow
        sharp = np.asarray(sharp + share * (moved(self._past.sharp, flow) - sharp), np.float32)
        luma = halved(np.asarray(brightness(fused), np.float32))
        self._past = _Past(fused, luma, age, sharp)
        return FusedFrame(fused, doubled(sharp, picture.shape[:2]) > TRANSFERRED, share, age, flow)


def _settled(share: Map) -> Map:
    """Shares near 0 and 1 as 0 and 1: a pixel that is kept is kept as it is, frame after frame."""
    return np.asarray(np.clip((share - UNSETTLED) / (1.0 - 2.0 * UNSETTLED), 0.0, 1.0), np.float32)


def _no_motion(luma: Map, old: Map) -> Motion:
    """Everything is where it was."""
    nothing = np.zeros_like(luma)
    return Motion(np.zeros((*luma.shape, 2), np.float32), luma - old, nothing, np.ones_like(luma))


def _in_focus(view: View, known: Known | None, shape: tuple[int, int]) -> Map:
    """(h, w) float32, 1 where a captured frame is in focus: as the strategy says, or by its own structure."""
    if known is None or known.in_focus is None:
        return np.asarray((view.fine - view.coarse > SHARP_RATIO) & (view.coarse > TEXTURE), np.float32)
    rows = known.in_focus.shape[0]
    cell_px = next((size for size in CELLS_PX if -(-shape[0] // size) == rows), None)
    if cell_px is None:
        raise InputError(f"what is known has {rows} rows of cells: no grid of {CELLS_PX} px over {shape[0]} px has")
    large = np.kron(known.in_focus, np.ones((cell_px // 2, cell_px // 2))).astype(np.float32)
    return np.ascontiguousarray(large[: view.luma.shape[0], : view.luma.shape[1]])
