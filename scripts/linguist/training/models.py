"""Models before fine-tuning: fetched from a hub, a mirror or a folder, or made from scratch; and loaded for a task."""

from contextlib import contextmanager
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
)
from transformers.activations import NewGELUActivation
from transformers.utils import logging as transformers_logging

from linguist.errors import LinguistError, one_line
from linguist.files import atomic_path
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.types import masked_types

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()
LANGUAGE_HEADS = ("ForPreTraining", "ForMaskedLM", "ForCausalLM", "LMHeadModel")
HEADS = {"gpt2": AutoModelForCausalLM, "bert": AutoModelForMaskedLM}


def fetch_model(name, folder, *, hub=None, revision=None, path=None, mirror=None):
    """Put a pretrained model and its tokenizer at `folder`, in the form of `save_pretrained` (float32, safetensors).

    Args: `path` is a local folder; else `hub` and `revision` name it on the Hugging Face hub, whose cache and HF_ENDPOINT
    are honoured. A folder `{mirror}/{hub}` is taken instead of the hub where it exists.
    Raises LinguistError with the cause in one line.
    """
    source, options = str(path), {}
    if path is None:
        mirrored = Path(mirror or "") / hub
        source, options = (str(mirrored), {}) if mirror and mirrored.is_dir() else (hub, {"revision": revision})
    try:
        torch.manual_seed(0)  # for weights that the checkpoint lacks, as a pooler
        model = class_of(source, **options).from_pretrained(source, dtype=torch.float32, **options)
        tokenizer = load_tokenizer(source) if not options else load_from_hub(source, revision)
    except Exception as error:  # the hub's client, its HTTP library and safetensors each raise their own
        cure = "check the folder" if not options else "check id, revision and network, or give a local folder as path"
        raise LinguistError(f"models/{name}: cannot load {source} ({one_line(error)}); {cure}") from None
    save_model(model, tokenizer, folder)


def class_of(source, **options):
    """The class that loads all of a checkpoint: its language-modelling head too, where it has one, but no other head."""
    names = AutoConfig.from_pretrained(source, **options).architectures or [""]
    return getattr(transformers, names[0]) if names[0].endswith(LANGUAGE_HEADS) else AutoModel


def load_from_hub(hub, revision):
    """The tokenizer of a hub model at a revision, without its traps."""
    from huggingface_hub import snapshot_download

    return load_tokenizer(
        snapshot_download(hub, revision=revision, allow_patterns=["*token*", "vocab*", "merges*", "config.json"])
    )


def initialize_model(name, architecture, shape, tokenizer_folder, seed, folder):
    """Make a model of the given architecture and shape with random weights, for `seed`; save it with its tokenizer."""
    tokenizer = load_tokenizer(tokenizer_folder)
    save_model(build_model(name, architecture, shape, tokenizer, seed), tokenizer, folder)


def randomize_model(source, seed, folder):
    """Make a model like the one in the folder `source`, its tokenizer too, with random weights, for `seed`."""
    config = AutoConfig.from_pretrained(source)
    kind = class_of(source)
    torch.manual_seed(seed)
    save_model(kind.from_config(config) if kind is AutoModel else kind(config), load_tokenizer(source), folder)


def build_model(name, architecture, shape, tokenizer, seed, attention=None, context=0):
    """A language model (next-token head for gpt2, masked-token head for bert) with random weights, drawn from `seed`.

    Vocabulary size and special-token ids come from the tokenizer: with the architecture's own defaults a small
    vocabulary would point past its end. `shape` are fields of the Hugging Face configuration; `attention` is a backend's
    name, or None for the architecture's own choice; `context` the tokens it must have positions for.
    """
    ids = {f"{token}_token_id": getattr(tokenizer, f"{token}_token_id") for token in ("bos", "eos", "pad")}
    known = AutoConfig.for_model(architecture).to_dict()
    given = sorted(set(shape) & {"vocab_size", *ids})
    if given:
        raise LinguistError(f"config: models.{name}.shape: {given[0]} comes from the tokenizer; leave it out")
    unknown = sorted(set(shape) - set(known))
    if unknown:
        raise LinguistError(
            f"config: models.{name}.shape: {architecture} has no field '{unknown[0]}'; see its configuration"
        )
    if architecture == "bert" and tokenizer.mask_token_id is None:
        raise LinguistError(
            f"config: models.{name}.tokenizer: bert needs one with a mask token, of type {masked_types()}"
        )
    try:
        torch.manual_seed(seed)
        config = AutoConfig.for_model(architecture, **shape, vocab_size=len(tokenizer), **ids)
        model = HEADS[architecture].from_config(config, attn_implementation=attention)
    except Exception as error:  # transformers checks little: a wrong value surfaces as anything, anywhere
        raise LinguistError(f"config: models.{name}.shape: {type(error).__name__}: {one_line(error)}") from None
    if config.max_position_embeddings < context:
        raise LinguistError(
            f"config: models.{name}: pretraining.context is {context}, but its shape has {config.max_position_embeddings} "
            "positions; lower context, or raise n_positions (gpt2) or max_position_embeddings (bert)"
        )
    return fuse_activations(model)


def fuse_activations(model):
    """The model with GPT-2's activation as one operation instead of eight: the same function."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, NewGELUActivation):
                setattr(module, name, nn.GELU("tanh"))
    return model


def save_model(model, tokenizer, folder, card=None):
    """Save a model and its tokenizer, and perhaps its card, as one Hugging Face folder, whole or not at all."""
    with atomic_path(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        if card is not None:
            (temporary / "README.md").write_text(card, encoding="utf-8")


def load_classifier(folder, classes, seed, attention):
    """A sequence classifier for `classes` (their names, or None for the number that the folder's has) on the body in
    `folder`; its head, where new, is drawn from `seed`.

    The seed comes before the head is built: runs of one seed then differ in nothing. `attention` is a backend's name,
    or None for the architecture's own choice.
    """
    torch.manual_seed(seed)
    with loading(folder, "a sequence classifier", attention):
        names = {}
        if classes is not None:
            names = {"id2label": dict(enumerate(classes)), "label2id": {name: i for i, name in enumerate(classes)}}
        config = AutoConfig.from_pretrained(folder, **names)
        if config.pad_token_id is None:
            config.pad_token_id = config.eos_token_id
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, config=config, dtype=torch.float32, attn_implementation=attention
        )
    return fuse_activations(model)


def load_language_model(folder, attention):
    """The causal language model in `folder`. Raises LinguistError for another kind of model."""
    with loading(folder, "a language model that goes on with a text", attention):
        config = AutoConfig.from_pretrained(folder)
        masked, causal = AutoModelForMaskedLM._model_mapping, AutoModelForCausalLM._model_mapping
        if type(config) in masked or type(config) not in causal:
            raise LinguistError(f"{folder}: a {config.model_type} does not go on with a text; give a GPT-2 or its like")
        model = AutoModelForCausalLM.from_pretrained(
            folder, config=config, dtype=torch.float32, attn_implementation=attention
        )
    return fuse_activations(model)


def load_body(folder, attention):
    """The model in `folder`, or that of a fine-tuned classifier, without its head: what gives hidden states."""
    with loading(folder, "a model", attention):
        config = AutoConfig.from_pretrained(folder)
        if config.pad_token_id is None:
            config.pad_token_id = config.eos_token_id
        model = AutoModel.from_pretrained(folder, config=config, dtype=torch.float32, attn_implementation=attention)
    return fuse_activations(model)


@contextmanager
def loading(folder, what, attention):
    """Errors of loading a model, in one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        lacking = attention and (attention in str(error) or "attention implementation" in str(error))
        cure = "; set finetuning.attention: eager" if lacking else ""
        raise LinguistError(f"{folder}: cannot be loaded as {what} ({one_line(error)}){cure}") from None
