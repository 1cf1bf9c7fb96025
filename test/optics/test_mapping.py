"""Positions and extensions: by formula and by table, either way round."""

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import LinearMapping, TableMapping


class TestLinear:
    @pytest.mark.parametrize("step", [2e-6, -2e-6])
    def test_either_direction(self, step: float) -> None:
        mapping = LinearMapping(step, 100.0)
        assert mapping.extension_m(100.0) == 0.0
        assert mapping.extension_m(110.0) == pytest.approx(10 * step)
        assert mapping.position_at(10 * step) == pytest.approx(110.0)

    def test_through_anchors_in_any_order(self) -> None:
        # f = 50 mm. 2.55 m: 2500 / 2500 mm = 1 mm; 0.55 m: 2500 / 500 mm = 5 mm.
        # So 4 mm over 400 steps, and infinity 100 steps before 2.55 m.
        one = LinearMapping.through(0.05, (200.0, 2.55), (600.0, 0.55))
        assert one.step_m == pytest.approx(1e-5)
        assert one.infinity_position_steps == pytest.approx(100.0)
        other = LinearMapping.through(0.05, (600.0, 0.55), (200.0, 2.55))
        assert other.step_m == pytest.approx(one.step_m)
        falling = LinearMapping.through(0.05, (600.0, 2.55), (200.0, 0.55))
        assert falling.step_m == pytest.approx(-1e-5)
        assert falling.infinity_position_steps == pytest.approx(700.0)

    def test_an_anchor_at_infinity_is_kept_exactly(self) -> None:
        mapping = LinearMapping.through(0.05, (0.1 + 0.2, np.inf), (600.0, 0.55))
        assert mapping.infinity_position_steps == 0.1 + 0.2
        assert mapping.extension_m(0.1 + 0.2) == 0.0

    @pytest.mark.parametrize(
        ("first", "second", "piece"),
        [
            ((1.0, 2.0), (1.0, 3.0), "two different positions"),
            ((1.0, 2.0), (5.0, 2.0), "two different positions"),
            ((1.0, 0.05), (5.0, 2.0), "exceed the focal length"),
            ((1.0, -2.0), (5.0, 2.0), "exceed the focal length"),
        ],
    )
    def test_bad_anchors(self, first: tuple[float, float], second: tuple[float, float], piece: str) -> None:
        with pytest.raises(ConfigurationError, match=piece):
            LinearMapping.through(0.05, first, second)

    @pytest.mark.parametrize(("step", "infinity"), [(0.0, 1.0), (np.nan, 1.0), (np.inf, 1.0), (1e-6, np.nan)])
    def test_bad_numbers(self, step: float, infinity: float) -> None:
        with pytest.raises(ConfigurationError, match="linear mapping"):
            LinearMapping(step, infinity)


class TestTable:
    @pytest.mark.parametrize("mirrored", [False, True])
    @pytest.mark.parametrize("turned", [False, True])
    def test_four_ways_to_write_one_curve(self, mirrored: bool, turned: bool) -> None:
        """Positions rising or falling with the extension, rows written from either end."""
        positions, extensions = np.array([0.0, 10.0, 30.0, 40.0]), np.array([0.0, 1e-5, 5e-5, 9e-5])
        if mirrored:
            positions = 40.0 - positions
        order = slice(None, None, -1 if turned else 1)
        mapping = TableMapping(tuple(positions[order]), tuple(extensions[order]))
        middle = 20.0  # half way between the second and third row, or their mirror images
        assert mapping.extension_m(middle) == pytest.approx(3e-5)
        assert mapping.position_at(3e-5) == pytest.approx(middle)
        assert mapping.extension_m(positions) == pytest.approx(extensions, rel=1e-12, abs=1e-20)
        assert mapping.position_at(extensions) == pytest.approx(positions, abs=1e-12)

    def test_infinity_between_rows_is_exactly_zero(self) -> None:
        # 1e-6 / 3 each way: the crossing is at no representable fraction of the rows
        mapping = TableMapping((0.0, 0.7, 10.0), (-1e-6 / 3, 0.7e-6, 1e-4))
        infinity = mapping.position_at(0.0)
        assert mapping.extension_m(infinity) == 0.0
        assert mapping.extension_m(np.nextafter(infinity, np.inf)) > 0
        assert mapping.extension_m(np.nextafter(infinity, -np.inf)) < 0

    def test_outside_is_nan(self) -> None:
        mapping = TableMapping((100.0, 200.0), (1e-5, 2e-5))
        assert np.isnan(mapping.extension_m(np.array([99.0, 201.0, np.nan]))).all()
        assert np.isnan(mapping.position_at(np.array([0.9e-5, 2.1e-5, np.nan]))).all()

    def test_rounding_over_an_end_is_the_end(self) -> None:
        mapping = TableMapping((100.0, 200.0), (1e-5, 2e-5))
        assert mapping.position_at(np.nextafter(2e-5, 1)) == 200.0
        assert mapping.extension_m(np.nextafter(100.0, 0)) == 1e-5

    def test_monotone_everywhere(self) -> None:
        mapping = TableMapping((0.0, 3.0, 7.0, 11.0), (-1e-5, 1.3e-7, 2e-5, 2.1e-5))
        assert (np.diff(mapping.extension_m(np.linspace(0, 11, 100_001))) > 0).all()

    def test_the_two_rows_are_named(self) -> None:
        with pytest.raises(ConfigurationError, match=r"extension goes from 3e-05 in row 3 to 2e-05 in row 4"):
            TableMapping((1.0, 2.0, 3.0, 4.0, 5.0), (1e-5, 2e-5, 3e-5, 2e-5, 6e-5))
        with pytest.raises(ConfigurationError, match=r"position goes from 2.0 in row 2 to 2.0 in row 3"):
            TableMapping((1.0, 2.0, 2.0), (1e-5, 2e-5, 3e-5))

    @pytest.mark.parametrize(
        ("positions", "extensions", "piece"),
        [
            ((1.0,), (1e-5,), "at least 2 rows"),
            ((1.0, 2.0), (1e-5,), "2 positions and 1 extensions"),
            ((1.0, np.nan), (1e-5, 2e-5), "position in row 2"),
            ((1.0, 2.0), (1e-5, np.inf), "extension in row 2"),
        ],
    )
    def test_bad_tables(self, positions: tuple[float, ...], extensions: tuple[float, ...], piece: str) -> None:
        with pytest.raises(ConfigurationError, match=piece):
            TableMapping(positions, extensions)

    def test_equal_tables_are_equal(self) -> None:
        assert TableMapping((1.0, 2.0), (1e-5, 2e-5)) == TableMapping((1, 2), (1e-5, 2e-5))
        assert hash(TableMapping((1.0, 2.0), (1e-5, 2e-5))) == hash(TableMapping((1, 2), (1e-5, 2e-5)))
