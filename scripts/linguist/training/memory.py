"""Fitting into a device's memory: fewer rows at once where it runs out, and activations that are computed again instead of kept."""

import gc
import logging
from contextlib import contextmanager, nullcontext
from functools import cache

import numpy as np
import torch
from transformers import PreTrainedModel

from linguist.errors import LinguistError, naming

logger = logging.getLogger("linguist")


class Portion:
    """How many rows go through a model at once: `most` (None: all that are given), and half as many each time that the memory of
    the device runs out. `name` is what a message calls the number: a config key, if there is one."""

    def __init__(self, most, name="rows of an evaluation"):
        self.most, self.name = most, name

    def split(self, rows):
        """Rows (an array) in parts of as many as fit."""
        size = min(self.most or len(rows), len(rows))
        return np.split(rows, range(size, len(rows), size))

    def run(self, rows, work):
        """What `work(parts)` gives for the parts of `split`. It is called again with smaller parts where the memory runs out, so
        it must begin anew.

        Raises LinguistError if a single row does not fit.
        """
        tried = None
        while True:
            parts = self.split(rows)
            try:
                found = work(parts)
                break
            except torch.OutOfMemoryError as error:
                if len(parts[0]) == 1:
                    raise LinguistError(
                        f"the GPU's memory is too small for a single row ({self.name}: 1); lower tokens.max_length "
                        "(pretraining: context), set gradient_checkpointing: true, or take a smaller model"
                    ) from error
            # Not above, where the exception still holds the tensors of the attempt.
            tried, self.most = tried or len(parts[0]), len(parts[0]) // 2
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        if tried:
            warn_of_memory(tried, self.name, self.most)
        return found

    def apply(self, work, batches):
        """[`work(rows)` for the parts of each batch, in their order]."""
        return [found for rows in batches for found in self.run(rows, lambda parts: [work(part) for part in parts])]


@cache  # once in a process, which evaluates many times
def warn_of_memory(tried, name, fitting):
    text = (
        "warning: the GPU's memory is too small for %d rows at once; the same batches go through the model with %s: %d"
    )
    logger.warning(text, tried, name, fitting)


def recompute_activations(model, bits=None):
    """Let each layer of a model (or of a module that holds one) compute its activations again in the backward pass, instead of
    keeping them (gradient checkpointing, Chen et al. 2016): less memory for a third more time. Loss and gradients stay the same.

    `bits` are the RandomBits of fast dropout, which must draw the same again. torch does so for its own generators.
    Raises LinguistError for an architecture without it.
    """
    (inner,) = [module for module in model.modules() if isinstance(module, PreTrainedModel)][:1]
    options = {"use_reentrant": False} | ({} if bits is None else {"context_fn": lambda: replaying(bits)})
    with naming("gradient_checkpointing"):
        if not inner.supports_gradient_checkpointing:
            raise LinguistError(f"a {inner.config.model_type} has none in transformers; set it to false")
    inner.activation_checkpointing_enable(options)


def replaying(bits):
    """(context of a forward pass, context of its repetition), in which RandomBits give the same numbers."""
    before = bits.state

    @contextmanager
    def repetition():
        after, bits.state = bits.state, before
        try:
            yield
        finally:
            bits.state = after

    return nullcontext(), repetition()
