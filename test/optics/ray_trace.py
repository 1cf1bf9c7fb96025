"""An independent paraxial ray trace: ray-transfer matrices in exact rational arithmetic.

A ray is (height, slope). It is carried through space by [[1, d], [0, 1]] and bent by the lens by [[1, 0], [-1 / f, 1]]. Nothing
here knows of depth of field, circles of confusion or image equations, and nothing is rounded: a double is a rational number, and
so is everything that additions and multiplications make of it.
"""

from collections.abc import Callable
from fractions import Fraction

Ray = tuple[Fraction, Fraction]


def through_space(ray: Ray, distance: Fraction) -> Ray:
    height, slope = ray
    return height + distance * slope, slope


def through_lens(ray: Ray, focal_length: Fraction) -> Ray:
    height, slope = ray
    return height, slope - height / focal_length


def behind_lens(focal_length: Fraction, entry_height: Fraction, power: Fraction, object_height: Fraction = Fraction(0)) -> Ray:
    """The ray just behind the lens that left an object at depth 1 / power (power 0: infinitely far, on the axis)."""
    if power == 0:
        return through_lens((entry_height, Fraction(0)), focal_length)
    slope = (entry_height - object_height) * power
    at_lens = through_space((object_height, slope), 1 / power)
    assert at_lens[0] == entry_height
    return through_lens(at_lens, focal_length)


def image_distance(focal_length: Fraction, power: Fraction) -> Fraction:
    """Where two rays of one object point cross behind the lens (a third is checked to cross there too)."""
    object_height = Fraction(1, 7)
    if power == 0:
        object_height = Fraction(0)
    one, two, three = (
        behind_lens(focal_length, height, power, object_height) for height in (Fraction(1), Fraction(-1, 3), Fraction(2))
    )
    crossing = (two[0] - one[0]) / (one[1] - two[1])
    assert through_space(three, crossing)[0] == through_space(one, crossing)[0]
    return crossing


def rim_height(focal_length: Fraction, aperture: Fraction, sensor_distance: Fraction, power: Fraction) -> Fraction:
    """Height on the sensor of the ray from an axial point through the upper rim of the aperture: the signed blur radius."""
    return through_space(behind_lens(focal_length, aperture / 2, power), sensor_distance)[0]


def power_where(condition: Callable[[Fraction], bool], low: Fraction, high: Fraction, halvings: int = 110) -> Fraction:
    """Bisection: the power at which a condition, false at low and true at high, becomes true."""
    for _ in range(halvings):
        middle = (low + high) / 2
        if condition(middle):
            high = middle
        else:
            low = middle
    return high
