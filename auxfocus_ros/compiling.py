"""How loops are compiled. Import this module, and every module of loops, inside functions only: it brings numba with it.

What is compiled is kept on disk, in the package's folder or in the user's cache, so that it is compiled once. Where neither can
be written, as in some containers, each process compiles anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(*signatures: Any, **options: Any) -> Callable[[_Function], _Function]:
    """A decorator: `numba.njit` without Python's lock, with numpy's rules for division, and kept on disk.

    Args:
        signatures: types to compile for at once; none: for what comes.
        options: of `numba.njit`, beside these.
    """

    def decorate(function: _Function) -> _Function:
        njit: Any = partial(numba.njit, list(signatures) or None, nogil=True, error_model="numpy", **options)
        try:
            result: _Function = njit(cache=True)(function)
        except RuntimeError:  # there is no place to keep it
            result = njit()(function)
        return result

    return decorate
