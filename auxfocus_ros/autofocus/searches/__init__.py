"""The classical ways of focusing: move the lens until a measure of sharpness peaks (section 2.1 of Intelligent Autofocus).

Each is a function of a `Task` that gives a `Search`: `full_sweep`, `fibonacci`, `rule_based`, `hill_climbing`, and the curve
fitting ones, `curve_rol` and `curve_bpic`. They know nothing of the lens but its range and depth of focus, work on a lens of any
range and on a stack's frames, and end with NO_TEXTURE where nothing is sharper than the rest.
"""

from auxfocus_ros.autofocus.searches.curve_bpic import curve_bpic
from auxfocus_ros.autofocus.searches.curve_rol import curve_rol
from auxfocus_ros.autofocus.searches.fibonacci import fibonacci
from auxfocus_ros.autofocus.searches.hill_climbing import hill_climbing
from auxfocus_ros.autofocus.searches.rule_based import rule_based
from auxfocus_ros.autofocus.searches.sweep import full_sweep

__all__ = ["curve_bpic", "curve_rol", "fibonacci", "full_sweep", "hill_climbing", "rule_based"]
