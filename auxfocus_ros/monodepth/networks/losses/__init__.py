"""What a depth network loses when one picture, sampled from another by its depth, does not look like itself."""
