"""Compiled loops: not loaded before they are needed, and all there after warming up."""

from __future__ import annotations

import subprocess
import sys


def test_the_view_is_imported_without_the_compiler_and_warmed_up_with_it() -> None:
    code = (
        "import sys, auxfocus_ros.view as view; assert 'numba' not in sys.modules; view.warm_up(); "
        "from auxfocus_ros.view import blending, filling; "
        "loops = [blending.blend_cells, blending.stamp_sprites, filling.fill_rectangles]; "
        "print([len(loop.signatures) for loop in loops])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout.strip()) == (0, "[1, 1, 1]"), answer.stderr
