"""Weights in files: which tensors there are, whether they fit a model, and copying them a block at a time."""

import json
import logging
import math
import re
import sys
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
# Heads of models on the hub that no class of transformers has with their configuration.
OTHER_HEADS = dict.fromkeys(["deberta", "deberta-v2"], ("lm_predictions.", "mask_predictions."))
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
    """{name: Tensor} of the weights in a model's folder. Raises LinguistError if there are none or if a part is missing, and
    whatever safetensors or torch raise for a damaged file."""
    names = weight_files(files_in(folder))
    if not names:
        raise LinguistError("no model.safetensors and no pytorch_model.bin; give a whole Hugging Face folder")
    if parts := re.search(r"-of-(\d+)\.", names[0]):
        whole = {re.sub(r"\d+-of", f"{number:05}-of", names[0]) for number in range(1, int(parts[1]) + 1)}
        if absent := sorted(whole - set(names)):
            raise LinguistError(f"{absent[0]} is missing, a part of the weights; give a whole Hugging Face folder")
    found = {}
    for file in (Path(folder) / name for name in names):
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
    missing: it is drawn with the classification head. The heads that the architecture has in transformers are left out.
    """
    cure = "give weights and config.json of the same model"
    layers = getattr(config, "num_hidden_layers", None) or 0
    if layers > len(tensors):
        raise LinguistError(f"config.json has {layers} layers, the weights have {count_tensors(tensors)}; {cure}")
    left, computed = tensors.keys(), set()
    for wanted in (_base_class(config), model_class):
        match = _match(wanted, config, tensors)
        for name, theirs, ours in sorted(match.mismatched, key=str)[:1]:
            shapes = f"{name} is {list(theirs)} in the weights and {list(ours)} by config.json"
            raise LinguistError(f"{shapes} ({count_tensors(match.mismatched)} of another shape); {cure}")
        left, computed = left & match.unexpected, computed | match.computed
    missing, foreign = {name for name in match.missing if "pooler" not in name.split(".")}, left - computed
    if missing:
        others = f" and have {name_some(foreign)} instead" if foreign else ""
        if prefix := _added_prefix(missing, foreign):
            cure = f"give weights whose names do not begin with {prefix!r}"
        raise LinguistError(f"the weights lack {name_some(missing)} of a {model_class.__name__}{others}; {cure}")
    foreign = {name for name in foreign if not name.startswith(OTHER_HEADS.get(config.model_type, ()))}
    for kind in _kinds_with_head(config):
        foreign = foreign and foreign & _match(kind, config, tensors).unexpected
    if foreign:
        cure = f"{cure}, or weights without these tensors"
        raise LinguistError(
            f"the weights have {name_some(foreign)} that no {config.model_type} of this config.json has; {cure}"
        )
    return {name: tensor for name, tensor in tensors.items() if name not in left}


def name_some(names):
    """How many tensors there are, and the names of the first three."""
    return f"{count_tensors(names)} ({', '.join(sorted(names)[:3])}{', …' * (len(names) > 3)})"


def count_tensors(tensors):
    return f"{len(tensors)} tensor{'s' * (len(tensors) > 1)}"


def _added_prefix(missing, foreign):
    """What stands before the names of all missing tensors among the foreign ones, such as "module."; empty if nothing does."""
    first = min(missing)
    prefixes = {name.removesuffix(first) for name in foreign if name.endswith(first)}
    return next((prefix for prefix in sorted(prefixes) if all(prefix + name in foreign for name in missing)), "")


def _kinds_with_head(config):
    """The classes of transformers for this architecture that have a head: for tokens, sequences, answers and so on."""
    module = sys.modules[_base_class(config).__module__]
    return [
        found
        for name, found in vars(module).items()
        if re.search("For|Head", name) and getattr(found, "config_class", None) is type(config)
    ]


@dataclass(frozen=True)
class Match:
    """How tensors fit a class of models: names of parameters that are missing; (name, shape, the model's shape) of those that
    differ in shape; names of tensors that the class has no place for, and which of these it computes itself."""

    missing: set
    mismatched: set
    unexpected: set
    computed: set


def _match(model_class, config, tensors):
    """The Match that transformers finds on loading the tensors."""
    state = {name: torch.empty(t.shape, dtype=t.dtype, device="meta") for name, t in tensors.items()}
    options = {"device_map": "meta", "ignore_mismatched_sizes": True, "output_loading_info": True}
    model, report = load_pretrained(model_class, None, config=deepcopy(config), state_dict=state, **options)
    # Old checkpoints hold what a model computes itself, such as GPT-2's masks. Transformers does not report these. Its patterns
    # also match weights: "attn.bias" is found in "c_attn.bias".
    patterns = [*(model._keys_to_ignore_on_load_unexpected or ()), r"(^|\.)(position_ids|inv_freq|masked_bias)$"]
    prefix, own = f"{model.base_model_prefix}.", model.state_dict().keys()
    buffers = {name for name, _ in model.named_buffers()} - own
    computed = set()
    for name in tensors:
        names = {name, name.removeprefix(prefix), prefix + name}
        if names & buffers or (re.search("|".join(patterns), name) and not names & own):
            computed.add(name)
    parameters = {name for name, _ in model.named_parameters()}
    unexpected = computed | report["unexpected_keys"]
    return Match(report["missing_keys"] & parameters, report["mismatched_keys"], unexpected, computed)
