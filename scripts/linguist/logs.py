"""The log file of a script."""

import atexit
import logging
import os
import re
import sys

from linguist.errors import LinguistError, hide_credentials, machine_failure, one_line
from linguist.layout import with_source

ERROR = "error: "  # begins the last line of a script's log if the script failed
# The last line of another script's log: its CPU time, and what of it passed before the log began, mostly for imports.
CPU_TIME = re.compile(r"done: (\d+\.\d+) s of CPU, (\d+\.\d+) s of them before the first line")


class _Formatter(logging.Formatter):
    """Time and message, without the credentials in addresses."""

    def format(self, record):
        return hide_credentials(super().format(record))


def start_log(path):
    """Send the `linguist` logger, standard output, standard error and uncaught exceptions to the file at `path`.

    The last line of the log of a failed script is `error: ` with the message. An exception that is neither a LinguistError nor a
    failure of the machine has its traceback above that line. The log of another script ends with its CPU time, as CPU_TIME has it.
    """
    try:
        open(path, "w").close()
        # Appending, so that a process of an earlier attempt that still writes here overwrites nothing.
        stream = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115 - open until the script ends
    except OSError as error:
        sys.exit(f"error: {path}: {machine_failure(error) or error}")
    sys.stdout = sys.stderr = stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("linguist").setLevel(logging.INFO)
    plain, started, failed = sys.excepthook, cpu_seconds(), []

    def finish():
        if not failed:
            logging.getLogger("linguist").info(
                "done: %.2f s of CPU, %.2f s of them before the first line", cpu_seconds(), started
            )

    atexit.register(finish)

    def hook(kind, error, traceback):
        failed.append(kind)
        message = with_source(str(error)) if issubclass(kind, LinguistError) else machine_failure(error)
        if message is None:
            plain(kind, error, traceback)
            message = f"{kind.__name__}: {one_line(error)}"
        line = f"{ERROR}{hide_credentials(message)}\n"
        try:
            stream.write(line)
        except OSError:  # the log is on the full disk
            sys.__stderr__.write(line)

    sys.excepthook = hook


def cpu_seconds():
    """The CPU time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])
