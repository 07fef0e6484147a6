"""The training loop of everything that is trained here: mixed precision, gradient accumulation and clipping, several
processes, model selection on the dev split, resuming.

Devices, precision and processes come from accelerate, the optimizer and schedules from torch and transformers. On a CPU the
same seed and number of threads give the same bytes, interrupted or not.
"""

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch
from accelerate.utils import broadcast_object_list
from transformers import get_scheduler

from linguist.errors import LinguistError
from linguist.training.checkpoints import RandomState
from linguist.training.cpu import install_fast_dropout, keep_freed_memory
from linguist.training.memory import Portion, recompute_activations
from linguist.training.recording import COMPILED_STEPS, DEVICES, RecordedSteps, compile_model

logger = logging.getLogger("linguist")
PROGRESS_SECONDS = 30  # between two lines of progress in the log
RECORDED_STEPS = 500  # steps of a training whose train loss is recorded; in a long one, every 100th step


@dataclass(frozen=True)
class TrainingOptions:
    """Hyper-parameters of a training. `warmup` is a share of all steps if below 1, else a number of steps; `schedule` is a
    name that transformers knows; `select_by` names the dev metric that selects the weights: "loss" (lowest), "accuracy"
    (highest), or "last" (the last evaluation); `prune_vocabulary` is as for `pruning.prune_embeddings`."""

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
    gradient_checkpointing: bool = False
    prune_vocabulary: bool = False

    def result_options(self):
        """The options that the result depends on, as a dict."""
        without = ("checkpoint_minutes", "gradient_checkpointing")
        return {name: value for name, value in vars(self).items() if name not in without}


@dataclass(frozen=True)
class Callbacks:
    """What a training calls.

    `batches_of(epoch)` lists the epoch's batches, arrays of rows; all epochs have as many.
    `loss_of(model, rows)` gives the mean loss of some rows, a scalar tensor. `targets_of(rows)` counts what it is a mean over,
    to weigh the parts of a batch.
    `evaluate()` gives metrics of the dev split for the model's current weights, "loss" among them, the same in all processes.
    `tokens_of(rows)` counts tokens, to measure the speed.
    `full_rate` are the tokens/s at which the arithmetic of all processes' devices would be used in full, where that is known.
    `record(step, metrics)` gets the points of the curve as they are made. Without it no step waits for the device.
    `expect(batches)` is told which batches come next, so that their inputs can be made ahead.
    `stage(rows)` gives rows as batches.Staged, which `loss_of` takes as well, if a step is the same work for all batches of a
    shape. A GPU then records its steps.
    """

    batches_of: Callable[[int], list]
    loss_of: Callable
    evaluate: Callable[[], dict]
    targets_of: Callable = len
    tokens_of: Callable = len
    full_rate: float | None = None
    record: Callable[[int, dict], None] | None = None
    expect: Callable[[list], None] = lambda batches: None
    stage: Callable | None = None


@dataclass
class History:
    """The course of a training: the curve (a row per evaluation), the index of the selected row, and its weights."""

    curve: list = field(default_factory=list)
    best: int = 0
    best_score: float = float("-inf")
    best_state: dict | None = None

    def add(self, row, select_by, model):
        """Add a row, and copy the weights if they are the best so far. "last" needs no copy."""
        self.curve.append(row)
        if select_by == "last":
            self.best = len(self.curve) - 1
            return
        score = -row["dev_loss"] if select_by == "loss" else row[f"dev_{select_by}"]
        if score > self.best_score:
            self.best, self.best_score = len(self.curve) - 1, score
            self.best_state = {key: value.detach().cpu().clone() for key, value in model.state_dict().items()}


@dataclass
class Pace:
    """The speed of this attempt: optimizer steps, tokens of all processes, and seconds without evaluations."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    full_rate: float | None = None

    @property
    def tokens_per_second(self):
        return round(self.tokens / self.seconds) if self.steps else None

    @property
    def utilisation(self):
        """Model FLOPs utilisation: a share; None where the rate of the device is not known."""
        return round(self.tokens_per_second / self.full_rate, 4) if self.steps and self.full_rate else None


def train(accelerator, model, callbacks, options, seed, checkpoint):
    """Train a model, and load the weights that are selected on the dev split into it. Returns (History, Pace).

    Args: accelerate's Accelerator; a torch module; Callbacks; TrainingOptions; a Checkpoint, from which a killed attempt
    resumes, and which the caller deletes when the results are on disk.
    With several processes each takes its share of every batch, and the gradient is that of the whole batch. Each must get as
    many rows.
    Where a GPU's memory runs out, fewer rows go through the model at once, and the batch stays the same.
    Raises LinguistError if the loss is not a finite number.
    """
    bits, rank = None, accelerator.process_index
    if accelerator.device.type == "cpu":
        bits = install_fast_dropout(model, [seed, rank])
        keep_freed_memory()
    if options.gradient_checkpointing:
        recompute_activations(model, bits)
    torch.manual_seed(seed + rank)
    length = len(callbacks.batches_of(0))
    steps = length * options.epochs
    optimizer, scheduler = make_optimizer(model, options, steps)
    model, optimizer = accelerator.prepare(model, optimizer)
    plain = accelerator.unwrap_model(model)
    parts = {"model": plain, "optimizer": optimizer, "scheduler": scheduler}
    parts["random"] = RandomState(accelerator.device, bits)
    history, (first_epoch, first_step), losses = History(), (0, 0), []
    if resumed := checkpoint.load(parts):
        history, (first_epoch, first_step) = History(**resumed["history"]), resumed["position"]
        losses = resumed["losses"]
    evaluated = {round(length * (i + 1) / options.evaluations) for i in range(options.evaluations)}
    recorded = max(1, min(steps // RECORDED_STEPS, 100))
    make_step = step_function(accelerator, model, optimizer, callbacks, options, steps)

    pace, begun = Pace(full_rate=callbacks.full_rate), time.monotonic()
    saved = logged = started = begun
    for epoch in range(first_epoch, options.epochs):
        model.train()
        batches = callbacks.batches_of(epoch)[first_step:]
        callbacks.expect(batches)
        for step, batch in enumerate(batches, first_step):
            loss, norm = make_step(batch)
            scheduler.step()
            losses.append(loss)
            pace.steps += 1
            pace.tokens += callbacks.tokens_of(batch)
            done, now = epoch * length + step + 1, time.monotonic()
            if callbacks.record and done % recorded == 0:
                rate = scheduler.get_last_lr()[0]
                callbacks.record(done, {"loss": float(loss), "learning_rate": rate, "gradient_norm": float(norm)})
            if now - logged > PROGRESS_SECONDS:
                logged = now
                log_progress(pace, now - begun, epoch + 1, f"{step + 1}/{length}", steps - done)
            if step + 1 in evaluated:
                # Reading the losses waits for the device, so that the time is right.
                loss = float(np.mean([float(loss) for loss in losses]))
                pace.seconds += time.monotonic() - started
                losses = []
                model.eval()
                row = {"epoch": epoch + 1, "steps": done, "train_loss": loss}
                row |= {f"dev_{name}": value for name, value in callbacks.evaluate().items()}
                if not np.isfinite([loss, row["dev_loss"]]).all():
                    checkpoint.delete()  # resuming would lead here again
                    raise LinguistError(
                        f"the loss became {loss} in epoch {epoch + 1} (dev: {row['dev_loss']}); lower learning_rate"
                    )
                history.add(row, options.select_by, plain)
                if callbacks.record:
                    callbacks.record(done, row)
                rounded = {name: round(value, 4) for name, value in row.items()}
                logger.info("epoch %d/%d: %s", epoch + 1, options.epochs, rounded)
                model.train()
                started = time.monotonic()
            # The main process decides, since the clocks of processes differ.
            if done % recorded == 0 and broadcast_object_list([now - saved > 60 * options.checkpoint_minutes])[0]:
                losses = [float(loss) for loss in losses]
                checkpoint.save(parts, (epoch, step + 1), history=vars(history), losses=losses)
                saved = time.monotonic()
        first_step = 0
    if history.best_state is not None:
        plain.load_state_dict(history.best_state)
    return history, pace


def make_optimizer(model, options, steps):
    """AdamW and the schedule of its learning rate over so many steps. Raises LinguistError if all of them are warm-up."""
    optimizer = torch.optim.AdamW(parameter_groups(model, options.weight_decay), lr=options.learning_rate, fused=True)
    warmup = int(options.warmup * steps if options.warmup < 1 else options.warmup)
    if warmup >= max(1, steps):
        raise LinguistError(
            f"the warm-up has {warmup} steps, but the training only {steps}; lower warmup or batch_size, or add epochs or data"
        )
    return optimizer, get_scheduler(options.schedule, optimizer, warmup, steps)


def parameter_groups(model, weight_decay):
    """Weight decay for matrices and embeddings only, as is usual: not for biases and the scales of a LayerNorm."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def step_function(accelerator, model, optimizer, callbacks, options, steps):
    """A function that makes one of `steps` steps of the optimizer with a batch, and gives the batch's mean loss and the norm of
    its gradient. A GPU records it, unless there are several processes or parts of a batch, or activations that are computed
    again, which needs the state of the random generator on the host."""
    portion = Portion(options.micro_batch, "micro_batch" if options.micro_batch else "rows at once")

    def make_step(batch):
        loss = add_gradients(accelerator, model, callbacks, batch, portion)
        return loss, take_step(accelerator, model, optimizer, options)

    def work(staged):
        model.zero_grad()
        loss = callbacks.loss_of(model, staged)
        accelerator.backward(loss)
        return loss.detach(), take_step(accelerator, model, optimizer, options)

    single = accelerator.num_processes == 1 and not options.gradient_checkpointing
    if callbacks.stage is None or not single or accelerator.device.type not in DEVICES:
        return make_step
    if steps >= COMPILED_STEPS:
        compile_model(accelerator.unwrap_model(model))
    return RecordedSteps(make_step, work, callbacks.stage, optimizer, portion)


def rows_of_process(batch, accelerator):
    """This process's rows of a batch."""
    return batch[accelerator.process_index :: accelerator.num_processes]


def add_gradients(accelerator, model, callbacks, batch, portion):
    """Compute the gradients of a batch's mean loss, on this process's share of its rows. Returns the mean loss of the whole
    batch. `portion` (a memory.Portion) says how many rows go through the model at once."""

    def add(parts):
        model.zero_grad()  # of an attempt for which there was not enough memory
        total, targets = 0.0, callbacks.targets_of(batch)
        for part in parts:
            with nullcontext() if part is parts[-1] else accelerator.no_sync(model):
                # prepare() put the precision into the model's forward. Gradients are averaged over processes.
                share = callbacks.targets_of(part) * accelerator.num_processes / targets
                loss = callbacks.loss_of(model, part) * share
                accelerator.backward(loss)
            total = total + loss.detach()
        return total

    rows = rows_of_process(batch, accelerator)
    # A process cannot repeat alone what all of them average: `pretraining.launch` starts them again.
    total = portion.run(rows, add) if accelerator.num_processes == 1 else add(portion.split(rows))
    return accelerator.reduce(total, "mean")


def take_step(accelerator, model, optimizer, options):
    """One step of the optimizer. Returns the norm of the gradient before clipping."""
    norm = accelerator.clip_grad_norm_(model.parameters(), options.max_grad_norm)
    optimizer.step()
    optimizer.zero_grad()
    return norm


def log_progress(pace, seconds, epoch, step, steps_left):
    """Write a line with the speed of this attempt and an estimate of the time that is left."""
    rate, tokens = pace.steps / seconds, pace.tokens / seconds
    used = f" ({tokens / pace.full_rate:.0%} of the device's arithmetic)" if pace.full_rate else ""
    text = "epoch %d, step %s: %.2f steps/s, %.0f tokens/s%s, %.0f min left"
    logger.info(text, epoch, step, rate, tokens, used, steps_left / rate / 60)
