"""Checkpoints: a training that was killed resumes, and ends with the same bytes as an uninterrupted one."""

import logging
import os
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object

from linguist.errors import LinguistError
from linguist.files import open_locked, reading_result
from linguist.training.cpu import RandomBits

logger = logging.getLogger("linguist")


@dataclass(frozen=True)
class Checkpoint:
    """A training's checkpoint, one file.

    `fingerprint` ({name: value}) says what the training depends on. A checkpoint with another fingerprint is refused if
    `strict`, else ignored.
    """

    path: Path
    fingerprint: dict
    strict: bool = False

    @property
    def partial(self):
        """Where a checkpoint is written before it is renamed. The name is fixed, so that the next attempt overwrites what
        a killed one left."""
        return self.path.with_suffix(".partial")

    def save(self, parts, position, **state):
        """Write the state of everything that the rest of the training depends on, whole or not at all. All processes call.

        `parts` ({name: object with state_dict()}) are the model, optimizer ...; `position` is (epoch, steps made in it).
        """
        content = {name: part.state_dict() for name, part in parts.items()} | state
        content |= {"fingerprint": self.fingerprint, "position": position}
        if not PartialState().is_main_process:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.save(content, self.partial)
        except (OSError, RuntimeError):  # a full disk keeps no half of a file
            self.partial.unlink(missing_ok=True)
            raise
        self.partial.replace(self.path)
        logger.info("checkpoint at epoch %d, step %d", position[0] + 1, position[1])

    def load(self, parts):
        """Restore the parts' states, and return what else was saved: {"position", ...}; None if there is nothing to resume.

        Raises LinguistError for a checkpoint of another training if `strict`, and for one whose parts do not fit. Otherwise a
        checkpoint of another training is ignored, and so is one that cannot be read.
        """
        if not self.path.exists():
            return None
        try:
            with reading_result(self.path):
                # Results are passed on: no code runs.
                content = torch.load(self.path, map_location="cpu", weights_only=True)
                changes = differing_keys(content["fingerprint"], self.fingerprint)
        except LinguistError as error:
            logger.info("the checkpoint cannot be read (%s); starting from the beginning", error)
            return None
        if changes and self.strict:
            raise LinguistError(
                f"{self.path}: a checkpoint of another training (different: {changes}); restore the old values to resume it, "
                "or delete the file to start from the beginning"
            )
        if changes:
            logger.info("the checkpoint is of another training (different: %s); starting from the beginning", changes)
            return None
        with reading_result(self.path):
            for name, part in parts.items():
                part.load_state_dict(content[name])
            epoch, step = content["position"]
            content["history"], content["losses"]  # what the loop goes on with
            logger.info("resuming at epoch %d, step %d", epoch + 1, step)
        return content

    @contextmanager
    def locked(self):
        """Hold the run while the block trains it. All processes of a training call; the first one holds the lock for all.

        A training whose Snakemake was killed runs on, and a second one beside it would write the same files. The lock is the
        kernel's (flock), so that it ends with the process, however that ends. Raises LinguistError if another process holds it.
        """
        path, lock, refused = self.path.with_suffix(".lock"), None, None
        if PartialState().is_main_process:
            try:
                lock = take_lock(path)
            except LinguistError as error:
                refused = str(error)
        if refused := broadcast_object_list([refused])[0]:
            raise LinguistError(refused)
        try:
            yield
        finally:
            if lock is not None:
                path.unlink(missing_ok=True)
                lock.close()

    def delete(self):
        """Delete the checkpoint and any partial one: once the results are on disk."""
        for leftover in (self.path, self.partial):
            leftover.unlink(missing_ok=True)


def take_lock(path):
    """The open file at `path`, locked as by `open_locked`, with a text in it that names this process. Raises LinguistError if
    another process has locked it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = open_locked(path, wait=False)
    except BlockingIOError:
        holder = ""
        with suppress(FileNotFoundError):  # it may have ended by now
            holder = path.read_text().strip()
        message = f"{path}: {holder or 'another process'} trains this run; wait until it ends, or end it, and run again"
        raise LinguistError(message) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()} on {socket.gethostname()}")
    lock.flush()
    return lock


@dataclass
class RandomState:
    """The random generators of a training: torch's on the CPU and on its device, and that of fast dropout."""

    device: torch.device
    bits: RandomBits | None

    def __post_init__(self):
        self.on_device = None if self.device.type == "cpu" else torch.get_device_module(self.device)

    def state_dict(self):
        """The generators' states, a list with an entry per process."""
        state = {
            "cpu": torch.get_rng_state(),
            "device": self.on_device and self.on_device.get_rng_state(),
            "bits": self.bits and self.bits.state,
        }
        return gather_object([state])

    def load_state_dict(self, states):
        state = states[PartialState().process_index]
        torch.set_rng_state(state["cpu"])
        if self.on_device:
            self.on_device.set_rng_state(state["device"])
        if self.bits:
            self.bits.state = state["bits"]


def differing_keys(one, other):
    """The keys in which two fingerprints differ, as one text; "options.seed" for a key of a nested mapping."""
    keys = [key for key in one | other if one.get(key) != other.get(key)]
    nested = [key for key in keys if isinstance(one.get(key), dict) and isinstance(other.get(key), dict)]
    names = [
        f"{key}.{name}"
        for key in nested
        for name in one[key] | other[key]
        if one[key].get(name) != other[key].get(name)
    ]
    return ", ".join([*(key for key in keys if key not in nested), *names])
