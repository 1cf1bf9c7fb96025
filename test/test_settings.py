"""What a scene file may say, and how it is told what it may not."""

from collections.abc import Callable

import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.settings import flag, mapping, number, numbers, text, whole


def test_good_values_pass_through() -> None:
    assert mapping({"a": 1}, "x", ("a", "b")) == {"a": 1}
    assert number(3, "x") == 3.0 and isinstance(number(3, "x"), float)
    assert whole(3, "x", 0, 3) == 3
    assert numbers([1, 2.5], "x", 2) == [1.0, 2.5]
    assert numbers([], "x") == []
    assert text("road", "x", ("road", "bench")) == "road"
    assert flag(False, "x") is False


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: mapping([1], "scene: light", ("level",)), "scene: light: wanted keys and values (level), found [1]"),
        (lambda: mapping({"levle": 1}, "scene: light", ("level",)), "light.levle: unknown key 'levle'; did you mean 'level'?"),
        (lambda: mapping({"q": 1}, "scene: light", ("level", "changes")), "light.q: unknown key 'q'; known keys: level, changes"),
        (lambda: mapping({7: 1}, "x", ("level",)), "x.7: unknown key '7'"),
        (lambda: mapping({}, "x", ("kind",), ("kind",)), "x.kind: is missing"),
        (lambda: number("1", "x.rate_hz"), "x.rate_hz: '1' is not a finite number"),
        (lambda: number(True, "x"), "x: True is not a finite number"),
        (lambda: number(float("nan"), "x"), "x: nan is not a finite number"),
        (lambda: number(float("inf"), "x"), "x: inf is not a finite number"),
        (lambda: number(-1, "x", 0.0), "x: -1 is below 0"),
        (lambda: number(2, "x", 0.0, 1.0), "x: 2 is above 1"),
        (lambda: whole(1.5, "x", 0, 3), "x: 1.5 is not a whole number"),
        (lambda: whole(True, "x", 0, 3), "x: True is not a whole number"),
        (lambda: whole(4, "x", 0, 3), "x: 4 is above 3"),
        (lambda: numbers([1, 2], "x", 3), "x: wanted a list of 3 numbers, found [1, 2]"),
        (lambda: numbers("12", "x"), "x: wanted a list of numbers, found '12'"),
        (lambda: numbers([1, None], "x", 2), "x[1]: None is not a finite number"),
        (lambda: text(3, "x"), "x: wanted text, found 3"),
        (lambda: text("", "x"), "x: wanted text, found ''"),
        (lambda: text("rode", "x", ("road", "bench")), "x: 'rode' is not known; did you mean 'road'?"),
        (lambda: text("zzz", "x", ("road", "bench")), "x: 'zzz' is not known; known: road, bench"),
        (lambda: text(None, "x", ("road",)), "x: wanted one of road, found None"),
        (lambda: flag("yes", "x"), "x: wanted true or false, found 'yes'"),
        (lambda: flag(1, "x"), "x: wanted true or false, found 1"),
    ],
)
def test_bad_values_are_named(read: Callable[[], object], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
