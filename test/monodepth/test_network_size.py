"""Which size a network sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.network_size import BUDGET_PX, SizeRule, brought_to, user_size_rule


@pytest.mark.parametrize(
    ("rule", "picture", "wanted"),
    [
        (SizeRule(), (640, 384), (320, 192)),  # 61,440 px at 5 : 3 are 320 x 192
        (SizeRule(), (1242, 375), (448, 128)),  # 451.1 x 136.2
        (SizeRule(), (1, 1), (256, 256)),  # 247.9 each way
        (SizeRule(640, 192), (1242, 375), (640, 192)),
        (SizeRule(650, 0), (1300, 390), (640, 192)),  # 640 is next to 650
        (SizeRule(0, 100), (64, 48), (128, 96)),
        (SizeRule(100, 75, exact=True), (64, 48), (100, 75)),
        (SizeRule(100, 0, exact=True), (64, 48), (100, 64)),  # 75 is nearer to 64 than to 96
    ],
)
def test_the_size_is_asked_for_or_by_the_picture(rule: SizeRule, picture: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert rule.size_for(*picture) == wanted


@given(st.integers(1, 20000), st.integers(1, 20000))
def test_by_the_picture_it_is_a_multiple_of_32_near_the_budget(width: int, height: int) -> None:
    wide, high = SizeRule().size_for(width, height)
    assert wide % 32 == 0 and high % 32 == 0 and 32 <= wide <= 4096 and 32 <= high <= 4096
    if 1 / 4 < width / height < 4:
        assert 0.75 * BUDGET_PX < wide * high < 1.3 * BUDGET_PX


def test_a_network_of_one_size_is_asked_for_no_other() -> None:
    assert user_size_rule("n", (96, 64), (0, 64)) == SizeRule(96, 64, exact=True)
    assert user_size_rule("n", (0, 0), (50, 40)) == SizeRule(50, 40, exact=True)
    with pytest.raises(ConfigurationError, match="n: it takes pictures 96 px wide and no others, asked for are 100 px"):
        user_size_rule("n", (96, 64), (100, 64))
    with pytest.raises(ConfigurationError, match="n: it takes pictures 9000 px high, more than 4096 px"):
        user_size_rule("n", (96, 9000), (0, 0))


def test_a_picture_that_shrinks_is_averaged() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[::2] = 100
    assert (brought_to(picture, (2, 2)) == 50).all()
    assert brought_to(picture, (4, 4)) is picture
    assert brought_to(picture, (8, 8)).shape == (8, 8, 3)
