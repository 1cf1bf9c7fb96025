"""One picture out of several that were focused at different distances."""
