"""How good depth, segmentation and the gate's decisions are, against the truth. Nothing here looks at a network: arrays in,
figures out.
"""
