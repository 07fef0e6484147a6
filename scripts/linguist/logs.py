"""The log file of a script."""

import logging
import sys

from linguist.errors import LinguistError, hide_credentials


class _Formatter(logging.Formatter):
    """Time and message, without the credentials in addresses."""

    def format(self, record):
        return hide_credentials(super().format(record))


def start_log(path):
    """Send the `linguist` logger, standard output, standard error and uncaught exceptions to the file at `path`.

    A LinguistError is logged as one line, any other exception with its traceback. The script fails in both cases.
    """
    stream = open(path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - open until the script ends
    sys.stdout = sys.stderr = stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("linguist").setLevel(logging.INFO)
    plain = sys.excepthook

    def hook(kind, error, traceback):
        if issubclass(kind, LinguistError):
            stream.write(f"error: {error}\n")
        else:
            plain(kind, error, traceback)

    sys.excepthook = hook
