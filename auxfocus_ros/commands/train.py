"""`auxfocus train`: trains the networks, one subcommand each."""

from __future__ import annotations

from typing import Any


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command and what it can train."""
    from auxfocus_ros.commands import train_autofocus, train_blur_map, train_monodepth, train_monodepth_truth, train_video_fusion

    parser = subparsers.add_parser(
        "train", help=line, description=line, epilog="example: auxfocus train autofocus --photos photos -o out/weights"
    )
    networks = parser.add_subparsers(dest="network", metavar="NETWORK", required=True)
    train_autofocus.add_parser(networks)
    train_blur_map.add_parser(networks)
    train_video_fusion.add_parser(networks)
    train_monodepth.add_parser(networks)
    train_monodepth_truth.add_parser(networks)
