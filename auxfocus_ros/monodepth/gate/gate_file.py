"""The gate's file, `config/monodepth/gate.yaml`: thresholds for each way of telling a pose, which way it is, and the options.

pose: epipolar                # or network
thresholds:                   # 4 rows of 4 for each way that is used; .inf: not looked at
  epipolar: [[.inf, 0.01, 0.01, 0.1], [...], [...], [...]]
unsure: masked                # and whatever else `GateOptions` has
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from auxfocus_ros.declaration import check, fields_of
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.gate.options import GateOptions, PoseMethod
from auxfocus_ros.monodepth.gate.threshold import ELEMENTS, Gate
from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.settings import mapping, read_yaml

METHODS: tuple[PoseMethod, ...] = get_args(PoseMethod)


@dataclass(frozen=True, eq=False)
class GateSettings:
    """What a gate's file says. pose: the way that poses are told. gates: of each way that the file has thresholds for."""

    pose: PoseMethod
    gates: Mapping[str, Gate]
    options: GateOptions
    where: str

    def gate(self, pose: str | None = None) -> Gate:
        """The thresholds of one way to tell poses, None: the file's. Raises ConfigurationError where the file has none for it."""
        pose = self.pose if pose is None else pose
        if pose not in self.gates:
            raise ConfigurationError(f"{self.where}: thresholds.{pose} is missing; it must be 4 rows of 4 numbers")
        return self.gates[pose]


def load_gate(path: str | Path | None = None) -> GateSettings:
    """The settings in a file; None: the shipped one.

    Raises:
        ConfigurationError: a file that cannot be right; one line that names it and the key.
    """
    path = config_dir() / "monodepth" / "gate.yaml" if path is None else Path(path).expanduser()
    where = f"gate file {path}"
    content = mapping(read_yaml(path, "gate file"), where, ("pose", "thresholds", *fields_of(GateOptions)))
    pose = content.pop("pose", METHODS[0])
    if pose not in METHODS:
        raise ConfigurationError(f"{where}: pose must be one of {' | '.join(METHODS)}, found {pose!r}")
    matrices = mapping(content.pop("thresholds", None), f"{where}: thresholds", METHODS)
    try:
        gates = {method: Gate(_numbers(matrix, f"thresholds.{method}")) for method, matrix in matrices.items()}
        options = check(GateOptions, content)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from error
    settings = GateSettings(pose, gates, options, where)
    settings.gate()
    return settings


def _numbers(matrix: Any, key: str) -> Any:
    """4 rows of 4 numbers; YAML's text `inf` is one too."""
    rows = matrix if isinstance(matrix, list) else [matrix]
    if len(rows) != 4 or not all(isinstance(row, list) and len(row) == 4 for row in rows):
        raise ConfigurationError(f"{key}: must be 4 rows of 4 numbers, found {matrix!r}")
    for names, row in zip(ELEMENTS, rows, strict=True):
        for name, value in zip(names, row, strict=True):
            if value != "inf" and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise ConfigurationError(f"{key}: that of {name} is {value!r}, it must be a number of 0 or more, or .inf")
    return [[float(value) for value in row] for row in rows]
