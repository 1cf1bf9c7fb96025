"""The pairs of every sequence by the networks and the gate in use, read where they were judged before."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.learning.progress import Told
from auxfocus_ros.monodepth.classes import load_class_table
from auxfocus_ros.monodepth.gate import load_gate
from auxfocus_ros.monodepth.inference.depth_estimator import DepthEstimator, load_depth_estimator
from auxfocus_ros.monodepth.inference.options import DepthNetworkOptions, SegmentationNetworkOptions
from auxfocus_ros.monodepth.inference.segmentation_estimator import load_segmentation_estimator
from auxfocus_ros.monodepth.networks import weights_path
from auxfocus_ros.monodepth.pose_estimate import PoseEstimator
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.monodepth.training.options import NEW_WEIGHTS, MonodepthTrainingOptions
from auxfocus_ros.monodepth.training.pair_file import fingerprint, read_pairs, write_pairs
from auxfocus_ros.monodepth.training.pairs import Judges, PairTable, TargetPose, make_pairs
from auxfocus_ros.monodepth.training.target_pose import estimated_pose, known_pose, with_length_by_depth


class PairQuestions:
    """What is asked of every pair, and of whom. Networks are loaded when the first sequence is judged."""

    def __init__(self, options: MonodepthTrainingOptions, segmentation: SegmentationNetworkOptions, gate: Path | None) -> None:
        """options: of the training. segmentation: whose classes. gate: its file; None: the shipped one."""
        self.options, self._segmentation = options, segmentation
        self._gate = load_gate(gate)
        self._table = load_class_table(segmentation.segmentation_classes or None)
        if options.pose == "epipolar" and options.length_by == "pose":
            raise ConfigurationError(
                "pose is epipolar, which tells no length of the camera's way: wanted length depth, and a start"
            )
        if options.length_by == "depth" and options.start == NEW_WEIGHTS:
            raise ConfigurationError(
                f"length is depth, but start is {NEW_WEIGHTS}: new weights see none; wanted weights to begin with"
            )

    def plan(self, sequence: Sequence) -> dict[str, Any]:
        """All that a sequence's pairs follow from."""
        options = self.options
        files = [weights_path("segmentation")] if options.classes == "network" and not self._segmentation.segmentation else []
        files += [weights_path("pose")] if "network" in (options.pose, self._gate.pose) else []
        files += [Path(options.start or weights_path("depth"))] if options.length_by == "depth" else []
        return {
            "sequence": fingerprint(sequence),
            **{name: getattr(options, name) for name in ("gap", "pose", "length_by", "classes")},
            "segmentation": asdict(self._segmentation),
            "table": [list(self._table.names), list(self._table.movable)],
            "gate": {
                "pose": self._gate.pose,
                "thresholds": repr(self._gate.gate().thresholds.tolist()),
                **asdict(self._gate.options),
            },
            "weights": [f"{zlib.crc32(file.expanduser().read_bytes()):08x}" for file in files if file.expanduser().is_file()],
        }

    def classes(self, sequence: Sequence) -> NDArray[np.uint8]:
        """(F, H, W). Raises ConfigurationError where they are to be given and are not."""
        if self.options.classes == "network":
            return np.stack([self._segments.classes(picture) for picture in sequence.pictures])
        if sequence.classes is None:
            raise ConfigurationError(f"sequence '{sequence.name}': it brings no classes; wanted --classes network")
        return np.asarray(sequence.classes)

    @cached_property
    def judges(self) -> Judges:
        """Whom `make_pairs` asks."""
        options = self.options
        estimator = _estimator(self._gate.pose)
        target: TargetPose = known_pose
        if options.pose != "known":
            target = estimated_pose(None if options.pose == self._gate.pose else _estimator(options.pose))
        if options.length_by == "depth":
            target = with_length_by_depth(target, self._depth)
        return Judges(self._table, self._gate, estimator, target)

    @cached_property
    def _segments(self) -> Any:
        return load_segmentation_estimator(self._segmentation)

    @cached_property
    def _sees(self) -> DepthEstimator:
        return load_depth_estimator(DepthNetworkOptions(network=self.options.start))

    def _depth(self, sequence: Sequence, frame: int) -> NDArray[np.float32]:
        return self._sees.estimate(sequence.pictures[frame], sequence.camera).depth_m


def pairs_of(sequence: Sequence, questions: PairQuestions, folder: Path, told: Callable[[Told], None]) -> PairTable:
    """The pairs of a prepared sequence: from the folder, if the same judges judged them, else judged now and kept there."""
    plan = questions.plan(sequence)
    own = folder / f"{re.sub(r'[^A-Za-z0-9_-]+', '_', sequence.name)[:60]}_{plan['sequence'][-8:]}"
    pairs = read_pairs(plan, own / "pairs.npz")
    if pairs is None:
        pairs = make_pairs(
            sequence,
            questions.classes(sequence),
            questions.options.gap,
            questions.judges,
            folder=own,
            told=lambda done, of: told(Told(f"judging {sequence.name}", done, of)),
            on_problem=lambda problem: told(Told("judging pairs", 0, 1, problem)),
        )
        write_pairs(pairs, plan, own / "pairs.npz")
    return pairs


def _estimator(method: str) -> PoseEstimator:
    """Who tells poses, 'network' or 'epipolar'."""
    if method == "epipolar":
        from auxfocus_ros.monodepth.geometry.epipolar_pose import EpipolarPoseEstimator

        return EpipolarPoseEstimator()
    from auxfocus_ros.monodepth.networks.pose_estimator import load_pose_estimator

    return load_pose_estimator()
