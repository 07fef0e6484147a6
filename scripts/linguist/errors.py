"""The one exception for everything that a user can correct."""

from contextlib import contextmanager
from textwrap import shorten


class LinguistError(Exception):
    """A user's mistake or a failed precondition, in one line: where, what is wrong, what to do.

    Scripts print it without a traceback; any other exception is a bug and keeps its traceback.
    """


@contextmanager
def naming(where):
    """Put `where` ("pairs/en") before the message of a LinguistError that is raised in the block."""
    try:
        yield
    except LinguistError as error:
        raise LinguistError(f"{where}: {error}") from None


def one_line(error):
    """An exception's message on one line of at most 300 characters."""
    return shorten(str(error), 300, placeholder=" …")


def root_cause(error):
    """The message of an exception's innermost cause, on one line; the outer ones are wordy."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
