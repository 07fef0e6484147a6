"""The one exception for everything that a user can correct."""

import re
from contextlib import contextmanager
from textwrap import shorten

USER = re.compile(r"(?<=://)[^/?#\s]*@")  # name and password before the host
SECRET = "token|key|sig|secret|pass|pwd|auth|cred|session|jwt|ticket"
QUERY = re.compile(rf"([?&;][^=&#\s]{{0,80}}?(?:{SECRET})[^=&#\s]{{0,80}}=)[^&#\s'\"]*", re.I)


def hide_credentials(text):
    """A text without the passwords and access tokens in its addresses: the rest of each address stays."""
    return QUERY.sub(r"\1***", USER.sub("", text))


class LinguistError(Exception):
    """A user's mistake or a failed precondition, in one line: where, what is wrong, what to do.

    Scripts print it without a traceback; any other exception is a bug and keeps its traceback.
    """

    def __init__(self, message):
        super().__init__(hide_credentials(message))


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
