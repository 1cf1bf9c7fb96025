"""Worlds drawn by lot and filmed: streets, rooms and yards in which cars, people and animals move in some and stand in others.

They are what depth, motion and classes are learned from, and judged by: every frame comes with its depth, the class and the thing
at every pixel, the camera's pose, and how far what is seen moves beyond the camera's own motion. A world follows from its kind
and its seed. Unlike a scene (`scene_file.py`) it has no gimbal, no lens and no sensor noise, and costs a fraction of a second.
"""

from auxfocus_ros.rig.simulation.filmed_worlds.filming import FilmedSequence, FilmOptions, film_world

__all__ = ["FilmOptions", "FilmedSequence", "film_world"]
