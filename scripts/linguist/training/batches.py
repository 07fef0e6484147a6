"""Batches of encoded inputs: rows of similar length, padded into a model's tensors."""

from typing import NamedTuple

import numpy as np
import torch

from linguist.errors import LinguistError

EVALUATION_BATCH = 64
EVALUATION_BATCHES = {"cuda": 512}  # by type of device: a GPU has computed 64 inputs before the next 64 are launched
MULTIPLES = {"cuda": 16}  # of tokens to which inputs are padded, so that batches have few shapes


def evaluation_batch(device):
    """The number of inputs that are evaluated at once on a device."""
    return EVALUATION_BATCHES.get(device.type, EVALUATION_BATCH)


def batches_by_length(lengths, batch_size, draw=None):
    """Batches of rows with inputs of nearly equal length, so that there is little padding.

    Args: `lengths` in tokens; `draw` (a numpy Generator) shuffles inputs of equal length and the order of the batches.
    Without it the longest batch comes first. Returns a list of integer arrays, of which at most one has fewer rows.
    """
    order = np.argsort(-lengths, kind="stable") if draw is None else np.lexsort((draw.random(len(lengths)), -lengths))
    batches = np.split(order, range(batch_size, len(order), batch_size))
    return batches if draw is None else [batches[i] for i in draw.permutation(len(batches))]


class Staged(NamedTuple):
    """Rows of a batch that are on the device (an int64 tensor), and the number of tokens to which their inputs are padded."""

    rows: torch.Tensor
    length: int


class Collator:
    """Gives a model's inputs for rows of a PairTokens (an array, or Staged): int64 tensors (rows, tokens), padded on the right
    to the longest of the rows, and further to one of MULTIPLES. Token types are among them if the model has an embedding
    for them.

    The PairTokens is copied to the device once. For Staged rows nothing is copied, and nothing waits for the device.
    Raises LinguistError if an input is longer than the model has positions.
    """

    def __init__(self, model, tokens, device):
        self.config, self.device = model.config, torch.device(device)
        longest, limit = int(tokens.lengths.max()), position_limit(model)
        if limit is not None and longest > limit:
            raise LinguistError(
                f"an input has {longest} tokens, but the model has only {limit} positions; lower tokens.max_length"
            )
        self.lengths_here, self.most = tokens.lengths, longest if limit is None else limit
        arrays = (tokens.ids, tokens.types, tokens.offsets[:-1], tokens.lengths)
        self.ids, self.types, self.offsets, self.lengths = (torch.from_numpy(a).to(self.device) for a in arrays)

    def stage(self, rows):
        """Rows (an array) as Staged."""
        multiple = MULTIPLES.get(self.device.type, 1)
        length = -(-int(self.lengths_here[rows].max()) // multiple) * multiple
        return Staged(place(rows, self.device), min(length, self.most))

    def __call__(self, rows):
        rows, length = rows if isinstance(rows, Staged) else self.stage(rows)
        places = torch.arange(length, device=self.device)
        inside = places < self.lengths[rows][:, None]
        at = (self.offsets[rows][:, None] + places).clamp(max=len(self.ids) - 1)
        inputs = {
            "input_ids": self.ids[at].long().masked_fill(~inside, self.config.pad_token_id),
            "attention_mask": inside.long(),
        }
        if getattr(self.config, "type_vocab_size", 0) > 1:
            inputs["token_type_ids"] = self.types[at].long().masked_fill(~inside, 0)
        return inputs


def place(rows, device):
    """An integer array as a tensor on a device. The copy to a GPU waits for nothing that the GPU computes."""
    rows = torch.from_numpy(rows)
    return rows.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else rows.to(device)


def position_limit(model):
    """The number of tokens that a model has positions for; None if it has no limit."""
    limit = getattr(model.config, "max_position_embeddings", None)
    for name, module in model.named_modules():
        if limit and name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            limit -= module.padding_idx + 1  # a RoBERTa counts positions from its padding token
    return limit if limit and limit > 0 else None
