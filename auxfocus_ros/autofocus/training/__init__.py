"""Pictures to learn blur from: sharp photographs and drawn textures, put out of focus as real cameras do it."""
