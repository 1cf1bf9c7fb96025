"""Training the depth network without labels: which pairs can be learned from, what of them is cut, the fit, its card."""
