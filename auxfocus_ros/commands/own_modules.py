"""Starting modules of this package as programs of their own, of the same copy as the command that starts them."""

from __future__ import annotations

import sys
from pathlib import Path

_RUN = (
    "import runpy, sys; root, module = sys.argv[1:3]; del sys.argv[1:3]; "
    "sys.path = [entry for entry in sys.path if entry]; root in sys.path or sys.path.insert(0, root); "
    "runpy.run_module(module, run_name='__main__', alter_sys=True)"
)


def own_module(module: str) -> list[str]:
    """The command line that runs a module of this package; arguments follow.

    `python -m` would take the folder that it runs in before what is installed: where that is a source tree, an installed command
    would start the tree's nodes, with loops that were never compiled.

    Args:
        module: full name, as `auxfocus_ros.nodes.aux_focus`.
    """
    root = Path(__file__).parents[2]
    return [sys.executable, "-c", _RUN, str(root), module]
