"""The one family of exceptions, beneath every room: a command or a node catches `AuxfocusError` and says one line.

Every message is one line: what was wrong, where, and what would be right.
"""


def one_line(text: str) -> str:
    """A text with what is not to be printed (ends of lines, control characters, halves of characters) as escapes."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


class AuxfocusError(Exception):
    """Base of everything this package raises on purpose. `str(error)` is one line for a person, whatever it quotes."""

    def __str__(self) -> str:
        """One line."""
        return one_line(super().__str__())


class InputError(AuxfocusError, ValueError):
    """Data that cannot be used: a picture, a cloud, a recording, a file, a number out of its range."""


class ConfigurationError(AuxfocusError, ValueError):
    """A parameter, a lens file, a rig file or a command line that cannot be right."""


class MissingLibraryError(AuxfocusError):
    """A system library or package that one feature needs is not there; the message names the package."""


class LensGoalError(AuxfocusError, ValueError):
    """A lens goal that cannot be. `code` is a name of `lens.LensErrorCode`, the message names the limit."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
