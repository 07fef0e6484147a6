"""The one exception for everything that a user can correct, failures of the machine, and how a message shows values."""

import json
import re
from contextlib import contextmanager

LONGEST = 80  # characters of a value in a message
LONGEST_CAUSE = 300  # characters of a library's message in one of ours
LONGEST_MESSAGE = 2000

USER = re.compile(r"(?<=://)[^/?#\s]*@")  # name and password before the host
SECRET = "token|key|sig|secret|pass|pwd|auth|cred|session|jwt|ticket"
QUERY = re.compile(rf"([?&;][^=&#\s]{{0,80}}?(?:{SECRET})[^=&#\s]{{0,80}}=)[^&#\s'\"]*", re.I)


def hide_credentials(text):
    """A text without the passwords and access tokens in its addresses: the rest of each address stays."""
    return QUERY.sub(r"\1***", USER.sub("", text))


class LinguistError(Exception):
    """A user's mistake or a failed precondition, in one line: where, what is wrong, what to do.

    Scripts print it without a traceback; any other exception is a bug and keeps its traceback. Whatever a message quotes,
    it is one line that any log can hold; of a very long one the middle is left out, since the cure stands at the end.
    """

    def __init__(self, message):
        text = hide_credentials(str(message))
        if len(text) > LONGEST_MESSAGE:
            half = LONGEST_MESSAGE // 2
            text = f"{text[:half]} ... {text[-half:]}"
        super().__init__(_printable(text))


@contextmanager
def naming(where):
    """Put `where` ("pairs/en") before the message of a LinguistError that is raised in the block."""
    try:
        yield
    except LinguistError as error:
        raise LinguistError(f"{where}: {error}") from None


def show(value):
    """A value on one line of at most LONGEST characters: text as Python quotes it, anything else as YAML writes it."""
    if isinstance(value, str):
        # Cut last: a half of an address would look like none.
        return cut(repr(hide_credentials(value[:LONGEST_MESSAGE])[: LONGEST + 1]))
    text = ""
    try:
        for part in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
            text += part[: LONGEST + 1]
            if len(text) > LONGEST:
                break
    except (TypeError, ValueError, RecursionError):  # a key that JSON lacks, a number of too many digits, a deep value
        text = f"{text} ({type(value).__name__})".strip()
    return cut(_printable(text[: LONGEST + 1]))


def _printable(text):
    """A text without line breaks, control characters and halves of characters, which become escapes."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def cut(text, longest=LONGEST):
    """The beginning of a text, with a mark if it is longer."""
    return text if len(text) <= longest else f"{text[: longest - 4]} ..."


# Failures of the machine, by what exceptions of any library say of them: what it is, and how to mend it. Some name no memory:
# oneDNN, which computes on a CPU, says that it "could not create a primitive".
_MACHINE = {
    ("MemoryError", "out of memory", "not enough memory", "allocate memory", "bad_alloc", "not create a primitive"): (
        "out of memory",
        "lower batch_size or micro_batch, or give the job more (on a cluster, profiles/README.md says how)",
    ),
    ("No space left", "quota exceeded", "File too large", "failed writing file", "iostream error"): (
        "no room to write",
        "free disk space, and run again; finished results stay, and trainings resume",
    ),
    ("Read-only file system", "Permission denied"): ("cannot be written", "allow writing there, and run again"),
}


def machine_failure(error):
    """An exception as one line with a cure if the machine is to blame (memory, disk, permissions); None if it is not."""
    text = f"{type(error).__name__}: {one_line(error)}"
    for signs, (what, cure) in _MACHINE.items():
        if any(sign.casefold() in text.casefold() for sign in signs):
            return f"{what} ({text}); {cure}"
    cause = error.__cause__ or error.__context__
    return machine_failure(cause) if cause else None


def one_line(error):
    """An exception's message on one line of at most LONGEST_CAUSE characters."""
    return cut(" ".join(str(error)[: 10 * LONGEST_CAUSE].split()), LONGEST_CAUSE)


def root_cause(error):
    """The message of an exception's innermost cause, on one line; the outer ones are wordy."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return one_line(getattr(error, "strerror", None) or error) or type(error).__name__
