"""Two runs, or two settings on one recording, side by side: the differences that matter first.

What matters is not how large a difference is but how large it is against what chance alone would make: each figure comes with its
spread, and the differences are sorted by their multiple of it. Two analyses of the same pictures are compared picture by picture,
which finds far smaller differences than the two means would.
"""

from auxfocus_ros.analysis.comparing.compare import compare
from auxfocus_ros.analysis.comparing.comparison import Comparison, Difference

__all__ = ["Comparison", "Difference", "compare"]
