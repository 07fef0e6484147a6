"""The one training loop: mixed precision, accumulation and clipping of gradients, several processes, selection on dev,
resume after a kill.

Devices, precision and processes come from accelerate, the optimizer and schedules from torch and transformers. On a CPU the
same seed and thread count give the same bytes, interrupted or not.
"""

import ctypes
import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list, gather_object
from transformers import get_scheduler

from linguist.errors import LinguistError
from linguist.training import fast_dropout as dropout

logger = logging.getLogger("linguist")
PROGRESS = 30  # seconds between two progress lines
WATCHED = 500  # points of a training's curve of the train loss, or one each 100 steps
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
    micro_batch: int | None = None
    evaluations: int = 1


def decisive(options):
    """The options that a training's result depends on, as a dict."""
    return {name: value for name, value in vars(options).items() if name != "checkpoint_minutes"}


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


def describe_device(device):
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


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
    """What a training leaves behind: rows of the curve (one an evaluation), which of them was best, and its weights."""

    curve: list = field(default_factory=list)
    best: int = 0
    best_score: float = float("-inf")
    best_state: dict | None = None


@dataclass
class Pace:
    """What this process did: optimizer steps, tokens of all processes, and seconds without evaluations."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0

    @property
    def tokens_per_second(self):
        return round(self.tokens / self.seconds) if self.steps else None


@dataclass
class Randomness:
    """The random generators that a training draws from: torch's on the CPU and on its device, and fast dropout's."""

    device: torch.device
    bits: dropout.Bits | None

    def __post_init__(self):
        self.own = None if self.device.type == "cpu" else torch.get_device_module(self.device)

    def state_dict(self):
        """The generators' states, of every process."""
        state = {
            "cpu": torch.get_rng_state(),
            "device": self.own and self.own.get_rng_state(),
            "bits": self.bits and self.bits.generator.state,
        }
        return gather_object([state])

    def load_state_dict(self, states):
        state = states[PartialState().process_index]
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
    fingerprint: dict,
    *,
    tokens_of: Callable = len,
    watch: Callable[[int, dict], None] = lambda step, figures: None,
    strict: bool = False,
):
    """Train a model and load the weights that are selected on dev into it.

    Args: `batches_of(epoch)` lists the epoch's batches, arrays of rows, as many in each epoch; `loss_of(model, rows)`
    gives the mean loss of some rows as a scalar tensor; `evaluate()` gives dev figures ("loss" among them) for the model
    as it is, the same in all processes; `checkpoint` is a file that may exist from a killed attempt, and stays until
    `discard`; `fingerprint` says what it must have been made with; a stranger is refused if `strict`, else ignored.
    `tokens_of(rows)` counts tokens for the pace; `watch(step, figures)` is told the curve as it grows.
    With several processes each takes its share of every batch, and the gradient is that of the whole batch: rows count
    alike, and each process must have as many.
    Returns (History, Pace). Raises LinguistError if the loss is no number.
    """
    bits, rank, processes = None, accelerator.process_index, accelerator.num_processes
    if accelerator.device.type == "cpu":
        bits = dropout.install(model, [seed, rank])
        keep_freed_memory()
    torch.manual_seed(seed + rank)
    length = len(batches_of(0))
    steps = length * options.epochs
    optimizer = torch.optim.AdamW(parameter_groups(model, options.weight_decay), lr=options.learning_rate, fused=True)
    warmup = int(options.warmup * steps if options.warmup < 1 else options.warmup)
    if warmup >= max(1, steps):
        raise LinguistError(
            f"a warm-up of {warmup} steps, but only {steps} steps in all; lower warmup or batch_size, or add epochs or data"
        )
    scheduler = get_scheduler(options.schedule, optimizer, warmup, steps)
    model, optimizer = accelerator.prepare(model, optimizer)
    plain = accelerator.unwrap_model(model)
    parts = {"model": plain, "optimizer": optimizer, "scheduler": scheduler}
    parts["random"] = Randomness(accelerator.device, bits)
    history, first_epoch, first_step, losses = resume(checkpoint, fingerprint, parts, strict)
    evaluated = {round(length * (i + 1) / options.evaluations) for i in range(options.evaluations)}
    watched = max(1, min(steps // WATCHED, 100))

    begun = saved = told = time.monotonic()
    pace, started = Pace(), begun
    for epoch in range(first_epoch, options.epochs):
        model.train()
        for step, batch in enumerate(batches_of(epoch)[first_step:], first_step):
            loss, norm = take_step(accelerator, model, loss_of, batch[rank::processes], len(batch), optimizer, options)
            scheduler.step()
            losses.append(loss)
            pace.steps += 1
            pace.tokens += tokens_of(batch)
            at, now = epoch * length + step + 1, time.monotonic()
            if at % watched == 0:
                watch(
                    at, {"loss": float(loss), "learning_rate": scheduler.get_last_lr()[0], "gradient_norm": float(norm)}
                )
            if now - told > PROGRESS:
                told = now
                rate = pace.steps / (now - begun)
                logger.info(
                    "epoch %d, step %d/%d: %.2f steps/s, %.0f tokens/s, %.0f min left",
                    epoch + 1,
                    step + 1,
                    length,
                    rate,
                    pace.tokens / (now - begun),
                    (steps - at) / rate / 60,
                )
            if step + 1 in evaluated:
                loss = float(np.mean([float(loss) for loss in losses]))  # waits for the device: the time is true
                pace.seconds += time.monotonic() - started
                losses = []
                model.eval()
                row = {"epoch": epoch + 1, "steps": at, "train_loss": loss}
                row |= {f"dev_{name}": figure for name, figure in evaluate().items()}
                if not np.isfinite([loss, row["dev_loss"]]).all():
                    discard(checkpoint)  # it leads here again, and the cure is another training
                    raise LinguistError(
                        f"the loss became {loss} in epoch {epoch + 1} (dev: {row['dev_loss']}); lower learning_rate"
                    )
                keep(history, row, options.select_by, plain)
                watch(at, row)
                logger.info(
                    "epoch %d/%d: %s", epoch + 1, options.epochs, {name: round(v, 4) for name, v in row.items()}
                )
                model.train()
                started = time.monotonic()
            if at % watched == 0 and agreed(now - saved > 60 * options.checkpoint_minutes):
                save(checkpoint, fingerprint, parts, history, epoch, step + 1, losses)
                saved = time.monotonic()
        first_step = 0
    if history.best_state is not None:
        plain.load_state_dict(history.best_state)
    return history, pace


def discard(checkpoint):
    """Delete a checkpoint and what a kill left of one: for when what the training was for is on disk."""
    for leftover in (checkpoint, checkpoint.with_suffix(".partial")):
        leftover.unlink(missing_ok=True)


def parameter_groups(model, weight_decay):
    """Weight decay for matrices and embeddings alone, as is usual: not for biases and the scales of a LayerNorm."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def take_step(accelerator, model, loss_of, rows, whole, optimizer, options):
    """One step of the optimizer on this process's `rows` of a batch of `whole`; returns (mean loss over the whole batch,
    norm of its gradient before clipping)."""
    size = options.micro_batch or len(rows)
    parts = np.split(rows, range(size, len(rows), size))
    total = 0.0
    for part in parts:
        with nullcontext() if part is parts[-1] else accelerator.no_sync(model):
            # In the wanted precision: prepare() put it into the model's forward. Processes are averaged over.
            loss = loss_of(model, part) * (len(part) * accelerator.num_processes / whole)
            accelerator.backward(loss)
        total = total + loss.detach()
    norm = accelerator.clip_grad_norm_(model.parameters(), options.max_grad_norm)
    optimizer.step()
    optimizer.zero_grad()
    return accelerator.reduce(total, "mean"), norm


def keep(history, row, select_by, model):
    """Add a row to the curve, and keep the weights if they are the best so far; "last" needs no copy of them."""
    history.curve.append(row)
    if select_by == "last":
        history.best = len(history.curve) - 1
        return
    score = -row["dev_loss"] if select_by == "loss" else row[f"dev_{select_by}"]
    if score > history.best_score:
        history.best, history.best_score = len(history.curve) - 1, score
        history.best_state = {key: value.detach().cpu().clone() for key, value in model.state_dict().items()}


def agreed(due):
    """What the main process found, in all of them: clocks differ."""
    return broadcast_object_list([due])[0]


def save(checkpoint, fingerprint, parts, history, epoch, step, losses):
    """Write everything that the rest of the training depends on to one file, whole or not at all; all processes call."""
    state = {name: part.state_dict() for name, part in parts.items()} | {
        "fingerprint": fingerprint,
        "history": vars(history),
        "position": (epoch, step),
        "losses": [float(loss) for loss in losses],
    }
    if not PartialState().is_main_process:
        return
    # A fixed name beside it: what a kill leaves half-written, the next attempt overwrites.
    partial = checkpoint.with_suffix(".partial")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, partial)
    partial.replace(checkpoint)
    logger.info("checkpoint at epoch %d, step %d", epoch + 1, step)


def resume(checkpoint, fingerprint, parts, strict=False):
    """Restore a killed attempt of the same training; returns (history, epoch, step, losses since the last evaluation).

    Raises LinguistError for a checkpoint of another training if `strict`, else starts afresh, as it does where the file
    cannot be read.
    """
    fresh = History(), 0, 0, []
    if not checkpoint.exists():
        return fresh
    # Our own file, beside the run's outputs: the numpy state in it needs more than weights.
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=False)
        other = differing(state["fingerprint"], fingerprint)
    except (EOFError, OSError, RuntimeError, UnpicklingError, KeyError, AttributeError) as error:
        logger.info("the checkpoint cannot be read (%s): starting afresh", error)
        return fresh
    if other and strict:
        raise LinguistError(
            f"{checkpoint}: a checkpoint of another training (it differs in {other}); put that back to go on with it, or "
            "delete the file to start afresh"
        )
    if other:
        logger.info("a checkpoint of another training is there (it differs in %s): starting afresh", other)
        return fresh
    for name, part in parts.items():
        part.load_state_dict(state[name])
    epoch, step = state["position"]
    logger.info("resuming at epoch %d, step %d", epoch + 1, step)
    return History(**state["history"]), epoch, step, state["losses"]


def differing(one, other):
    """The keys in which two fingerprints differ, as one text."""
    keys = [key for key in one | other if one.get(key) != other.get(key)]
    inner = [key for key in keys if isinstance(one.get(key), dict) and isinstance(other.get(key), dict)]
    names = [
        f"{key}.{name}" for key in inner for name in one[key] | other[key] if one[key].get(name) != other[key].get(name)
    ]
    return ", ".join([*(key for key in keys if key not in inner), *names])
