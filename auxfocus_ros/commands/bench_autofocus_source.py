"""What Intelligent Autofocus printed in tables 2 to 5, to be shown beside ours. Positions in motor steps."""

from __future__ import annotations

STARTS_STEPS = (1100.0, 1400.0, 1700.0, 2000.0)
SOURCE_LIGHTS = {"fluorescent lamp": "bright", "bulb light": "dim", "natural light": "indoor"}
"""The source's light -> ours: its bulb and window gave pictures that were far noisier than the lamp's (figure 7)."""

TABLE_2: dict[tuple[str, float], dict[str, tuple[int, int, int, int]]] = {
    ("Plant", 1600.0): {
        "fluorescent lamp": (1611, 1607, 1599, 1619),
        "bulb light": (1610, 1582, 1598, 1609),
        "natural light": (1613, 1589, 1587, 1605),
    },
    ("Toy", 1800.0): {
        "fluorescent lamp": (1813, 1813, 1803, 1808),
        "bulb light": (1820, 1832, 1823, 1830),
        "natural light": (1801, 1832, 1812, 1816),
    },
    ("Books", 1300.0): {
        "fluorescent lamp": (1298, 1306, 1301, 1321),
        "bulb light": (1358, 1304, 1289, 1318),
        "natural light": (1305, 1292, 1325, 1353),
    },
    ("Doll", 1450.0): {
        "fluorescent lamp": (1453, 1464, 1430, 1454),
        "bulb light": (1461, 1465, 1472, 1471),
        "natural light": (1448, 1466, 1481, 1452),
    },
    ("Bottle", 1750.0): {
        "fluorescent lamp": (1740, 1746, 1731, 1756),
        "bulb light": (1741, 1735, 1738, 1763),
        "natural light": (1749, 1756, 1732, 1741),
    },
}
"""(object, true position) -> light -> where it ended from each of STARTS_STEPS."""

TABLE_3 = {"GPU": (3.64, 1.20, 0.94, 2.14), "CPU": (3.89, 2.11, 1.45, 3.56)}
"""Milliseconds of Tenengrad, the estimator, the discriminator, and both, of a 512 x 512 patch."""

TABLE_4: dict[tuple[str, float], tuple[int, int, tuple[int, int, int, int]]] = {
    ("Street1", 1570.0): (63, 13, (1, 1, 2, 1)),
    ("Street2", 1310.0): (44, 13, (1, 2, 3, 3)),
    ("Building1", 1150.0): (37, 13, (1, 2, 2, 3)),
    ("Building2", 1850.0): (71, 13, (2, 1, 1, 1)),
    ("Building3", 1590.0): (65, 13, (1, 1, 2, 3)),
    ("Tiger", 1390.0): (50, 13, (1, 0, 2, 2)),
    ("Eagle", 1280.0): (46, 13, (1, 2, 1, 2)),
    ("Scenery", 1950.0): (62, 13, (1, 2, 1, 1)),
    ("Indoor1", 1890.0): (87, 13, (3, 2, 1, 1)),
    ("Indoor2", 1530.0): (61, 13, (1, 1, 2, 3)),
}
"""(image, true position) -> time steps of the rule-based search, of Fibonacci search, and of theirs from each of STARTS_STEPS."""

TABLE_5: dict[tuple[str, float], tuple[int, int, tuple[int, int, int, int]]] = {
    ("Toy1", 1830.0): (46, 13, (2, 2, 1, 2)),
    ("Box1", 1360.0): (47, 13, (1, 2, 1, 1)),
    ("Box2", 1410.0): (51, 13, (1, 0, 3, 1)),
    ("Cup", 1580.0): (64, 13, (2, 1, 2, 1)),
    ("Bag", 1240.0): (39, 13, (1, 2, 1, 5)),
    ("Plant", 1560.0): (62, 13, (1, 1, 2, 3)),
    ("Book", 1260.0): (40, 13, (1, 2, 1, 2)),
    ("3D Printing", 1300.0): (43, 13, (1, 1, 1, 2)),
}
"""The same for objects."""
