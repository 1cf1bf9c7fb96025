"""What every room that learns has in common: the loop that fits a network, its progress, weights in files. PyTorch is imported
with `fitting` and `weights`, and not before.
"""
