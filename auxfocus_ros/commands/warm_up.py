"""Compiling every loop of the package once, which the first picture would else wait for."""

from __future__ import annotations


def warm_up() -> None:
    """Compile (a minute), or load what an earlier process kept (seconds)."""
    from auxfocus_ros import view
    from auxfocus_ros.allinfocus.networks import load_blur_map_estimator

    view.warm_up()
    load_blur_map_estimator()
