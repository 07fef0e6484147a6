"""The shape of a model: its parameters, the FLOPs of a token, and the GPU memory of a training."""

import json
import math
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from linguist.files import read_json

# Fields of configurations in transformers, by architecture.
WIDTH, DEPTH = ("hidden_size", "n_embd", "dim"), ("num_hidden_layers", "n_layer", "n_layers")
LAYER = re.compile(r"\.\d+\.")  # in the name of a parameter that belongs to a layer

# Bytes of GPU memory.
WEIGHT = 4  # of a parameter, in float32
STATE = 4 * WEIGHT  # of a parameter in training: the weight, its gradient and both moments of AdamW
# Of a token, for each feature of a layer: the first term of equation 1 of Korthikanti et al. 2023 (Reducing activation recomputation
# in large transformer models, arXiv:2205.05198). Their second term is attention's matrix, which is not kept here.
ACTIVATIONS = 34
RECOMPUTED = 2  # the same with gradient checkpointing, which keeps the input of each layer (Table 2 there)
# Of a token, for each vocabulary entry: the logit in bfloat16, in float32, and its gradient. Losses in slices keep less.
LOGITS = 2 + 4 + 4


@dataclass(frozen=True)
class Shape:
    """A model: its width, layers, entries of its vocabulary, and parameters in one layer and in all."""

    width: int
    layers: int
    vocabulary: int
    in_layer: float
    parameters: float

    @property
    def weight_bytes(self):
        return WEIGHT * self.parameters

    def resized(self, layers, vocabulary):
        """The Shape with other numbers of layers and of vocabulary entries."""
        more = (layers - self.layers) * self.in_layer + (vocabulary - self.vocabulary) * self.width
        return replace(self, layers=layers, vocabulary=vocabulary, parameters=self.parameters + more)

    def flops(self, head):
        """FLOPs of a token's forward pass, with a head for the vocabulary or without: two for each parameter."""
        return 2 * (self.layers * self.in_layer + head * self.vocabulary * self.width)

    def training_bytes(self, tokens, head, checkpointing):
        """GPU memory of a training whose steps have so many tokens, with gradient checkpointing or without."""
        kept = RECOMPUTED * self.layers + ACTIVATIONS if checkpointing else ACTIVATIONS * self.layers
        return STATE * self.parameters + tokens * (kept * self.width + head * LOGITS * self.vocabulary)


@cache
def read_shape(folder):
    """The Shape of the model in a folder."""
    fields, sizes = read_json(Path(folder, "config.json")), read_sizes(Path(folder, "model.safetensors"))
    width, layers = (next(fields[key] for key in keys if fields.get(key)) for keys in (WIDTH, DEPTH))
    in_layers = sum(size for name, size in sizes.items() if LAYER.search(name))
    return Shape(width, layers, fields["vocab_size"], in_layers / layers, sum(sizes.values()))


def read_sizes(path):
    """{name: number of parameters} of a safetensors file."""
    with open(path, "rb") as handle:
        header = json.loads(handle.read(int.from_bytes(handle.read(8), "little")))
    return {name: math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__"}
