"""`auxfocus train monodepth`: trains the depth network on sequences without labels, leaves weights and a card."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

EXAMPLES = """examples:
  auxfocus train monodepth --sequence flight.mcap -o out/flight
  auxfocus train monodepth --sequence room:0-59 --gap 3 -o out/room                 (the first 60 pictures of a folder)
  auxfocus train monodepth --sequence walk.mp4 --camera 585,585,320,240 -o out/walk
  auxfocus train monodepth --sequence simulation:20 --start none -o out/simulated    (new weights)
  auxfocus train monodepth --sequence flight.mcap -o out/flight --resume             (goes on where it was interrupted)

A sequence is a recording (rosbag2, ROS 1, a folder with a folder.yaml) with pictures and camera_info, a folder of pictures
with camera-intrinsics.txt (3 x 3) or --camera, a video with --camera, a folder that a simulation wrote, or simulation[:COUNT].
The camera has to move through the scene; frames between which it stands still, only turns, or the film is cut are left out and
counted.

FOLDER gets depth.safetensors, depth.md and depth.json (the model card). In FOLDER/work stay the checkpoint, which --resume
takes up, and for each sequence the pairs of frames: pairs.npz, the gate's log gate.jsonl, and decisions/ with pictures of some
decisions.
"""
LINE = "train the network that sees depth in one picture, without labels, on what a moving camera films"


def add_parser(subparsers: Any) -> None:
    """Declare the command."""
    from auxfocus_ros.commands.option_flags import add_option_flags
    from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions
    from auxfocus_ros.monodepth.networks.losses.options import LossOptions
    from auxfocus_ros.monodepth.training.options import MonodepthTrainingOptions

    parser = subparsers.add_parser(
        "monodepth", help=LINE, description=LINE, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--sequence", action="append", required=True, metavar="PATH[:FIRST-LAST]",
        help="what is learned from, or some of its frames; may be repeated",
    )  # fmt: skip
    add("--camera", default="", metavar="TEXT", help="of pictures that bring none: fx,fy,cx,cy, a camera_info file, or a rig")
    add("--gate", type=Path, metavar="FILE", help="the gate's file (default: the shipped one)")
    add("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the weights and their card go")
    add("--resume", action="store_true", help="go on from what stands in FOLDER/work")
    add("--json", action="store_true", help="print the model card as JSON")
    add_option_flags(parser, MonodepthTrainingOptions, "training")
    add_option_flags(parser, LossOptions, "loss", skip=("least_of_sources",))
    add_option_flags(parser, SegmentationNetworkOptions, "segmentation, which says what can move")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train."""
    from auxfocus_ros.commands.monodepth_sequences import SequenceReader
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.commands.train_sharing import leave, shown, work_folder
    from auxfocus_ros.learning.weights import save_weights
    from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions
    from auxfocus_ros.monodepth.networks.losses.options import LossOptions
    from auxfocus_ros.monodepth.training.card import write_monodepth_card
    from auxfocus_ros.monodepth.training.options import MonodepthTrainingOptions
    from auxfocus_ros.monodepth.training.self_supervised import MODEL, TrainingParts, start_weights, train

    options = options_from(arguments, MonodepthTrainingOptions)
    parts = TrainingParts(
        options_from(arguments, LossOptions), options_from(arguments, SegmentationNetworkOptions), arguments.gate
    )
    start_weights(options.start)  # what is wrong with them is said before anything is read
    folder: Path = arguments.output
    work = work_folder(folder)
    with shown(MODEL, options.seed) as told:
        reader = SequenceReader(
            arguments.camera, options.width, options.height,
            told=lambda text: print(f"[train] {text}", file=sys.stderr), seed=options.seed, worlds=work / "worlds", progress=told,
        )  # fmt: skip
        sequences = [one for text in arguments.sequence for one in reader.read(text)]
        result = train(options, sequences, work, resume=arguments.resume, told=told, parts=parts)
    card = {**result.card, "command": command_line(arguments)}
    weights = folder / f"{MODEL}.safetensors"
    if result.complete:
        save_weights(result.network, weights)
        write_monodepth_card(card, weights)
    return leave(card, weights, complete=result.complete, as_json=arguments.json)


def command_line(arguments: argparse.Namespace) -> str:
    """The command that makes the same again: the options that were set, and of paths the names."""
    from auxfocus_ros.declaration import fields_of
    from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions
    from auxfocus_ros.monodepth.networks.losses.options import LossOptions
    from auxfocus_ros.monodepth.training.options import MonodepthTrainingOptions

    words = ["auxfocus", "train", "monodepth"]
    for text in arguments.sequence:
        words += ["--sequence", Path(text).name]
    words += ["--camera", arguments.camera] if arguments.camera else []
    words += ["--gate", arguments.gate.name] if arguments.gate else []
    names = {
        name: None for table in (MonodepthTrainingOptions, LossOptions, SegmentationNetworkOptions) for name in fields_of(table)
    }
    for name in names:
        value, flag = getattr(arguments, name), name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        elif value is not None:
            words += [f"--{flag}", Path(value).name if name == "start" else str(value)]
    return shlex.join([*words, "-o", arguments.output.name])
