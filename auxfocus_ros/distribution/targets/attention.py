"""What deserves attention more: the order of targets.

First comes what somebody chose, then faces, people, what a user's detector found, what fills much of the picture, and the rest.
Among targets of one kind the score says how likely somebody wants it sharp: it is near, it is large, it is in the middle.
Source: US 12,395,751 B2, paragraphs 48 and 53.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from auxfocus_ros.distribution.targets.boxes import off_centre
from auxfocus_ros.distribution.targets.target import Target, TargetSource

_RANKS = {
    TargetSource.FACE: 1,
    TargetSource.PERSON: 2,
    TargetSource.DETECTOR: 3,
    TargetSource.LARGE_OBJECT: 4,
}
_RANKS_BY_LABEL = {"face": 1, "person": 2}
OTHER_RANK = 5
"""Of what is neither a face, a person, detected, nor large: never chosen automatically."""
_HALF_NEAR_M = 3.0  # at this depth nearness is a half
_NEARNESS, _SIZE, _CENTRALITY = 0.5, 0.25, 0.25


def rank(target: Target) -> int:
    """1: a face, 2: a person (by whichever detector), 3: another detection, 4: large in the picture, 5: the rest."""
    by_label = _RANKS_BY_LABEL.get(target.label.lower(), OTHER_RANK) if target.source == TargetSource.DETECTOR else OTHER_RANK
    return min(_RANKS.get(target.source, OTHER_RANK), by_label)


def score(target: Target, picture_size_px: tuple[int, int]) -> float:
    """0 to 1, more is more important: `0.5 nearness + 0.25 size + 0.25 centrality`.

    nearness: 3 m / (3 m + depth), 0 where the depth is unknown. size: the square root of the share of the picture that its box
    covers. centrality: 1 where its box is in the middle of the picture, 0 in a corner.
    """
    near = _HALF_NEAR_M / (_HALF_NEAR_M + target.depth_m) if math.isfinite(target.depth_m) else 0.0
    share = target.box_px[2] * target.box_px[3] / (picture_size_px[0] * picture_size_px[1])
    centrality = 1.0 - off_centre(target.box_px, picture_size_px)
    return _NEARNESS * near + _SIZE * math.sqrt(min(share, 1.0)) + _CENTRALITY * centrality


def by_attention(targets: Iterable[Target], picture_size_px: tuple[int, int]) -> tuple[Target, ...]:
    """The targets, the most important first: the selected one, then by rank, then by score, then by id."""
    return tuple(
        sorted(targets, key=lambda target: (not target.selected, rank(target), -score(target, picture_size_px), target.id))
    )
