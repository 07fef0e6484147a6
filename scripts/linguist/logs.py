"""The log file of a script."""

import logging
import sys

from linguist.errors import LinguistError


def start_log(path):
    """Send the `linguist` logger, standard output, standard error and uncaught exceptions to the file at `path`.

    A LinguistError is logged as one line, any other exception with its traceback. The script fails in both cases.
    """
    stream = open(path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - open until the script ends
    sys.stdout = sys.stderr = stream
    logging.basicConfig(
        stream=stream, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.WARNING, force=True
    )
    logging.getLogger("linguist").setLevel(logging.INFO)
    plain = sys.excepthook

    def hook(kind, error, traceback):
        if issubclass(kind, LinguistError):
            stream.write(f"error: {error}\n")
        else:
            plain(kind, error, traceback)

    sys.excepthook = hook
