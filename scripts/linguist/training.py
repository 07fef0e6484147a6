"""The training loop: batches by length, mixed precision, gradient clipping, selection on dev, resume after a kill.

Devices and precision come from accelerate, the optimizer and schedules from torch and transformers. On a CPU the same
seed and thread count give the same bytes, interrupted or not.
"""

import ctypes
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from transformers import get_scheduler

from linguist import dropout
from linguist.errors import LinguistError

logger = logging.getLogger("linguist")
PROGRESS = 30  # seconds between two progress lines
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt(3)


@dataclass(frozen=True)
class TrainingOptions:
    """Hyper-parameters of a training. `warmup` is a share of all steps; `schedule` a name that transformers knows;
    `select_by` is the dev figure that picks the epoch kept: "loss" (lowest) or "accuracy" (highest)."""

    learning_rate: float
    batch_size: int
    epochs: int
    schedule: str
    warmup: float
    weight_decay: float
    max_grad_norm: float
    select_by: str
    precision: str
    attention: str
    checkpoint_minutes: float


def choose_precision(wanted, device):
    """Either "bf16" or "fp32": what is wanted, or for "auto" bf16 where the device multiplies it in hardware."""
    if wanted != "auto":
        return wanted
    fast = {
        "cuda": lambda: torch.cuda.is_bf16_supported(including_emulation=False),
        "cpu": torch.cpu._is_avx512_bf16_supported,
    }
    return "bf16" if fast.get(device.type, lambda: False)() else "fp32"


def choose_attention(wanted, device):
    """Attention backend for transformers: what is wanted, or for "auto" the fastest measured: SDPA on a GPU, on a CPU
    plain products with fast dropout."""
    if wanted != "auto":
        return wanted
    return dropout.ATTENTION if device.type == "cpu" else "sdpa"


def make_accelerator(wanted):
    """An Accelerator on the device that accelerate chooses, and the precision there ("bf16" or "fp32") as wanted.

    Without the reset the first Accelerator of a process would set the precision for all.
    """
    AcceleratorState._reset_state()
    precision = choose_precision(wanted, Accelerator().device)
    AcceleratorState._reset_state()
    return Accelerator(mixed_precision={"bf16": "bf16", "fp32": "no"}[precision]), precision


def keep_freed_memory():
    """Let glibc keep freed memory for the next step: handing large gradients back and forth costs 8 % of a step of a
    small BERT in page faults. Elsewhere nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)


def batches_by_length(lengths, batch_size, draw=None):
    """Batches of positions with inputs of nearly equal length, so that little padding is computed.

    Args: `lengths` in tokens; `draw` (a numpy Generator) mixes inputs of equal length and the order of the batches;
    without it the longest batch comes first. Returns a list of integer arrays; only one may be short.
    """
    order = np.argsort(-lengths, kind="stable") if draw is None else np.lexsort((draw.random(len(lengths)), -lengths))
    batches = np.split(order, range(batch_size, len(order), batch_size))
    return batches if draw is None else [batches[i] for i in draw.permutation(len(batches))]


@dataclass
class History:
    """What a training leaves behind: rows of the curve, the best epoch, and its weights."""

    curve: list = field(default_factory=list)
    best_epoch: int = 0
    best_score: float = float("-inf")
    best_state: dict | None = None


@dataclass
class Randomness:
    """The random generators that a training draws from: torch's on the CPU and on its device, and fast dropout's."""

    device: torch.device
    bits: dropout.Bits | None

    def __post_init__(self):
        self.own = None if self.device.type == "cpu" else torch.get_device_module(self.device)

    def state_dict(self):
        return {
            "cpu": torch.get_rng_state(),
            "device": self.own and self.own.get_rng_state(),
            "bits": self.bits and self.bits.generator.state,
        }

    def load_state_dict(self, state):
        torch.set_rng_state(state["cpu"])
        if self.own:
            self.own.set_rng_state(state["device"])
        if self.bits:
            self.bits.generator.state = state["bits"]


def train(
    accelerator,
    model,
    batches_of: Callable[[int], list],
    loss_of: Callable,
    evaluate: Callable[[], dict],
    options: TrainingOptions,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
):
    """Train a model and load the weights of its best epoch by dev into it.

    Args: `batches_of(epoch)` lists the epoch's batches; `loss_of(model, batch)` gives the mean loss of one as a scalar
    tensor; `evaluate()` gives dev figures ("loss" among them) for the model as it is; `checkpoint` is a file that may
    exist from a killed attempt, and stays until `discard`; `fingerprint` tells whether it belongs to this training.
    Returns (History, seconds spent training in this process, steps made in it).
    Raises LinguistError if the loss is no number.
    """
    bits = None
    if accelerator.device.type == "cpu":
        bits = dropout.install(model, seed)
        keep_freed_memory()
    torch.manual_seed(seed)
    steps = len(batches_of(0)) * options.epochs
    # One parameter group, weight decay on all: the papers use none at all.
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay, fused=True
    )
    scheduler = get_scheduler(options.schedule, optimizer, int(options.warmup * steps), steps)
    model, optimizer = accelerator.prepare(model, optimizer)
    plain = accelerator.unwrap_model(model)
    parts = {"model": plain, "optimizer": optimizer, "scheduler": scheduler}
    parts["random"] = Randomness(accelerator.device, bits)
    history, first_epoch, first_step, losses = resume(checkpoint, fingerprint, parts)

    begun = saved = told = time.monotonic()
    spent, made = 0.0, 0
    for epoch in range(first_epoch, options.epochs):
        model.train()
        batches = batches_of(epoch)
        started = time.monotonic()
        for step in range(first_step, len(batches)):
            loss = loss_of(model, batches[step])  # in the wanted precision: prepare() put it into the model's forward
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(plain.parameters(), options.max_grad_norm)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            losses.append(loss.detach())
            made += 1
            now = time.monotonic()
            if now - told > PROGRESS:
                told = now
                rate = made / (now - begun)
                left = (steps - epoch * len(batches) - step - 1) / rate / 60
                logger.info(
                    "epoch %d, step %d/%d: %.2f steps/s, %.0f min left", epoch + 1, step + 1, len(batches), rate, left
                )
            if now - saved > 60 * options.checkpoint_minutes:
                save(checkpoint, fingerprint, parts, history, epoch, step + 1, losses)
                saved = time.monotonic()
        first_step = 0
        loss = float(np.mean([float(loss) for loss in losses]))  # waits for the device, so that the time is true
        spent += time.monotonic() - started
        losses = []
        model.eval()
        dev = evaluate()
        if not np.isfinite([loss, dev["loss"]]).all():
            raise LinguistError(
                f"the loss became {loss} in epoch {epoch + 1} (dev: {dev['loss']}); lower finetuning.learning_rate"
            )
        score = -dev["loss"] if options.select_by == "loss" else dev[options.select_by]
        if score > history.best_score:
            history.best_epoch, history.best_score = epoch + 1, score
            history.best_state = {key: value.detach().cpu().clone() for key, value in plain.state_dict().items()}
        history.curve.append(
            {"epoch": epoch + 1, "steps": (epoch + 1) * len(batches), "train_loss": loss}
            | {f"dev_{k}": v for k, v in dev.items()}
        )
        logger.info(
            "epoch %d/%d: %s", epoch + 1, options.epochs, {k: round(v, 4) for k, v in history.curve[-1].items()}
        )
    plain.load_state_dict(history.best_state)
    return history, spent, made


def discard(checkpoint):
    """Delete a checkpoint and what a kill left of one: for when what the training was for is on disk."""
    for leftover in (checkpoint, checkpoint.with_suffix(".partial")):
        leftover.unlink(missing_ok=True)


def save(checkpoint, fingerprint, parts, history, epoch, step, losses):
    """Write everything that the rest of the training depends on to one file, whole or not at all."""
    state = {name: part.state_dict() for name, part in parts.items()} | {
        "fingerprint": fingerprint,
        "history": vars(history),
        "position": (epoch, step),
        "losses": [float(loss) for loss in losses],
    }
    # A fixed name beside it: what a kill leaves half-written, the next attempt overwrites.
    partial = checkpoint.with_suffix(".partial")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, partial)
    partial.replace(checkpoint)
    logger.info("checkpoint at epoch %d, step %d", epoch + 1, step)


def resume(checkpoint, fingerprint, parts):
    """Restore a killed attempt of the same training; returns (history, epoch, step, losses of the epoch so far)."""
    if not checkpoint.exists():
        return History(), 0, 0, []
    # Our own file, beside the run's outputs: the numpy state in it needs more than weights.
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    except (EOFError, OSError, RuntimeError, UnpicklingError) as error:
        logger.info("the checkpoint cannot be read (%s): starting afresh", error)
        return History(), 0, 0, []
    if state["fingerprint"] != fingerprint:
        logger.info("a checkpoint of another configuration is there: starting afresh")
        return History(), 0, 0, []
    for name, part in parts.items():
        part.load_state_dict(state[name])
    epoch, step = state["position"]
    logger.info("resuming at epoch %d, step %d", epoch + 1, step)
    return History(**state["history"]), epoch, step, state["losses"]
