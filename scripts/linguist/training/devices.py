"""The device that a model runs on, and what is chosen for it: precision, attention backend, threads."""

import ctypes
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from linguist.provenance import versions
from linguist.training import cpu

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt(3)


@dataclass(frozen=True)
class Environment:
    """Where a model runs: its device, precision ("bf16" or "fp32"), attention backend, and threads of a CPU."""

    device: torch.device
    precision: str
    attention: str
    threads: int = 1

    def describe(self):
        """What a result depends on besides its options and data, for metrics.json and a checkpoint's fingerprint."""
        return {
            "precision": self.precision,
            "attention": self.attention,
            "threads": self.threads,
            "versions": versions(),
        }


def prepare_environment(precision, attention, threads):
    """(accelerate's Accelerator, Environment) of this process. `precision` and `attention` may be "auto"."""
    torch.set_num_threads(threads)
    accelerator, precision = make_accelerator(precision)
    torch.set_num_threads(threads)  # accelerate sets its own number where it runs several processes
    device = accelerator.device
    return accelerator, Environment(device, precision, choose_attention(attention, device), threads)


def make_accelerator(wanted):
    """An Accelerator on the device that accelerate chooses, and its precision ("bf16" or "fp32"), as wanted.

    accelerate keeps the precision of a process's first Accelerator. The reset makes it forget that.
    """
    AcceleratorState._reset_state()
    precision = choose_precision(wanted, Accelerator().device)
    AcceleratorState._reset_state()
    return Accelerator(mixed_precision={"bf16": "bf16", "fp32": "no"}[precision]), precision


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


def keep_freed_memory():
    """Let glibc keep freed memory for the next step. Otherwise the page faults of large gradients take 8 % of a step of a
    small BERT. Without glibc nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)
