"""Differentiable geometry of two views: rigid motions, where a pixel falls in the other picture, and what is seen there."""
