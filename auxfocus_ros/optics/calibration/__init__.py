"""Calibration of the defocus model from pictures (section 3 of Intelligent Autofocus, figures 3 and 6).

`calibrate_pair` finds the blur radius and the scale between a focused picture and a defocused one; `score_surface` shows how it
decided. `Sweep`, `measure_sweep` and `calibrated_table` make a whole table of both from pictures at known lens positions, which
`optics.table_model` turns into a defocus model and `optics.lens_file` keeps with the lens.
"""

from auxfocus_ros.optics.calibration.light import Pyramid, linear_light
from auxfocus_ros.optics.calibration.pair import CalibrationOptions, PairCalibration, calibrate_pair
from auxfocus_ros.optics.calibration.patch import Patch
from auxfocus_ros.optics.calibration.refine import Match, PicturePair
from auxfocus_ros.optics.calibration.surface import ScoreSurface, score_surface
from auxfocus_ros.optics.calibration.sweep import Measured, Sweep, TileSweep, measure_sweep
from auxfocus_ros.optics.calibration.table_fit import SweepCalibration, ThinLensFit, calibrated_table

__all__ = [
    "CalibrationOptions",
    "Match",
    "Measured",
    "PairCalibration",
    "Patch",
    "PicturePair",
    "Pyramid",
    "ScoreSurface",
    "Sweep",
    "SweepCalibration",
    "ThinLensFit",
    "TileSweep",
    "calibrate_pair",
    "calibrated_table",
    "linear_light",
    "measure_sweep",
    "score_surface",
]
