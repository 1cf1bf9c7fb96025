"""The report of a recording: one HTML file with the answers first, the timeline of depth and focus, and what was soft.

`Overview` gathers what is shown while rows go by, `report_page` makes the page of it; `thumbnail` makes the small pictures and
`frames_to_show` says which of them the page wants. Memory and page stay bounded whatever the recording's length.
"""

from auxfocus_ros.analysis.report.overview import Overview
from auxfocus_ros.analysis.report.page import Report, report_page
from auxfocus_ros.analysis.report.thumbnails import frames_to_show, thumbnail

__all__ = ["Overview", "Report", "frames_to_show", "report_page", "thumbnail"]
