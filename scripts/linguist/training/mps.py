"""NVIDIA's Multi-Process Service (MPS), where it is installed: what several processes give to a GPU runs at the same time.
Without it they take turns, and the small kernels of one process leave most of a large GPU idle.
"""

import fcntl
import logging
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

logger = logging.getLogger("linguist")
CONTROL = "nvidia-cuda-mps-control"
PIPES = "CUDA_MPS_PIPE_DIRECTORY"
USUAL = Path("/tmp/nvidia-mps")  # where a program looks for MPS if PIPES is not set
SECONDS = 60  # for an answer of MPS
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
# Begins to use the first GPU, and fails if MPS does not answer.
TRIAL = """
import ctypes
driver, device, context = ctypes.CDLL("libcuda.so.1"), ctypes.c_int(), ctypes.c_void_p()
assert driver.cuInit(0) == 0 and driver.cuDeviceGet(ctypes.byref(device), 0) == 0
assert driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device) == 0
"""
# Ends MPS when no process holds the lock any more, however the last one ended.
GUARD = """
import fcntl, subprocess, sys
control, lock = sys.argv[1:]
with open(lock, "a") as users:
    fcntl.flock(users, fcntl.LOCK_EX)
    subprocess.run([control], input=b"quit\\n")
"""


@contextmanager
def sharing(folder):
    """Let this process use GPUs through MPS while the block runs, as all that give the same `folder`. The first one starts MPS,
    and it ends after the last one has ended.

    This process must not have used a GPU before. Nothing changes where MPS is not installed or does not work, or where it runs
    already, or PIPES is set.
    """
    if shutil.which(CONTROL) is None or PIPES in os.environ or (USUAL / "control").exists() or not start(folder):
        yield
        return
    os.environ[PIPES] = str(folder)
    try:
        yield
    finally:
        del os.environ[PIPES]


def start(folder):
    """Start MPS, unless it runs for this folder. Returns whether it works."""
    folder.mkdir(parents=True, exist_ok=True)
    variables = os.environ | {PIPES: str(folder), "CUDA_MPS_LOG_DIRECTORY": str(folder)}
    # Of MPS itself: it counts the GPUs as this machine does.
    of_control = {name: value for name, value in variables.items() if name != "CUDA_VISIBLE_DEVICES"}
    users = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT)  # stays open until this process ends
    with open(folder / "start.lock", "a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while a guard ends MPS
        running = answers(of_control)
        if not running and succeeds([CONTROL, "-d"], of_control):
            guard = [sys.executable, "-c", GUARD, CONTROL, str(folder / "users.lock")]
            subprocess.Popen(guard, env=of_control, start_new_session=True, **QUIET)
            running = any(answers(of_control) or time.sleep(0.1) for _ in range(50))
    if running and succeeds([sys.executable, "-c", TRIAL], variables):
        logger.info("sharing the GPU through MPS")
        return True
    logger.warning("warning: MPS is installed (%s), but does not work here: runs on one GPU take turns", CONTROL)
    os.close(users)
    return False


def answers(environment):
    """Whether MPS runs."""
    return succeeds([CONTROL], environment, input=b"get_server_list\n")


def succeeds(command, environment, input=None):
    """Whether a program ends in time and without an error."""
    given = QUIET if input is None else {"input": input} | {name: QUIET[name] for name in ("stdout", "stderr")}
    with suppress(OSError, subprocess.TimeoutExpired):
        return (
            subprocess.run(command, env=environment, timeout=SECONDS, start_new_session=True, **given).returncode == 0
        )
    return False
