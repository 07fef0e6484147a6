"""Faster pretraining on a GPU: attention within documents as one kernel, the step compiled, and a vocabulary that fills the
device's tiles. Other devices keep their own ways.

Attention is FlexAttention (Dong et al. 2024) with a block mask: tiles in which no token attends to another are left out.
"""

from dataclasses import replace
from functools import cache

import torch
from torch import nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from linguist.training.objectives import predicted_share

DEVICES = ("cuda",)  # types of devices that take these ways
BACKEND = "inductor"  # of torch.compile
ATTENTION = "flex_documents"
TILE, LEAST_FEATURES = 128, 16  # of the kernel: tokens, and features of a head
LOGITS_SHARE = 0.25  # of the device's memory, which logits and their gradient may take


def document_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, block_mask=None, **kwargs):
    """Attention of the tokens that a `document_mask` allows. Shapes are those of Hugging Face's attention interface.

    Without a mask it is torch's own attention, for one document.
    """
    if block_mask is None:
        given = {"scaling": scaling, "dropout": dropout} | kwargs
        return sdpa_attention_forward(module, query, key, value, attention_mask, **given)
    return flex_attention(query, key, value, block_mask=block_mask, scale=scaling).transpose(1, 2), None


# No mask function is registered, so that transformers makes no mask of its own.
AttentionInterface.register(ATTENTION, document_attention)


def document_mask(starts, causal):
    """`blocks.attention_mask` as a BlockMask, shared by all layers and heads. `starts` is an integer tensor (rows, tokens)."""

    def allowed(row, head, query, key):
        same = starts[row, query] == starts[row, key]
        return same & (query >= key) if causal else same

    make = compiled_block_mask() if starts.device.type in DEVICES else create_block_mask
    return make(allowed, len(starts), None, starts.shape[1], starts.shape[1], device=starts.device)


@cache  # not made on import, since the compiler is a slow import
def compiled_block_mask():
    return torch.compile(create_block_mask, dynamic=False, backend=BACKEND)


def has_kernel(model, shape, context):
    """Whether ATTENTION can compute a model with the fields `shape` of its configuration on blocks of `context` tokens. The
    kernel has no dropout."""
    config = model.config
    features = config.hidden_size // config.num_attention_heads
    dropout = any(shape.get(name) for name in ("attn_pdrop", "attention_probs_dropout_prob"))
    return context % TILE == 0 and features >= LEAST_FEATURES and not dropout


def speed_up(objective, shape, environment, options, context, processes):
    """Prepare an Objective for pretraining on a GPU, in place. Returns the Environment and the TrainingOptions that hold for
    it. `shape` are the fields that the config gives the model; `context` is the number of tokens of a block.

    Micro-batches become equal, so that nothing is compiled a second time for a smaller one. The logits of a micro-batch are in
    memory at once if they take less than LOGITS_SHARE of it: the compiled cross-entropy is faster than slices.
    """
    model, rows = objective.model, options.batch_size // processes
    options = replace(options, micro_batch=largest_divisor(rows, options.micro_batch or rows))
    # GPUs without bfloat16 are older than the kernel.
    if options.attention == "auto" and environment.precision == "bf16" and has_kernel(model, shape, context):
        environment = replace(environment, attention=ATTENTION)
        model.set_attn_implementation(ATTENTION)
    logits = options.micro_batch * context * model.config.vocab_size * predicted_share(model)
    bytes_each = {"bf16": 2 + 2, "fp32": 4 + 4}[environment.precision]
    memory = torch.cuda.get_device_properties(environment.device).total_memory
    objective.sliced = logits * bytes_each >= LOGITS_SHARE * memory
    pad_vocabulary(model)  # always, so that a training can resume on a device with another memory
    compile_step(objective, processes)
    return environment, options


def largest_divisor(number, most):
    """The largest divisor of a number that is not above `most`."""
    return next(size for size in range(min(number, most), 0, -1) if number % size == 0)


def compile_step(objective, processes):
    """Compile the forward and backward pass of an Objective, for fixed shapes.

    One process compiles it whole. Of several, each compiles layer by layer: a graph gives all its gradients at its end, and
    those of a layer are reduced while the layers before it run backward.
    """
    options = {"dynamic": False, "backend": BACKEND}
    if processes == 1 and not objective.sliced:
        objective.forward = torch.compile(objective.forward, **options)
        return
    if processes == 1:
        objective.model.base_model.compile(**options)
        return
    torch._dynamo.config.optimize_ddp = False  # it would split the graphs, which are small already
    for layers in (module for module in objective.model.modules() if isinstance(module, nn.ModuleList)):
        for layer in layers:
            layer.compile(**options)
    if not objective.sliced:
        objective.cross_entropy = torch.compile(objective.cross_entropy, **options)


# ── the vocabulary ──


def pad_vocabulary(model):
    """Add rows of zeros to a model's embeddings and head, up to a multiple of TILE: products of such sizes are faster. The
    configuration keeps the size of the tokenizer, and `Objective` gives the new rows no probability."""
    resize_vocabulary(model, -(-model.config.vocab_size // TILE) * TILE)


def cut_vocabulary(model):
    """Remove what `pad_vocabulary` has added, so that the model can be saved."""
    resize_vocabulary(model, model.config.vocab_size)


def resize_vocabulary(model, size):
    """Cut embeddings and head to so many rows, or add zeros. Shared parameters stay shared."""
    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    if len(table.weight) == size:
        return
    resized = {
        parameter: nn.Parameter(
            nn.functional.pad(parameter.detach(), [0, 0] * (parameter.ndim - 1) + [0, size - len(parameter)])
        )
        for parameter in (table.weight, head.weight, head.bias)
        if parameter is not None
    }
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter in resized:
                setattr(module, name, resized[parameter])
    table.num_embeddings = head.out_features = size
