"""What pretraining predicts: the next token (GPT-2) or masked tokens (BERT), over packed blocks of whole documents.

No token attends to another document of its block, and positions count from a document's start, as they do when the model
is used. The loss is computed in slices and with its gradient at once: logits of 50,000 tokens are never all in memory.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from linguist.tokenizers.loading import kmer_of
from linguist.training.fast_dropout import ATTENTION

MASKED, KEPT, SWAPPED = 0.15, 0.1, 0.1  # BERT's shares (Devlin et al. 2019): of all tokens, and of those chosen
TILE = 256  # queries: attention of a block is computed in tiles, which skips what cannot be attended
SLICE, ROWS = 4096, 64  # tokens whose logits are in memory at once, and in the processor's cache


@dataclass(frozen=True)
class Blocks:
    """A split's tokens, cut into blocks of `context` tokens and the one that follows, whatever documents they hold."""

    ids: np.ndarray
    start: int
    context: int

    def __len__(self):
        return (len(self.ids) - 1) // self.context

    def read(self, rows):
        """Token ids of blocks: int64 array (rows, context + 1)."""
        places = np.asarray(rows)[:, None] * self.context + np.arange(self.context + 1)
        return self.ids[places].astype(np.int64)


def document_starts(ids, start):
    """For each token of some blocks, the place in its block where its document begins: integer array as `ids`."""
    places = np.arange(ids.shape[1])
    return np.maximum.accumulate(np.where(ids == start, places, 0), axis=1)


def attention_mask(starts, causal):
    """Which tokens attend to which, from `document_starts` as a tensor: boolean (rows, 1, queries, keys), True for may."""
    allowed = starts[:, :, None] == starts[:, None, :]
    if causal:
        allowed &= torch.ones(allowed.shape[1:], dtype=torch.bool, device=starts.device).tril()
    return allowed[:, None]


def tiles(allowed, heads, dtype):
    """What attention computes of a mask (rows, 1, queries, keys), tile by tile: [(queries, keys, additive mask)].

    The keys that no query of a tile attends to, on either side, are left out. The masks have the form (rows × heads,
    queries, keys).
    """
    found = []
    for low in range(0, allowed.shape[2], TILE):
        queries = slice(low, min(low + TILE, allowed.shape[2]))
        needed = torch.nonzero(allowed[:, 0, queries].flatten(0, 1).any(0))
        keys = slice(int(needed[0]), int(needed[-1]) + 1)
        mask = additive(allowed[:, 0, queries, keys], dtype)
        found.append((queries, keys, mask.repeat_interleave(heads, 0)))
    return found


def additive(allowed, dtype):
    """A boolean mask as what is added to the scores: 0 where one may attend, else minus infinity."""
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(~allowed, -torch.inf)


class Examples:
    """Inputs and targets of blocks for a model: next tokens for a GPT-2, whatever its tokenizer, else masked ones.

    A block's number may exceed their count: each multiple is another epoch, with other tokens masked. The same `seed` and
    number mask the same tokens, whatever else is in the batch.
    """

    def __init__(self, blocks, model, tokenizer, attention, precision, seed, device):
        self.blocks, self.seed, self.device, self.attention = blocks, seed, device, attention
        self.heads = model.config.num_attention_heads
        self.dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[precision]
        self.mask_id, self.vocab_size = tokenizer.mask_token_id, len(tokenizer)
        self.special = np.array(sorted(tokenizer.all_special_ids))
        self.causal = model.config.model_type == "gpt2"
        self.run = kmer_of(tokenizer) or 1

    def read(self, numbers):
        """Token ids of blocks as they are: int64 array (blocks, context + 1)."""
        return self.blocks.read(np.asarray(numbers) % len(self.blocks))

    def pose(self, tokens, numbers):
        """(ids that the model sees, (blocks, context); targets, flat; their flat places in the ids)."""
        ids = tokens[:, :-1]
        if self.causal:
            return ids, tokens[:, 1:].ravel(), np.arange(ids.size)
        chosen = np.stack([self.choose(row, number) for row, number in zip(ids, numbers, strict=True)])
        targets = np.take_along_axis(ids, chosen, 1)
        shown = np.stack([self.hide(*one) for one in zip(targets, chosen, numbers, strict=True)])
        ids = ids.copy()
        np.put_along_axis(ids, chosen, shown, 1)
        return ids, targets.ravel(), (chosen + np.arange(len(ids))[:, None] * ids.shape[1]).ravel()

    def choose(self, row, number):
        """Places of a block's tokens that are to be predicted, as many in each block."""
        draw = np.random.default_rng([self.seed, number])
        # Overlapping k-mers are hidden k in a row, as in DNABERT: the neighbours of a single one spell it.
        runs = self.run_of(np.arange(len(row)), number)
        last = np.zeros(runs[-1] + 1, bool)
        last[runs[np.isin(row, self.special)]] = True
        # Special tokens last: as many are predicted in each block, so that all blocks count alike.
        rank = np.argsort(np.argsort(draw.random(len(last)) + last))
        return np.sort(np.argsort(rank[runs], kind="stable")[: max(1, round(MASKED * len(row)))])

    def run_of(self, places, number):
        """The number of the run of tokens, hidden together, in which places of a block lie."""
        return (places + np.random.default_rng([self.seed, number, 2]).integers(self.run)) // self.run

    def hide(self, targets, chosen, number):
        """What stands in the places of tokens to be predicted: the mask token, a random one, or the token itself."""
        draw = np.random.default_rng([self.seed, number, 1])
        runs = self.run_of(chosen, number)
        fate = draw.random(runs.max() + 1)[runs]
        swapped = draw.integers(self.vocab_size, size=len(targets))
        return np.where(fate < SWAPPED, swapped, np.where(fate < SWAPPED + KEPT, targets, self.mask_id))

    def __call__(self, numbers):
        """The arguments of an `Objective` for blocks."""
        tokens = self.read(numbers)
        ids, targets, places = self.pose(tokens, numbers)
        starts = document_starts(tokens[:, :-1], self.blocks.start)
        inputs = {
            "input_ids": np.ascontiguousarray(ids),
            "position_ids": np.arange(ids.shape[1]) - starts,
            "targets": targets,
        } | ({} if self.causal else {"places": places})
        inputs = {name: torch.from_numpy(array).to(self.device) for name, array in inputs.items()}
        allowed = attention_mask(torch.from_numpy(starts).to(self.device), self.causal)  # large: made where it is used
        inputs["attention_mask"] = additive(allowed, self.dtype) if self.attention == "eager" else allowed
        return inputs | ({"tiles": tiles(allowed, self.heads, self.dtype)} if self.attention == ATTENTION else {})


class Objective(nn.Module):
    """A language model with its loss: in training the mean over all targets, in evaluation that of each (float32)."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, targets, places=None, **inputs):
        hidden = self.model.base_model(**inputs).last_hidden_state.flatten(0, 1)
        if places is not None:
            hidden = hidden[places]
        if hasattr(self.model, "cls"):  # a BERT's head has a layer of its own
            hidden = self.model.cls.predictions.transform(hidden)
        if torch.is_autocast_enabled(hidden.device.type):
            hidden = hidden.to(torch.get_autocast_dtype(hidden.device.type))
        head = self.model.get_output_embeddings()
        if torch.is_grad_enabled():
            return MeanLoss.apply(hidden, head.weight, head.bias, targets)
        return torch.cat([losses for losses, _, _ in slices(hidden, head.weight, head.bias, targets)])


def slices(hidden, weight, bias, targets, gradients=False):
    """Cross-entropy by slices of tokens: yields (losses (n,), the slice of `hidden`, its logits or their gradient).

    The gradient, softmax less one at the target, takes the logits' memory, some rows at a time.
    """
    rows = ROWS if hidden.device.type == "cpu" else SLICE
    weight, bias = weight.to(hidden.dtype), None if bias is None else bias.to(hidden.dtype)
    with torch.autocast(hidden.device.type, enabled=False):
        for part, wanted in zip(hidden.split(SLICE), targets.split(SLICE), strict=True):
            logits = part @ weight.T if bias is None else torch.addmm(bias, part, weight.T)
            losses = torch.empty(len(part), device=part.device)
            for low in range(0, len(part), rows):
                here, target = logits[low : low + rows].float(), wanted[low : low + rows, None]
                total = torch.logsumexp(here, 1, keepdim=True)
                losses[low : low + rows] = (total - here.gather(1, target))[:, 0]
                if gradients:
                    here.sub_(total).exp_().scatter_add_(1, target, torch.full_like(total, -1))
                    logits[low : low + rows] = here
            yield losses, part, logits


class MeanLoss(torch.autograd.Function):
    """Mean cross-entropy of a linear layer's logits, with its gradient found in the forward pass, slice by slice, so that
    all logits are never in memory (as in Liger Kernel, Hsu et al. 2024)."""

    @staticmethod
    def forward(ctx, hidden, weight, bias, targets):
        cast, losses, to_hidden, to_weight, to_bias = weight.to(hidden.dtype), [], [], None, None
        for here, part, gradient in slices(hidden, cast, bias, targets, gradients=True):
            with torch.autocast(hidden.device.type, enabled=False):
                losses.append(here)
                to_hidden.append(gradient @ cast)
                product = (gradient.T @ part).float()
                to_weight = product if to_weight is None else to_weight.add_(product)
                if bias is not None:
                    sums = gradient.sum(0, dtype=torch.float32)
                    to_bias = sums if to_bias is None else to_bias.add_(sums)
        ctx.save_for_backward(torch.cat(to_hidden), to_weight, to_bias)
        ctx.targets = len(targets)
        return torch.cat(losses).mean()

    @staticmethod
    def backward(ctx, gradient):
        to_hidden, to_weight, to_bias = ctx.saved_tensors
        scale = gradient / ctx.targets
        # In place, since backward runs once: the head's gradient is the largest tensor of the step.
        to_hidden = to_hidden.float().mul_(scale).to(to_hidden.dtype)
        return to_hidden, to_weight.mul_(scale), None if to_bias is None else to_bias.mul_(scale), None
