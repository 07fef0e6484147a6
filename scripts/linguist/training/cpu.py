"""Faster training on a CPU: dropout from 16 random bits per element, attention as plain matrix products, memory that is kept.

torch draws a Bernoulli number for each element, which takes a quarter of a training step of a small BERT on a CPU. Sixteen
bits from numpy's generator give the same at a resolution of 1/65,536. torch's fused attention takes twice as long as plain
products in bfloat16. Other devices use torch's own functions.
"""

import ctypes

import numpy as np
import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

ATTENTION = "eager_fast_dropout"
PLAIN = ("bert", "roberta", "xlm-roberta", "electra", "albert", "distilbert", "esm", "gpt2")  # model types
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt(3)


class RandomBits:
    """Random 16-bit numbers. The generator's state is part of a checkpoint."""

    def __init__(self, seed=0):
        self.generator = np.random.SFC64(seed)

    @property
    def state(self):
        """The generator's state in plain numbers, which `torch.load` reads without running code."""
        state = self.generator.state
        return state | {"state": {"state": state["state"]["state"].tolist()}}

    @state.setter
    def state(self, state):
        self.generator.state = state

    def draw(self, shape):
        """An int16 tensor of the given shape, uniform over all 65,536 values."""
        n = int(np.prod(shape))
        words = self.generator.random_raw(-(-n // 4))
        return torch.from_numpy(words.view(np.int16)[:n]).view(shape)


class FastDropout(nn.Module):
    """Replaces nn.Dropout on CPU tensors: an element is zero with probability p, else scaled by 1 / (1 - p)."""

    def __init__(self, p, bits):
        super().__init__()
        self.p, self.bits = p, bits

    def forward(self, x):
        return drop(x, self.p, self.bits) if self.training and self.p > 0 else x


def drop(x, p, bits):
    """x with each element set to zero with probability p (rounded to 1/65,536), and the rest scaled by 1 / (1 - p)."""
    share = round(p * 65536)
    kept = torch.empty(x.shape, dtype=x.dtype)  # comparing into x's type saves a pass for the conversion
    torch.ge(bits.draw(x.shape), share - 32768, out=kept)
    return x * kept.mul_(65536 / (65536 - share))


def eager_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, tiles=None, **kwargs):
    """Softmax attention as plain products, with fast dropout. Shapes are those of Hugging Face's attention interface.

    If `tiles` (of `blocks.attention_tiles`) are given, they replace the mask.
    """

    def dropped(weights):
        return drop(weights, dropout, module.fast_dropout_bits) if dropout > 0 else weights

    scaling = scaling or query.size(-1) ** -0.5
    if tiles:
        return tiled_attention(query, key, value, tiles, scaling, dropped), None
    weights = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        weights = weights + attention_mask
    weights = dropped(nn.functional.softmax(weights, dim=-1).to(value.dtype))
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


def computes_attention(config):
    """Whether `eager_attention` is the attention of a model with this configuration. Others have grouped heads, soft caps, sinks
    or sums in float32, and each architecture computes these in its own way."""
    return config.model_type in PLAIN and not getattr(config, "reorder_and_upcast_attn", False)


def tiled_attention(query, key, value, tiles, scaling, dropped):
    """Attention of each tile's queries to its own keys: a tensor (rows, queries, heads, features). `dropped` is applied to the
    weights."""
    rows, heads, length, features = query.shape
    query, key, value = (x.reshape(rows * heads, length, features) for x in (query, key, value))
    parts = []
    for queries, keys, mask in tiles:
        scores = torch.baddbmm(mask, query[:, queries], key[:, keys].transpose(1, 2), alpha=scaling)
        weights = dropped(nn.functional.softmax(scores, dim=-1).to(value.dtype))
        parts.append(torch.bmm(weights, value[:, keys]))
    return torch.cat(parts, 1).view(rows, heads, length, features).transpose(1, 2)


AttentionInterface.register(ATTENTION, eager_attention)
AttentionMaskInterface.register(ATTENTION, eager_mask)


def install_fast_dropout(model, seed):
    """Replace every dropout of a model that was loaded with attention ATTENTION. Returns the RandomBits that they share."""
    bits = RandomBits(seed)
    for module in list(model.modules()):
        module.fast_dropout_bits = bits
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Dropout):
                setattr(module, name, FastDropout(child.p, bits))
    return bits


def keep_freed_memory():
    """Let glibc keep freed memory for the next step. Otherwise the page faults of large gradients take 8 % of a step of a
    small BERT. Without glibc nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)
