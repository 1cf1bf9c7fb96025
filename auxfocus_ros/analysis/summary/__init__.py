"""From a table of frames to the answers: was it in focus, did the lens follow, did it hunt, where was it soft.

Every figure is worked out of the columns alone (`analysis.columns`), read one by one, so that a table of any length can be summed
up and a table of a run can be summed up again. `summarise` gives them all; `SUMMARY_KEYS` says what each means and its unit.
"""

from auxfocus_ros.analysis.summary.summarise import SUMMARY_KEYS, summarise
from auxfocus_ros.analysis.summary.terms import Columns, Key

__all__ = ["SUMMARY_KEYS", "Columns", "Key", "summarise"]
