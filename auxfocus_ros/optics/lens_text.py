"""Writing a lens as the YAML that `lens_file` reads."""

from __future__ import annotations

import json
from collections.abc import Sequence

from auxfocus_ros.optics.defocus_table_file import defocus_table_text
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.mapping import LinearMapping
from auxfocus_ros.optics.table_model import DefocusTable


def lens_text(lens: Lens, table: DefocusTable | None = None, notes: Sequence[str] = ()) -> str:
    """A lens file's text.

    Args:
        lens: what is written.
        table: its calibrated defocus table; None: the file has none.
        notes: lines of comment for the head.

    Returns:
        YAML from which `load_lens` and `load_defocus_model` make the same lens and table again, to ten digits.
    """
    lines = [f"# {note}" for note in notes]
    lines += [
        f"name: {json.dumps(lens.name)}",
        f"focal_length_mm: {lens.focal_length_m * 1e3:.10g}",
        f"f_number: {lens.f_number:.10g}",
        f"pixel_pitch_um: {lens.pixel_pitch_m * 1e6:.10g}",
        f"circle_of_confusion_um: {lens.circle_of_confusion_m * 1e6:.10g}",
        f"position_range_steps: [{lens.min_position_steps:.10g}, {lens.max_position_steps:.10g}]",
        "mapping:",
    ]
    if isinstance(lens.mapping, LinearMapping):
        lines += [
            "  kind: linear",
            f"  step_um: {lens.mapping.step_m * 1e6:.12g}",
            f"  infinity_position_steps: {lens.mapping.infinity_position_steps:.12g}",
        ]
    else:
        rows = zip(lens.mapping.positions_steps, lens.mapping.extensions_m, strict=True)
        lines += ["  kind: table", "  columns: [position_steps, extension_mm]", "  rows:"]
        lines += [f"    - [{position:.10g}, {extension * 1e3:.12g}]" for position, extension in rows]
    text = "\n".join(lines) + "\n"
    return text if table is None else text + defocus_table_text(table)
