"""Focus assistance and autofocus for cameras on gimbals."""

__version__ = "0.1.0"
