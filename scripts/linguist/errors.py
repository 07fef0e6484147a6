"""The one exception for everything a user can mend."""

from contextlib import contextmanager
from textwrap import shorten


class LinguistError(Exception):
    """A user's mistake or a failed precondition: one line that says where, what, and how to mend it.

    Scripts print it without a traceback; any other exception is a bug and keeps its traceback.
    """


@contextmanager
def naming(pairset):
    """Errors of the block say which pair set they are about."""
    try:
        yield
    except LinguistError as error:
        raise LinguistError(f"pairs/{pairset}: {error}") from None


def one_line(error):
    """An exception's message on one line of at most 300 characters."""
    return shorten(str(error), 300, placeholder=" …")
