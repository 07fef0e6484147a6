"""Pretraining data: packed blocks of whole documents, as inputs and targets of a language model.

A token attends only to tokens of its own document, and positions count from the document's start, as when the model is used.
"""

from dataclasses import dataclass

import numpy as np
import torch

from linguist.tokenizers.loading import kmer_of
from linguist.training import cpu, gpu
from linguist.training.objectives import MASKED

KEPT, SWAPPED = 0.1, 0.1  # shares of the predicted tokens of a BERT (Devlin et al. 2019)
TILE = 256  # queries; attention is computed in tiles, without the keys that no query of a tile attends to


@dataclass(frozen=True)
class Blocks:
    """A split's tokens in blocks of `context` tokens and the one that follows. `start` is the id that starts a document."""

    ids: np.ndarray
    start: int
    context: int

    def __len__(self):
        return (len(self.ids) - 1) // self.context

    def read(self, rows):
        """Token ids of blocks: int64 array (rows, context + 1)."""
        places = np.asarray(rows)[:, None] * self.context + np.arange(self.context + 1)
        return self.ids[places].astype(np.int64)


@dataclass(frozen=True)
class Masking:
    """Masked tokens of blocks. The same `seed` and number of a block mask the same tokens, whatever else is in the batch.

    `special` is an array of the ids of special tokens. Tokens are masked in runs of `run_length`: overlapping k-mers in runs of
    k, as in DNABERT, because the neighbours of a single k-mer reveal it.
    """

    seed: int
    mask_id: int | None
    vocab_size: int
    special: np.ndarray
    run_length: int = 1

    def choose(self, row, number):
        """The places of a block's tokens (`row`, their ids) that are predicted, sorted. Every block has as many."""
        draw = np.random.default_rng([self.seed, number])
        runs = self.runs(np.arange(len(row)), number)
        last = np.zeros(runs[-1] + 1, bool)
        last[runs[np.isin(row, self.special)]] = True
        # Special tokens come last, but the number of predictions stays the same, so that all blocks weigh the same.
        rank = np.argsort(np.argsort(draw.random(len(last)) + last))
        return np.sort(np.argsort(rank[runs], kind="stable")[: max(1, round(MASKED * len(row)))])

    def runs(self, places, number):
        """For places of a block, the number of the run of tokens that are masked together."""
        return (places + np.random.default_rng([self.seed, number, 2]).integers(self.run_length)) // self.run_length

    def replace(self, targets, chosen, number):
        """What the model sees instead of the tokens `targets` at the places `chosen`: the mask token, a random token, or the
        token itself."""
        draw = np.random.default_rng([self.seed, number, 1])
        runs = self.runs(chosen, number)
        fate = draw.random(runs.max() + 1)[runs]
        swapped = draw.integers(self.vocab_size, size=len(targets))
        return np.where(fate < SWAPPED, swapped, np.where(fate < SWAPPED + KEPT, targets, self.mask_id))


class Examples:
    """Inputs and targets of blocks: the next tokens for a GPT-2, masked tokens for a BERT.

    The number of a block may exceed their count: each multiple of the count is another epoch, with other tokens masked.
    """

    def __init__(self, blocks, model, tokenizer, environment, seed):
        self.blocks, self.environment = blocks, environment
        self.heads = model.config.num_attention_heads
        self.dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[environment.precision]
        self.causal = model.config.model_type == "gpt2"
        special = np.array(sorted(tokenizer.all_special_ids))
        self.masking = Masking(seed, tokenizer.mask_token_id, len(tokenizer), special, kmer_of(tokenizer) or 1)

    def __call__(self, numbers):
        """The arguments of `objectives.Objective` for blocks."""
        return self.inputs(self.read_rows(numbers))

    def read_rows(self, numbers):
        """What `inputs` needs of blocks: int64 tensors with a row per block, in memory from which a GPU copies in the
        background."""
        tokens, rows = self.read(numbers), len(numbers)
        ids, targets, places = self.make_targets(tokens, numbers)
        arrays = {
            "input_ids": np.ascontiguousarray(ids),
            "starts": document_starts(tokens[:, :-1], self.blocks.start),
            "targets": targets.reshape(rows, -1),
        } | ({} if self.causal else {"places": places.reshape(rows, -1) % ids.shape[1]})
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        if self.environment.device.type == "cuda":
            tensors = {name: tensor.pin_memory() for name, tensor in tensors.items()}
        return tensors

    def inputs(self, rows):
        """The arguments of `objectives.Objective` for the tensors of `read_rows`, on the device."""
        device, attention = self.environment.device, self.environment.attention
        inputs = {name: tensor.to(device, non_blocking=device.type == "cuda") for name, tensor in rows.items()}
        starts = inputs.pop("starts")
        inputs["position_ids"] = torch.arange(starts.shape[1], device=device) - starts
        inputs["targets"] = inputs["targets"].flatten()
        if not self.causal:
            first = torch.arange(len(starts), device=device)[:, None] * starts.shape[1]
            inputs["places"] = (inputs["places"] + first).flatten()
        if attention == gpu.ATTENTION:
            return inputs | {"block_mask": gpu.document_mask(starts, self.causal)}
        allowed = attention_mask(starts, self.causal)  # large, so it is made on the device
        inputs["attention_mask"] = additive_mask(allowed, self.dtype) if attention == "eager" else allowed
        if attention == cpu.ATTENTION:
            inputs["tiles"] = attention_tiles(allowed, self.heads, self.dtype)
        return inputs

    def read(self, numbers):
        """Token ids of blocks, nothing masked: int64 array (blocks, context + 1)."""
        return self.blocks.read(np.asarray(numbers) % len(self.blocks))

    def make_targets(self, tokens, numbers):
        """(ids that the model sees (blocks, context); ids to predict, flat; their places in the flat ids)."""
        ids = tokens[:, :-1]
        if self.causal:
            return ids, tokens[:, 1:].ravel(), np.arange(ids.size)
        chosen = np.stack([self.masking.choose(row, number) for row, number in zip(ids, numbers, strict=True)])
        targets = np.take_along_axis(ids, chosen, 1)
        shown = np.stack([self.masking.replace(*one) for one in zip(targets, chosen, numbers, strict=True)])
        ids = ids.copy()
        np.put_along_axis(ids, chosen, shown, 1)
        return ids, targets.ravel(), (chosen + np.arange(len(ids))[:, None] * ids.shape[1]).ravel()


def document_starts(ids, start):
    """For each token of some blocks, the place in its block where its document begins: an integer array like `ids`."""
    places = np.arange(ids.shape[1])
    return np.maximum.accumulate(np.where(ids == start, places, 0), axis=1)


def attention_mask(starts, causal):
    """Which tokens attend to which, from `document_starts` as a tensor: boolean (rows, 1, queries, keys), True if they do."""
    allowed = starts[:, :, None] == starts[:, None, :]
    if causal:
        allowed &= torch.ones(allowed.shape[1:], dtype=torch.bool, device=starts.device).tril()
    return allowed[:, None]


def additive_mask(allowed, dtype):
    """A boolean mask as a term of the attention scores: 0 where True, else minus infinity."""
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(~allowed, -torch.inf)


def attention_tiles(allowed, heads, dtype):
    """The parts of a mask (rows, 1, queries, keys) that attention must compute: [(queries, keys, additive mask)].

    `queries` and `keys` are slices; keys before the first and after the last that a tile attends to are left out. The masks
    have the shape (rows × heads, queries, keys).
    """
    tiles = []
    for low in range(0, allowed.shape[2], TILE):
        queries = slice(low, min(low + TILE, allowed.shape[2]))
        needed = torch.nonzero(allowed[:, 0, queries].flatten(0, 1).any(0))
        keys = slice(int(needed[0]), int(needed[-1]) + 1)
        mask = additive_mask(allowed[:, 0, queries, keys], dtype)
        tiles.append((queries, keys, mask.repeat_interleave(heads, 0)))
    return tiles
