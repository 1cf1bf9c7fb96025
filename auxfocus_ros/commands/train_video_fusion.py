"""`auxfocus train video_fusion`: simulates moving scenes out of focus, trains the network that fuses video on them."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

EXAMPLES = """examples:
  auxfocus train video_fusion --photos photos -o out/weights
  auxfocus train video_fusion --sequences 8 --epochs 2 --no-scenes -o out/small     (drawn textures alone)
  auxfocus train video_fusion --photos photos -o out/weights --resume               (goes on where it was interrupted)

FOLDER gets video_fusion.safetensors, .md and .json (the model card); in FOLDER/work stay the sequences and the checkpoints, which
--resume takes up. Photographs that the shipped split keeps for tests are left out by their names.
"""
LINE = "train the network that fuses video in which every frame is focused elsewhere"
SCENES = ("portrait_walk", "road", "drone_orbit")
"""Simulated scenes that are learned from; the benchmark uses others."""
CLIP_FRAMES, CLIP_WIDTH_PX, CLIP_HEIGHT_PX = 40, 400, 300


def add_parser(subparsers: Any) -> None:
    """Declare the command."""
    from auxfocus_ros.allinfocus.training.video_training import VideoTrainingOptions
    from auxfocus_ros.commands.train_sharing import add_training_flags

    parser = subparsers.add_parser(
        "video_fusion", help=LINE, description=LINE, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--scenes", action=argparse.BooleanOptionalAction, default=True, help="also learn from simulated scenes (needs MuJoCo)"
    )
    add_training_flags(parser, VideoTrainingOptions)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train."""
    from auxfocus_ros.allinfocus.training.video_card import write_video_card
    from auxfocus_ros.allinfocus.training.video_training import VideoTrainingOptions, train
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.commands.train_sharing import leave, shown, work_folder
    from auxfocus_ros.learning.weights import save_weights

    options = options_from(arguments, VideoTrainingOptions)
    folder: Path = arguments.output
    work = work_folder(folder)
    with shown("video_fusion", options.seed) as told:
        clips = _clips(work, told) if arguments.scenes else []
        result = train(options, arguments.photos, clips, work, resume=arguments.resume, told=told)
    card = {**result.card, "command": _command_line(arguments, options)}
    weights = folder / "video_fusion.safetensors"
    if result.complete:
        save_weights(result.network, weights)
        write_video_card(card, weights)
    return leave(card, weights, complete=result.complete, as_json=arguments.json)


def _clips(work: Path, told: Any) -> list[Path]:
    """Sharp clips of the scenes, drawn once."""
    import numpy as np

    from auxfocus_ros.allinfocus.training.video_sequences import Clip
    from auxfocus_ros.commands.bench_allinfocus_video_scenes import MovingScene, sharp_frames
    from auxfocus_ros.learning.progress import Told

    paths = [work / f"{scene}.npz" for scene in SCENES]
    for number, (scene, path) in enumerate(zip(SCENES, paths, strict=True)):
        if not path.is_file():
            frames = sharp_frames(MovingScene(scene, "own", start_s=2.0), CLIP_FRAMES, CLIP_WIDTH_PX, CLIP_HEIGHT_PX)
            Clip(np.stack([frame.picture for frame in frames]), np.stack([frame.depth_m for frame in frames])).write(path)
        told(Told("drawing scenes", number + 1, len(paths)))
    return paths


def _command_line(arguments: argparse.Namespace, options: Any) -> str:
    """The command that makes the same again."""
    photos = ["--photos", arguments.photos.name] if arguments.photos is not None else []
    words = ["auxfocus", "train", "video_fusion", *photos, "--seed", str(options.seed)]
    for name in ("sequences", "epochs"):
        words += [f"--{name}", str(getattr(options, name))] if getattr(options, name) else []
    words += [] if arguments.scenes else ["--no-scenes"]
    return shlex.join([*words, "-o", arguments.output.name])
