"""The `auxfocus` command: one subcommand a file in `auxfocus_ros/commands/`.

A bad input ends with one line that says what was wrong, and exit status 2; Ctrl-C with 130.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence

from auxfocus_ros import __version__
from auxfocus_ros.errors import AuxfocusError

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the nodes, and before NumPy is imported
# name -> (module in auxfocus_ros.commands, one line); modules are imported when their command is used, so that --help is quick.
COMMANDS = {
    "demo": ("demo", "play the bundled recordings through the whole graph; leaves a video, a contact sheet and a report"),
    "up": ("up", "start the graph for a source and keep it running"),
    "move": ("move", "move the lens of a running graph"),
    "simulate": ("simulate", "fly a simulated rig through a scene into a recording, with its truth"),
    "distribution": ("distribution", "the auxiliary focus image of one picture with its cloud or depth image, offline"),
    "focus": ("focus", "focus in a real focal stack, offline, by any method"),
    "stack": ("stack", "one picture, sharp all over, out of a focal stack"),
    "depth": ("depth", "how far what one camera sees is: of a picture, a folder of pictures or a video"),
    "analyze": ("analyze", "what the focus did in recordings: tables, a report, a film"),
    "compare": ("compare", "two analyses side by side, the differences that matter first"),
    "calibrate": ("calibrate", "measure the blur and the change of scale of a lens from its pictures"),
    "sequence": ("sequence", "make a longer recording for benchmarks from a short one"),
    "parameters": ("parameters", "list the nodes' parameters"),
    "estimate": ("estimate", "how far a picture is out of focus, patch by patch"),
    "train": ("train", "train the networks"),
    "bench": ("bench", "benchmarks, each against its rivals in the same run"),
}
EXAMPLES = """examples:
  auxfocus demo
  auxfocus up samples/rgb_lidar_road --lens field_50mm --video out/road.mp4
  auxfocus move --distance 12.5
  auxfocus distribution photo.png --depth depth.png --rig my_rig.yaml --focus-distance 2.4 -o out/photo_focus.png
  auxfocus stack samples/stack_circuit_board -o out/board.png --depth out/board_depth.png
  auxfocus simulate corridor -o out/corridor.mcap
  auxfocus analyze out/corridor.mcap -o out/corridor
"""


def make_parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser; only the chosen command's own options are loaded."""
    parser = argparse.ArgumentParser(
        prog="auxfocus",
        description="Focus assistance and autofocus for cameras on gimbals.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"auxfocus {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, line) in COMMANDS.items():
        if name == chosen:
            importlib.import_module(f"auxfocus_ros.commands.{module}").add_parser(subparsers, line)
        else:
            subparsers.add_parser(name, help=line)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    parsed = make_parser(chosen).parse_args(arguments)
    # As Ctrl-C: what was started is ended in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = int(parsed.run(parsed))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # who reads what is printed has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except AuxfocusError as error:
        print(f"auxfocus {parsed.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
