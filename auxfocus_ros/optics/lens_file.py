"""Reading a lens from YAML.

A lens file is written by hand from a data sheet and a calibration, so its keys carry their units and every problem in it is
reported at once, with the file and the key. The keys:

    name                     text, optional (default: the file's name)
    focal_length_mm          > 0
    f_number                 > 0
    pixel_pitch_um           > 0
    circle_of_confusion_um   > 0, the diameter
    position_range_steps     [lowest, highest] usable motor position
    defocus                  optional: a calibrated table of blur and scale, as `auxfocus calibrate --sweep` writes it
    mapping                  what a motor position means; one of
        {kind: linear, anchors: [{position_steps: 1050, focus_distance_m: 10}, {position_steps: 2100, focus_distance_m: 0.4}]}
        {kind: linear, step_um: 1.53, infinity_position_steps: 1009}
        {kind: table, columns: [position_steps, focus_distance_m], rows: [[1050, 10], [1500, 0.9], [2100, 0.4]]}

A table's second column is focus_distance_m (`.inf` allowed), power_dpt (1 / distance; 0 is infinity), sensor_distance_mm, or
extension_mm (sensor distance minus focal length; the last two may go beyond infinity). Both columns must be strictly monotone,
rising or falling. Between the rows the sensor distance is interpolated on a straight line; outside them nothing is known.

The defocus table holds, over positions that cover the range, the radius of the blur disk on the sensor and the picture's scale:

    defocus: {kernel: disk, gamma: 2.2, positions_steps: [1050, 1500, 2100], best_positions_steps: [1050, 2100],
              radius_px: [[0, 88, 206], [193, 110, 0]], scale: [[1, 1.03, 1.06], [0.94, 0.97, 1]]}
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.optics.defocus_model import DefocusModel, ThinLensModel
from auxfocus_ros.optics.defocus_table_file import read_defocus_table
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.mapping import LinearMapping, Mapping, TableMapping, first_row_out_of_order
from auxfocus_ros.optics.table_model import DefocusTable, TableModel
from auxfocus_ros.optics.thin_lens import extension_of_distance_m, extension_of_power_m

_POSITIVE = ("focal_length_mm", "f_number", "pixel_pitch_um", "circle_of_confusion_um")
_KEYS = ("name", *_POSITIVE, "position_range_steps", "mapping", "defocus")
_VALUE_COLUMNS = ("focus_distance_m", "power_dpt", "sensor_distance_mm", "extension_mm")


def load_lens(name_or_path: str | Path) -> Lens:
    """Load a lens by the name of a shipped one or from a file.

    Args:
        name_or_path: 'bench_25mm', 'phone_4mm52' (the files in config/lenses), or the path of a YAML file.

    Returns:
        The lens.

    Raises:
        ConfigurationError: no such lens or file, or everything that is wrong in the file, in one line that names file and keys.
    """
    return _read(name_or_path)[0]


def load_defocus_model(name_or_path: str | Path) -> DefocusModel:
    """The defocus model of a lens: its calibrated table where the file has one, else that of a thin lens.

    Args:
        name_or_path: as for `load_lens`.

    Raises:
        ConfigurationError: as `load_lens`.
    """
    lens, table = _read(name_or_path)
    return ThinLensModel(lens) if table is None else TableModel(table, lens)


def load_calibration(name_or_path: str | Path, pixel_pitch_um: float = 0.0) -> tuple[Lens, DefocusModel]:
    """A lens with its defocus model, of pictures that may be scaled.

    Args:
        name_or_path: as for `load_lens`.
        pixel_pitch_um: of the pictures as they come; 0: the lens file's.

    Raises:
        ConfigurationError: as `load_lens`; another pitch for a calibrated table.
    """
    lens, model = load_lens(name_or_path), load_defocus_model(name_or_path)
    if not pixel_pitch_um:
        return lens, model
    if not isinstance(model, ThinLensModel):
        raise ConfigurationError(
            f"lens '{lens.name}' has a calibrated table, which is of the pixels of its pictures: leave pixel_pitch_um at 0"
        )
    lens = replace(lens, pixel_pitch_m=pixel_pitch_um * 1e-6)
    return lens, ThinLensModel(lens)


def _read(name_or_path: str | Path) -> tuple[Lens, DefocusTable | None]:
    path = _find(name_or_path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"lens file {path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"lens file {path}: is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"lens file {path}: wanted keys and values ({', '.join(_KEYS)}), got {_kind(content)}")
    reader = _Reader(path, content)
    return reader.lens(), reader.defocus_table


def shipped_lenses() -> list[str]:
    """Names of the lenses in config/lenses, sorted."""
    return sorted(path.stem for path in (config_dir() / "lenses").glob("*.yaml"))


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    path = Path(name_or_path).expanduser()
    looks_like_path = isinstance(name_or_path, Path) or path.suffix.lower() in (".yaml", ".yml") or len(path.parts) > 1
    if not looks_like_path:
        known = shipped_lenses()
        if text in known:
            return config_dir() / "lenses" / f"{text}.yaml"
        if not _is_file(path):
            raise ConfigurationError(
                f"no lens is called {text!r}: it must be one of {', '.join(known)}, or the path of a YAML file"
            )
    if not _is_file(path):
        raise ConfigurationError(f"lens file {path}: there is no such file")
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigurationError(f"lens file {path}: cannot be read: {error.strerror}") from error


class _Reader:
    """Goes through the keys once, notes every problem, and builds the lens if there were none."""

    def __init__(self, path: Path, content: dict[Any, Any]) -> None:
        self.path = path
        self.content = content
        self.problems: list[str] = []
        self.defocus_table: DefocusTable | None = None

    def lens(self) -> Lens:
        for key in self.content:
            if key not in _KEYS:
                self.say(str(key), f"is not a key of a lens file (those are {', '.join(_KEYS)})")
        name = self.content.get("name", self.path.stem)
        if not isinstance(name, str) or not name.strip():
            self.say("name", f"must be text, got {name!r}")
        values = {key: self.positive(key) for key in _POSITIVE}
        low, high = self.position_range()
        mapping = self.mapping(values["focal_length_mm"] * 1e-3)
        if "defocus" in self.content:
            self.defocus_table = read_defocus_table(self.content["defocus"], (low, high), self.say)
        if not self.problems and mapping is not None:
            try:
                return Lens(
                    name=name,
                    focal_length_m=values["focal_length_mm"] * 1e-3,
                    f_number=values["f_number"],
                    pixel_pitch_m=values["pixel_pitch_um"] * 1e-6,
                    circle_of_confusion_m=values["circle_of_confusion_um"] * 1e-6,
                    min_position_steps=low,
                    max_position_steps=high,
                    mapping=mapping,
                )
            except ConfigurationError as error:
                raise ConfigurationError(f"lens file {self.path}: {error}") from error
        raise ConfigurationError(f"lens file {self.path}: " + "; ".join(self.problems))

    def say(self, key: str, what: str) -> None:
        self.problems.append(f"{key}: {what}")

    def positive(self, key: str) -> float:
        if key not in self.content:
            self.say(key, "is missing; it must be a number greater than 0")
            return np.nan
        value = _real(self.content[key])
        if not 0 < value < np.inf:
            self.say(key, f"must be a number greater than 0, got {self.content[key]!r}")
            return np.nan
        return value

    def number(self, where: str, content: dict[Any, Any], key: str, infinity_allowed: bool = False) -> float:
        if key not in content:
            self.say(f"{where}.{key}", "is missing")
            return np.nan
        value = _real(content[key])
        if np.isnan(value) or (np.isinf(value) and not (infinity_allowed and value > 0)):
            wanted = "a number or .inf" if infinity_allowed else "a finite number"
            self.say(f"{where}.{key}", f"must be {wanted}, got {content[key]!r}")
            return np.nan
        return value

    def position_range(self) -> tuple[float, float]:
        value = self.content.get("position_range_steps")
        if isinstance(value, list) and len(value) == 2:
            low, high = _real(value[0]), _real(value[1])
            if np.isfinite(low) and np.isfinite(high) and low < high:
                return low, high
        missing = "is missing; it" if "position_range_steps" not in self.content else f"is {value!r}; it"
        self.say("position_range_steps", f"{missing} must be [lowest, highest], two different positions in motor steps")
        return np.nan, np.nan

    def mapping(self, focal_length_m: float) -> Mapping | None:
        value = self.content.get("mapping")
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(value, dict) or kind not in ("linear", "table"):
            self.say("mapping", "must have a kind, linear or table" + (f", got {kind!r}" if kind else ""))
            return None
        keys = {"kind", "columns", "rows"} if kind == "table" else {"kind", "anchors", "step_um", "infinity_position_steps"}
        for key in value:
            if key not in keys:
                self.say(f"mapping.{key}", f"is not a key of a {kind} mapping (those are {', '.join(sorted(keys))})")
        before = len(self.problems)
        try:
            made = self.table(value, focal_length_m) if kind == "table" else self.linear(value, focal_length_m)
        except ConfigurationError as error:
            self.say("mapping", str(error))
            return None
        return made if len(self.problems) == before else None

    def linear(self, value: dict[Any, Any], focal_length_m: float) -> Mapping | None:
        if "anchors" not in value:
            step = self.number("mapping", value, "step_um") * 1e-6
            infinity = self.number("mapping", value, "infinity_position_steps")
            return LinearMapping(step, infinity) if np.isfinite([step, infinity]).all() else None
        if "step_um" in value or "infinity_position_steps" in value:
            self.say("mapping", "has anchors and also step_um or infinity_position_steps; give one or the other")
        anchors = value["anchors"]
        if not isinstance(anchors, list) or len(anchors) != 2 or not all(isinstance(anchor, dict) for anchor in anchors):
            self.say("mapping.anchors", "must be two entries like {position_steps: 1050, focus_distance_m: 10}")
            return None
        pairs = []
        for i, anchor in enumerate(anchors):
            where = f"mapping.anchors[{i}]"
            for key in anchor:
                if key not in ("position_steps", "focus_distance_m"):
                    self.say(f"{where}.{key}", "is not a key of an anchor (those are position_steps, focus_distance_m)")
            position = self.number(where, anchor, "position_steps")
            distance = self.number(where, anchor, "focus_distance_m", infinity_allowed=True)
            pairs.append((position, distance))
        if np.isnan(pairs).any() or np.isnan(focal_length_m):
            return None
        return LinearMapping.through(focal_length_m, pairs[0], pairs[1])

    def table(self, value: dict[Any, Any], focal_length_m: float) -> Mapping | None:
        columns = value.get("columns")
        if not isinstance(columns, list) or columns not in [["position_steps", column] for column in _VALUE_COLUMNS]:
            self.say("mapping.columns", f"must be [position_steps, one of {' | '.join(_VALUE_COLUMNS)}], got {columns!r}")
            return None
        rows = value.get("rows")
        if not isinstance(rows, list) or len(rows) < 2:
            self.say("mapping.rows", "must be at least two rows like [1050, 10]")
            return None
        table = np.full((len(rows), 2), np.nan)
        for i, row in enumerate(rows):
            numbers = [_real(cell) for cell in row] if isinstance(row, list) and len(row) == 2 else [np.nan, np.nan]
            infinite = columns[1] == "focus_distance_m" and numbers[1] == np.inf
            if not np.isfinite(numbers[0]) or not (np.isfinite(numbers[1]) or infinite):
                self.say(f"mapping.rows[{i}]", f"must be two numbers, {columns[0]} and {columns[1]}, got {row!r}")
            table[i] = numbers
        if np.isnan(table).any() or np.isinf(table[:, 0]).any():
            return None
        for column, key in enumerate(columns):
            row = first_row_out_of_order(table[:, column])
            if row:
                self.say(
                    "mapping.rows",
                    f"{key} must keep rising or keep falling, but goes from {table[row - 1, column]:.10g} in row {row} "
                    f"to {table[row, column]:.10g} in row {row + 1}",
                )
        extensions = _extensions_m(columns[1], table[:, 1], focal_length_m)
        if np.isfinite(focal_length_m) and np.isnan(extensions).any():
            row = int(np.flatnonzero(np.isnan(extensions))[0])
            wanted = {
                "focus_distance_m": "must be greater than the focal length",
                "power_dpt": "must be at least 0 (infinity) and below 1 / focal length",
            }[columns[1]]
            self.say("mapping.rows", f"{columns[1]} {wanted}, got {table[row, 1]:g} in row {row + 1}")
        if np.isnan(extensions).any():
            return None
        return TableMapping(tuple(table[:, 0].tolist()), tuple(extensions.tolist()))


def _extensions_m(column: str, values: Any, focal_length_m: float) -> Any:
    if column == "focus_distance_m":
        return extension_of_distance_m(focal_length_m, values)
    if column == "power_dpt":
        return extension_of_power_m(focal_length_m, values)
    if column == "sensor_distance_mm":
        return values * 1e-3 - focal_length_m
    return values * 1e-3


def _real(value: Any) -> float:
    """The number; NaN for everything that is none. Text is tried too: to YAML 1.1 both `inf` and `1e-3` are text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return np.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return np.nan


def _kind(content: Any) -> str:
    return "an empty file" if content is None else f"a {type(content).__name__}"
