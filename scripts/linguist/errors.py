"""The one exception for everything a user can mend."""


class LinguistError(Exception):
    """A user's mistake or a failed precondition: one line that says where, what, and how to mend it.

    Scripts print it without a traceback; any other exception is a bug and keeps its traceback.
    """
