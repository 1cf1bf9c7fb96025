"""The settings of a training without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.monodepth.gate.options import MaskPolicy

PoseMethod = Literal["network", "epipolar", "known"]
Length = Literal["auto", "pose", "depth"]
NEW_WEIGHTS = "none"


@dataclass(frozen=True)
class MonodepthTrainingOptions:
    """Settings of a training."""

    seed: int = parameter(1, "of the order, the variation and, without a start, the first weights", minimum=0, maximum=2**31 - 1)
    epochs: int = parameter(8, "passes", minimum=1, maximum=100_000)
    frames: int = parameter(512, "frames learned from in a pass; a checkpoint is left after each", minimum=1, maximum=1_000_000)
    batch: int = parameter(4, "frames at a time", minimum=1, maximum=1024)
    learning_rate: float = parameter(1e-4, "the highest, which falls by a cosine", minimum=1e-8, maximum=1.0)
    minutes: float = parameter(0.0, "begin no pass after this time of training, to be resumed later; 0: no limit", minimum=0.0)
    start: str = parameter("", f"weights to begin with: a file; '': those that are shipped; {NEW_WEIGHTS}: new ones")
    mask: MaskPolicy = parameter(
        "gate", "when what can move is cut from the loss: where the gate says that it moves, or for comparison never or always"
    )
    gap: int = parameter(1, "a frame is compared with those so many before and after it", minimum=1, maximum=1000)
    pose: PoseMethod = parameter(
        "network", "who says how the camera moved: the pose network, refined by the flow; epipolar geometry; the sequence itself"
    )
    classes: Literal["network", "given"] = parameter(
        "network", "who says what can move: the network, or the sequence's own labels"
    )
    length: Length = parameter(
        "auto",
        "how long the camera's way is: as the pose says, or so that depth by parallax agrees with what the start weights see; "
        "auto: the second for a pose that is estimated, where there are weights to begin with",
    )
    scales: int = parameter(
        4, "of the network's answers, the finest first, so many are compared; 1 is the fastest", minimum=1, maximum=4
    )
    least_of_sources: bool = parameter(True, "count, of the frames before and after, only the one that fits best at each pixel")
    supervision: float = parameter(0.0, "weight of the error in log depth where true depth is known", minimum=0.0, maximum=100.0)
    held_out: float = parameter(
        0.1,
        "part that is judged by, not learned from: of 10 sequences or more every so manieth, else the ends",
        minimum=0.0,
        maximum=0.9,
    )
    width: int = parameter(
        0, "of the pictures learned from; 0: by the height, or by their own", unit="px", minimum=0, maximum=4096
    )
    height: int = parameter(
        0, "of the pictures learned from; 0: by the width, or by their own", unit="px", minimum=0, maximum=4096
    )

    @property
    def length_by(self) -> Literal["pose", "depth"]:
        """How long the camera's way is, once it is decided what auto means.

        From flow alone nobody can tell that length: the pose network's is right within a factor of a few.
        """
        if self.length != "auto":
            return self.length
        return "pose" if self.pose == "known" or self.start == NEW_WEIGHTS else "depth"

    def __post_init__(self) -> None:
        """Raise ConfigurationError with everything that is out of its range."""
        demand_valid(self, "training")
