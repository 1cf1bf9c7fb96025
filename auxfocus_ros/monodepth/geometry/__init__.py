"""How a camera moved, from what it saw alone: dense motion, the epipolar constraint, and the rotation and translation in it.

OpenCV and numpy, no networks. `flow.py` finds where every pixel went; `correspondences.py` takes pairs of points that can be
trusted; `essential.py` finds rotation and translation in them and says when they cannot tell; `refinement.py` makes a pose exact
with thousands of flow vectors; `epipolar_pose.py` is all of it as a `PoseEstimator`.
Source: US 12,387,354 B2, block 105, with the constraint as it is meant: x2^T [t]x R x1 = 0 on normalised coordinates.
"""
