"""The log file of a script."""

import logging
import sys

from linguist.errors import LinguistError, hide_credentials, one_line

ERROR = "error: "  # begins the last line of a script's log if the script failed


class _Formatter(logging.Formatter):
    """Time and message, without the credentials in addresses."""

    def format(self, record):
        return hide_credentials(super().format(record))


def start_log(path):
    """Send the `linguist` logger, standard output, standard error and uncaught exceptions to the file at `path`.

    The last line of the log of a failed script is `error: ` with the message; an exception that is not a LinguistError has its
    traceback above that line.
    """
    stream = open(path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - open until the script ends
    sys.stdout = sys.stderr = stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("linguist").setLevel(logging.INFO)
    plain = sys.excepthook

    def hook(kind, error, traceback):
        message = str(error)
        if not issubclass(kind, LinguistError):
            plain(kind, error, traceback)
            message = f"{kind.__name__}: {one_line(error)}"
        stream.write(f"{ERROR}{hide_credentials(message)}\n")

    sys.excepthook = hook
