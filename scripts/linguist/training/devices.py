"""The device that a model runs on, and what is chosen for it: precision, attention backend, threads. Jobs on one machine share
its GPUs by lock files."""

import fcntl
import gc
import logging
import os
import socket
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from linguist.provenance import versions
from linguist.training import cpu, mps

logger = logging.getLogger("linguist")
ALLOTTED = ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS", "SLURM_STEP_GPUS")  # variables that name GPUs
HIDDEN = ("", "-1", "NoDevFiles")  # values of CUDA_VISIBLE_DEVICES that hide all GPUs
DRIVER = Path("/proc/driver/nvidia/version")
WAIT_SECONDS = 2  # between two looks for a free GPU


@dataclass(frozen=True)
class Environment:
    """Where a model runs: its device, precision ("bf16" or "fp32"), attention backend, and threads of a CPU (None: as many
    as torch takes)."""

    device: torch.device
    precision: str
    attention: str
    threads: int | None = None

    def describe(self):
        """What a result depends on besides its options and data, for metrics.json and a checkpoint's fingerprint."""
        return {
            "precision": self.precision,
            "attention": self.attention,
            "threads": self.threads,
            "versions": versions(),
        }


def prepare_environment(precision="auto", attention="auto", threads=None):
    """(accelerate's Accelerator, Environment) of this process, on the device that accelerate chooses.

    `precision` is "bf16", "fp32" or "auto"; `attention` is a backend's name or "auto"; `threads` as in Environment.
    """
    AcceleratorState._reset_state()  # accelerate keeps the precision of a process's first Accelerator
    device = Accelerator().device
    if device.type == "cpu" and (sign := sign_of_gpu()):
        warn_of_unused_gpu(sign)
    precision = choose_precision(precision, device)
    AcceleratorState._reset_state()
    accelerator = Accelerator(mixed_precision={"bf16": "bf16", "fp32": "no"}[precision])
    if threads is not None:
        torch.set_num_threads(threads)  # here, since accelerate sets its own number where it runs several processes
    return accelerator, Environment(device, precision, choose_attention(attention, device), threads)


def sign_of_gpu():
    """What shows that this process has a GPU: a variable with its value, or the file of a driver; None without a sign, or if
    CUDA_VISIBLE_DEVICES hides all GPUs."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in HIDDEN:
        return None
    named = [f"{name}={os.environ[name]}" for name in ALLOTTED if os.environ.get(name)]
    return next(iter(named), str(DRIVER) if DRIVER.exists() else None)


@cache  # once in a process, which may prepare several environments
def warn_of_unused_gpu(sign):
    """One line in the log: else only the time that a training takes would show that it runs on the CPU."""
    logger.warning(
        "warning: there is a GPU (%s), but torch %s cannot use it: this runs on the CPU. Install a torch with CUDA that the "
        "GPU's driver supports (conda: see envs/README.md), or set CUDA_VISIBLE_DEVICES to nothing to run on the CPU without "
        "this line",
        sign,
        torch.__version__,
    )


def choose_precision(wanted, device):
    """Either "bf16" or "fp32": what is wanted, or for "auto" bf16 where the device supports it in hardware."""
    if wanted != "auto":
        return wanted
    supports_bf16 = {
        "cuda": lambda: torch.cuda.is_bf16_supported(including_emulation=False),
        "cpu": torch.cpu._is_avx512_bf16_supported,
    }
    return "bf16" if supports_bf16.get(device.type, lambda: False)() else "fp32"


def choose_attention(wanted, device):
    """The attention backend of transformers: what is wanted, or for "auto" the fastest that we measured. That is SDPA on a
    GPU, and plain products with fast dropout on a CPU."""
    if wanted != "auto":
        return wanted
    return cpu.ATTENTION if device.type == "cpu" else "sdpa"


def describe_device(device):
    """A GPU's name, or the type of another device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def forget_models():
    """Free the memory of models that are no longer used, before the next of several runs of this process."""
    gc.collect()
    torch.compiler.reset()  # each code may be compiled for a few models only
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def own_gpus(count, runs_per_gpu=1, whole=False):
    """Keep GPUs of this machine for this process while the block runs; waits until they are free.

    A GPU has a place for each of `runs_per_gpu` jobs. The job gets a place on `count` of them, on the least used ones; with
    `whole`, all of their places. CUDA_VISIBLE_DEVICES then names them, for this process, which must not have used a GPU before,
    and for those that it starts. Nothing is kept on a machine with fewer GPUs or none, and where CUDA_VISIBLE_DEVICES names
    no more than `count`, as a scheduler has it. Jobs that share a GPU use MPS, where it works.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = visible_gpus(given)
    if count < 1 or len(gpus) < count or (given is not None and len(gpus) == count):
        yield
        return
    logged = False
    while (held := take_places(lock_folder(), gpus, count, runs_per_gpu, whole)) is None:
        if not logged:
            logger.info("waiting for %d of %d GPUs, which other jobs use (locks: %s)", count, len(gpus), lock_folder())
            logged = True
        time.sleep(WAIT_SECONDS)
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(held)
    logger.info("on GPU %s", os.environ["CUDA_VISIBLE_DEVICES"])
    try:
        with mps.sharing(lock_folder() / "mps") if runs_per_gpu > 1 and not whole else nullcontext():
            yield
    finally:
        for lock in (lock for locks in held.values() for lock in locks):
            lock.close()
        if given is None:
            del os.environ["CUDA_VISIBLE_DEVICES"]
        else:
            os.environ["CUDA_VISIBLE_DEVICES"] = given


def visible_gpus(named):
    """The names of the GPUs that this process sees: those in `named` (the value of CUDA_VISIBLE_DEVICES, or None), else their
    numbers."""
    count = torch.cuda.device_count()  # asks the driver's library, and does not begin to use a GPU
    return named.split(",")[:count] if named else [str(number) for number in range(count)]


def lock_folder():
    """Where the lock files of this machine's GPUs are: in its temporary folder, so that all runs of a user share them. Several
    machines may have the same one. In a job of Slurm the GPUs may have numbers of their own."""
    name = f"dna-linguist-gpus-{socket.gethostname()}-{os.getuid()}"
    return Path(tempfile.gettempdir(), name, os.environ.get("SLURM_JOB_ID", ""))


def take_places(folder, gpus, count, places, whole):
    """{GPU: locked files} of `count` GPUs with a free place each, or with `whole` all of their `places`; None if too few are free.

    The locks are the kernel's (flock): they end with the process, however it ends. The files stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    needed = places if whole else 1
    with open(folder / "looking.lock", "a") as looking:
        fcntl.flock(looking, fcntl.LOCK_EX)  # one looks at a time, since it locks all that is free
        free = {gpu: [lock for place in range(places) if (lock := lock_place(folder, gpu, place))] for gpu in gpus}
        chosen = sorted((gpu for gpu in gpus if len(free[gpu]) >= needed), key=lambda gpu: -len(free[gpu]))[:count]
        kept = {gpu: free[gpu][:needed] for gpu in chosen} if len(chosen) == count else {}
        for lock in (lock for gpu in gpus for lock in free[gpu] if lock not in kept.get(gpu, [])):
            lock.close()
    return kept or None


def lock_place(folder, gpu, place):
    """The open file that is locked for a place on a GPU, or None if another process has it."""
    lock = open(folder / f"{gpu.replace('/', '-')}.{place}.lock", "a")  # noqa: SIM115 - open as long as the lock is held
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
