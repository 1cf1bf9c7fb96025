"""Where tests find the bundled samples and, where it is there, the larger collection of real data."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The recordings and stacks that the repository carries."""
    return REPOSITORY / "samples"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data that the repository may not carry; tests that need it are skipped where it is absent."""
    path = Path(os.environ.get("AUXFOCUS_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"real data beside the repository is not here: {path} (set AUXFOCUS_SHARED_DATA)")
    return path
