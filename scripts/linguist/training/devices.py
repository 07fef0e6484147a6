"""The device that a model runs on, and what is chosen for it: precision, attention backend, threads."""

import logging
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from linguist.provenance import versions
from linguist.training import cpu

logger = logging.getLogger("linguist")
ALLOTTED = ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS", "SLURM_STEP_GPUS")  # variables that name GPUs
HIDDEN = ("", "-1", "NoDevFiles")  # values of CUDA_VISIBLE_DEVICES that hide all GPUs
DRIVER = Path("/proc/driver/nvidia/version")


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
