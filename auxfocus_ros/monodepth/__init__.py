"""Depth from one camera, not misled by what moves: networks, the dynamic-object gate, metric scale, training and inference.

Source of the method: US 12,387,354 B2, "Image depth recognition method and electronic device"; docs/mono-depth.md says what of
its formulas was mended. PyTorch is imported when the first network is loaded, and not before.
"""
