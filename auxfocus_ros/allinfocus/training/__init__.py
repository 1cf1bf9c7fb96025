"""Scenes with depth to learn from, put out of focus as real cameras do it."""
