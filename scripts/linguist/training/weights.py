"""Weights in files: which tensors there are, whether they fit a model, and copying them a block at a time."""

import json
import logging
import math
import re
import zipfile
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
import transformers
from safetensors import safe_open
from transformers import AutoModel

from linguist.errors import LinguistError
from linguist.tokenizers.pretrained import load_pretrained
from linguist.training.hub import files_in, weight_files

log = logging.getLogger("linguist")

BLOCK = 1 << 22  # numbers, or bytes, that are copied at a time
LANGUAGE_HEADS = ("ForPreTraining", "ForMaskedLM", "ForCausalLM", "LMHeadModel")
DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
BY_NAME = {name: dtype for dtype, name in DTYPES.items()}


@dataclass(frozen=True)
class Tensor:
    """A tensor in a file: its type, its shape, and where its bytes start (None in a file of torch.save)."""

    file: Path
    dtype: torch.dtype
    shape: tuple
    start: int | None

    @property
    def bytes(self):
        return math.prod(self.shape) * self.dtype.itemsize


def read_tensors(folder):
    """{name: Tensor} of the weights in a model's folder. Raises LinguistError if there are none, and whatever safetensors or
    torch raise for a damaged file."""
    files = [Path(folder) / name for name in weight_files(files_in(folder))]
    if not files:
        raise LinguistError("no model.safetensors and no pytorch_model.bin; give a whole Hugging Face folder")
    found = {}
    for file in files:
        found |= _safetensors_in(file) if file.suffix == ".safetensors" else _torch_tensors_in(file)
    return found


def _safetensors_in(file):
    with safe_open(file, "pt"):  # checks the header and that the file has all of its bytes
        pass
    with open(file, "rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        header = json.loads(handle.read(length))
    header.pop("__metadata__", None)
    if unknown := {about["dtype"] for about in header.values()} - BY_NAME.keys():
        raise LinguistError(
            f"{file.name} has numbers of type {min(unknown)}; give weights in float32, float16 or bfloat16"
        )
    return {
        name: Tensor(file, BY_NAME[about["dtype"]], tuple(about["shape"]), 8 + length + about["data_offsets"][0])
        for name, about in header.items()
    }


def _torch_tensors_in(file):
    return {name: Tensor(file, tensor.dtype, tuple(tensor.shape), None) for name, tensor in _mapped(file).items()}


def _mapped(file):
    """{name: tensor} of a file of torch.save. The tensors are mapped: their bytes are read when they are used."""
    return torch.load(file, weights_only=True, mmap=True) if zipfile.is_zipfile(file) else _unmapped(file)


@cache
def _unmapped(file):
    """The same of a file from before PyTorch 1.6, which cannot be mapped."""
    log.warning("%s has an old format: all of its %.1f GB are read into memory", file, file.stat().st_size / 1e9)
    return torch.load(file, map_location="cpu", weights_only=True)


def _blocks_of(name, tensor):
    """The bytes of a tensor, in blocks."""
    if tensor.start is None:
        for start in range(0, math.prod(tensor.shape), BLOCK):
            # Mapped anew for each block: else the pages of all blocks stay in memory.
            flat = _mapped(tensor.file)[name].reshape(-1)
            yield flat[start : start + BLOCK].view(torch.uint8).numpy().tobytes()
    else:
        with open(tensor.file, "rb") as handle:
            handle.seek(tensor.start)
            for start in range(0, tensor.bytes, BLOCK):
                yield handle.read(min(BLOCK, tensor.bytes - start))


def write_tensors(tensors, path):
    """Write {name: Tensor} as one safetensors file, in the order and with the header that safetensors itself writes."""
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in ordered:
        start, end = end, end + tensor.bytes
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": tensor.shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for name, tensor in ordered:
            for block in _blocks_of(name, tensor):
                out.write(block)


def class_of(config):
    """The class of the model that a checkpoint holds, from its configuration: with its language-modelling head if it has one,
    but with no other head. Raises LinguistError if it is of another type of model than the configuration."""
    name = (config.architectures or [""])[0]
    if not name.endswith(LANGUAGE_HEADS):
        return _base_class(config)
    found = getattr(transformers, name, None)
    if getattr(found, "config_class", None) is not type(config):
        raise LinguistError(
            f"config.json: its architectures, {name}, are not of its model_type, {config.model_type}; correct one of them"
        )
    return found


def _base_class(config):
    found = AutoModel._model_mapping.get(type(config), None)
    if not isinstance(found, type):
        raise LinguistError(
            f"config.json: {config.model_type} is no single model; give one for text, such as GPT-2 or BERT"
        )
    return found


def fitting_tensors(model_class, config, tensors):
    """Those of `tensors` that belong to a model of this class or to its base.

    Transformers itself matches names and shapes, in a model without memory for its weights (the meta device).
    Raises LinguistError if a tensor has another shape than in the model, is missing, or has no place in it. A pooler may be
    missing: it is drawn with the classification head. Other heads have no place, and are left out.
    """
    cure = "give the config.json that belongs to the weights"
    layers = getattr(config, "num_hidden_layers", None) or 0
    if layers > len(tensors):
        raise LinguistError(f"config.json has {layers} layers, the weights have {len(tensors)} tensors; {cure}")
    found, computed = {}, set()
    for wanted in (_base_class(config), model_class):
        report = _match(wanted, config, tensors)
        for name, theirs, ours in sorted(report["mismatched_keys"], key=str)[:1]:
            shapes = f"{name} is {list(theirs)} in the weights and {list(ours)} by config.json"
            raise LinguistError(f"{shapes}, one of {len(report['mismatched_keys'])} tensors of the wrong shape; {cure}")
        found |= {name: tensor for name, tensor in tensors.items() if name not in report["unexpected_keys"]}
        computed |= report["computed_keys"]
        if wanted is _base_class(config):
            prefix, parts = f"{wanted.base_model_prefix}.", {name.partition(".")[0] for name in report["own_keys"]}
            inside = tuple(f".{name}" for name in report["own_keys"] if name.count(".") > 1)
    missing = sorted(name for name in report["missing_keys"] if "pooler" not in name)
    left = sorted(tensors.keys() - found.keys() - computed)
    if missing:
        others = f" and have {name_some(left)} instead" if left else ""
        raise LinguistError(f"the weights lack {name_some(missing)} of a {model_class.__name__}{others}; {cure}")
    # A head lies beside the base model. What lies within it, or is a second copy of its tensors, is another model's.
    if foreign := [n for n in left if n.removeprefix(prefix).partition(".")[0] in parts or n.endswith(inside)]:
        raise LinguistError(f"the weights have {name_some(foreign)} that a {model_class.__name__} lacks; {cure}")
    return found


def name_some(names):
    """How many tensors there are, and the names of the first three."""
    names = sorted(names)
    return f"{len(names)} tensor{'s' * (len(names) > 1)} ({', '.join(names[:3])}{', …' * (len(names) > 3)})"


def _match(model_class, config, tensors):
    """What transformers reports on loading the tensors, with the names of the model's own tensors, and of those that it computes
    itself: they count as unexpected, and are never missing."""
    state = {name: torch.empty(t.shape, dtype=t.dtype, device="meta") for name, t in tensors.items()}
    options = {"device_map": "meta", "ignore_mismatched_sizes": True, "output_loading_info": True}
    model, report = load_pretrained(model_class, None, config=deepcopy(config), state_dict=state, **options)
    # Old checkpoints hold what a model computes itself, such as GPT-2's masks. Transformers does not report these.
    computed = re.compile(
        "|".join([*(model._keys_to_ignore_on_load_unexpected or ()), "position_ids$", "inv_freq$", "masked_bias$"])
    )
    prefix, own = f"{model.base_model_prefix}.", model.state_dict().keys()
    masks = [n for n in tensors if computed.search(n) and own.isdisjoint([n, n.removeprefix(prefix), prefix + n])]
    return report | {
        "own_keys": own,
        "computed_keys": {name for name in tensors if computed.search(name)},
        "unexpected_keys": {*masks, *report["unexpected_keys"]},
        "missing_keys": {name for name in report["missing_keys"] if not computed.search(name)},
    }
