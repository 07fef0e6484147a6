"""Batches of encoded inputs: rows of similar length, padded into a model's tensors."""

import numpy as np
import torch

from linguist.errors import LinguistError

EVALUATION_BATCH = 64


def batches_by_length(lengths, batch_size, draw=None):
    """Batches of rows with inputs of nearly equal length, so that there is little padding.

    Args: `lengths` in tokens; `draw` (a numpy Generator) shuffles inputs of equal length and the order of the batches.
    Without it the longest batch comes first. Returns a list of integer arrays, of which at most one has fewer rows.
    """
    order = np.argsort(-lengths, kind="stable") if draw is None else np.lexsort((draw.random(len(lengths)), -lengths))
    batches = np.split(order, range(batch_size, len(order), batch_size))
    return batches if draw is None else [batches[i] for i in draw.permutation(len(batches))]


def make_collator(model, tokens, device):
    """A function that gives a model's inputs for rows of a PairTokens: int64 tensors (rows, tokens), padded on the right to
    the longest of the rows. Token types are among them if the model has an embedding for them.

    Raises LinguistError if an input is longer than the model has positions.
    """
    config, longest, limit = model.config, int(tokens.lengths.max()), position_limit(model)
    if limit is not None and longest > limit:
        raise LinguistError(
            f"an input has {longest} tokens, but the model has only {limit} positions; lower tokens.max_length"
        )

    def collate(rows):
        lengths = tokens.lengths[rows]
        inside = np.arange(lengths.max()) < lengths[:, None]
        places = (tokens.offsets[rows][:, None] + np.arange(lengths.max()))[inside]
        inputs = {
            "input_ids": np.full(inside.shape, config.pad_token_id, np.int64),
            "attention_mask": inside.astype(np.int64),
        }
        inputs["input_ids"][inside] = tokens.ids[places]
        if getattr(config, "type_vocab_size", 0) > 1:
            inputs["token_type_ids"] = np.zeros(inside.shape, np.int64)
            inputs["token_type_ids"][inside] = tokens.types[places]
        return {name: torch.from_numpy(array).to(device) for name, array in inputs.items()}

    return collate


def position_limit(model):
    """The number of tokens that a model has positions for; None if it has no limit."""
    limit = getattr(model.config, "max_position_embeddings", None)
    for name, module in model.named_modules():
        if limit and name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            limit -= module.padding_idx + 1  # a RoBERTa counts positions from its padding token
    return limit if limit and limit > 0 else None
