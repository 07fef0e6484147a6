"""Models: fetched from a hub, a mirror or a folder, made with random weights, and loaded for a use."""

import logging
import shutil

import torch
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

from linguist.errors import LinguistError, machine_failure, naming, one_line
from linguist.files import atomic_path, reading_result, write_json
from linguist.layout import FETCH_WARNINGS
from linguist.tokenizers.fit import check_tokenizer
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.pretrained import load_pretrained, refuse_own_code
from linguist.training import cpu
from linguist.training.hub import download_model, find_model
from linguist.training.weights import class_of, fitting_tensors, name_some, read_tensors, write_tensors

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()
log = logging.getLogger("linguist")
HEADS = {"gpt2": AutoModelForCausalLM, "bert": AutoModelForMaskedLM}
DROPOUTS = {  # fields of a configuration
    "gpt2": ("resid_pdrop", "embd_pdrop", "attn_pdrop"),
    "bert": ("hidden_dropout_prob", "attention_probs_dropout_prob"),
}
LAST_TOKEN = ("xlnet",)  # model types whose classifier reads the last place of a row, which may be padding


def fetch_model(name, folder, *, hub=None, revision=None, path=None, mirror=None, cut=None):
    """Put a pretrained model and its tokenizer in `folder`, whole or not at all. The weights are copied as they are, block by
    block, into one safetensors file: they are not loaded into memory.

    Args: `path` is a local folder. Without it, `hub` and `revision` name the model on the Hugging Face hub, which is asked
    unless the folder `{mirror}/{hub}` exists or the hub's cache has the model. For a preview, `cut` has `layers`: the model gets
    so many, and random weights. Weights on the hub are then not downloaded, those on this machine are checked all the same.
    Raises LinguistError with the cause, also if weights or tokenizer do not fit config.json, or if the architecture has no
    sequence classifier. What may be wrong is in FETCH_WARNINGS of `folder`, and in the log.
    """
    given = path or hub
    try:
        with atomic_path(folder) as temporary:
            source = here = find_model(hub, revision, path, mirror)
            if source is None:
                source = temporary.with_name(".downloads")
                download_model(f"models/{name}", hub, revision, source, mirror, weights=not cut)
            refuse_own_code(source, given)
            config = load_pretrained(AutoConfig, source)
            with naming(given):
                refuse_architecture(config)
                model_class = class_of(config)
                if here or not cut:
                    held = read_tensors(source)
                    tensors = fitting_tensors(model_class, config, held)
                if cut:
                    held = tensors = draw_tensors(config, cut["layers"], temporary.with_name(".cut"))
                tokenizer = load_tokenizer(source)
                warnings = check_tokenizer(tokenizer, config)
            for warning in warnings:
                log.warning("models/%s: warning: %s", name, warning)
            if left := sorted(held.keys() - tensors.keys()):
                log.info("models/%s: left behind, as no part of a %s: %s", name, model_class.__name__, name_some(left))
            if config.pad_token_id is None and config.eos_token_id != tokenizer.pad_token_id:
                config.pad_token_id = tokenizer.pad_token_id
            tokenizer.save_pretrained(temporary)
            config.architectures = [model_class.__name__]
            config.dtype = torch.float32  # in which the weights are loaded, whatever the file has
            config.save_pretrained(temporary)
            write_tensors(tensors, temporary / "model.safetensors")
            write_json(temporary / FETCH_WARNINGS, warnings)
            if (source / "generation_config.json").is_file():
                shutil.copyfile(source / "generation_config.json", temporary / "generation_config.json")
    except LinguistError as error:
        raise LinguistError(f"models/{name}: {error}") from None
    except Exception as error:  # transformers, tokenizers, safetensors and torch each raise their own
        cure = (
            "check the folder"
            if not isinstance(error, OSError)
            else "check the folder, its permissions and the free space"
        )
        raise LinguistError(f"models/{name}: cannot load {given} ({one_line(error)}); {cure}") from None


def draw_tensors(config, layers, folder):
    """Cut a configuration to so many layers, and write a model of it with random weights; returns them, {name: Tensor}. The
    number of layers of the whole model becomes `whole_layers` of the configuration."""
    config.whole_layers = config.num_hidden_layers
    config.num_hidden_layers = min(layers, config.num_hidden_layers)
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[: config.num_hidden_layers]
    class_of(config)(config).save_pretrained(folder)
    return read_tensors(folder)


def refuse_architecture(config):
    """Raise LinguistError for an architecture that has no classifier for sequences padded on the right."""
    if type(config) not in AutoModelForSequenceClassification._model_mapping:
        problem = "has no sequence classifier in transformers"
    elif getattr(config, "is_encoder_decoder", False):
        problem = "has an encoder and a decoder"
    elif config.model_type in LAST_TOKEN:
        problem = "classifies a sequence by the last place of its row, which is often padding"
    else:
        return
    raise LinguistError(
        f"a model of type {config.model_type} cannot be fine-tuned here, since it {problem}; give an encoder such as BERT or "
        "ModernBERT, or a decoder such as GPT-2 or Llama"
    )


def initialize_model(name, entry, tokenizer_folder, folder):
    """Save a model with random weights, as `build_model` gives it, and its tokenizer."""
    tokenizer = load_tokenizer(tokenizer_folder)
    save_model(build_model(name, entry, tokenizer), tokenizer, folder)


def randomize_model(source, seed, folder):
    """Save a model like the one in the folder `source`, and its tokenizer, but with random weights, drawn from `seed`."""
    with reading_result(source):
        config = load_pretrained(AutoConfig, source)
    torch.manual_seed(seed)
    save_model(class_of(config)(config), load_tokenizer(source), folder)


def build_model(name, entry, tokenizer, attention=None, context=0):
    """A language model with random weights: with a next-token head for gpt2, with a masked-token head for bert.

    Args: `entry` is the model's entry in the config: architecture, shape (fields of the Hugging Face configuration) and seed.
    `attention` is a backend's name (None: the architecture's default); the model must have positions for `context` tokens.
    It is for pretraining if `context` is given, which has no dropout but what the shape asks for. The configuration keeps the
    architecture's own dropout, which fine-tuning then has.
    The size of the vocabulary and the special tokens come from the tokenizer, since the architecture's own defaults are ids
    beyond the end of a small vocabulary.
    Raises LinguistError for what the architecture does not allow.
    """
    architecture, shape = entry["architecture"], entry["shape"]
    ids = {f"{token}_token_id": getattr(tokenizer, f"{token}_token_id") for token in ("bos", "eos", "pad")}
    try:
        torch.manual_seed(entry.get("seed", 0))
        config = AutoConfig.for_model(architecture, **shape, vocab_size=len(tokenizer), **ids)
        defaults = {name: getattr(config, name) for name in DROPOUTS[architecture] if context and name not in shape}
        config.update(dict.fromkeys(defaults, 0.0))
        model = HEADS[architecture].from_config(config, attn_implementation=attention, trust_remote_code=False)
        model.config.update(defaults)
    except Exception as error:  # transformers checks little, so a wrong value can raise any exception
        raise LinguistError(f"config: models.{name}.shape: {type(error).__name__}: {one_line(error)}") from None
    if config.max_position_embeddings < context:
        raise LinguistError(
            f"config: models.{name}: pretraining.context is {context}, but its shape has {config.max_position_embeddings} "
            "positions; lower context, or raise n_positions (gpt2) or max_position_embeddings (bert)"
        )
    return fuse_activations(model)


def fuse_activations(model):
    """The model, with GPT-2's activation computed by one operation instead of eight. The function is the same."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, NewGELUActivation):
                setattr(module, name, nn.GELU("tanh"))
    return model


def save_model(model, tokenizer, folder, card=None):
    """Save a model, its tokenizer and a model card (if given) as one Hugging Face folder, whole or not at all."""
    with atomic_path(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        if card is not None:
            (temporary / "README.md").write_text(card, encoding="utf-8")


def load_classifier(folder, classes, seed, attention):
    """The model in `folder` as a sequence classifier for `classes` (their names; None: as many as the folder's has). If it has
    no classification head, one is drawn from `seed`.

    `attention` is a backend's name (None: the architecture's default).
    """
    names = {}
    if classes is not None:
        names = {"id2label": dict(enumerate(classes)), "label2id": {name: i for i, name in enumerate(classes)}}
    torch.manual_seed(seed)  # before the head is built, so that runs of one seed have the same head
    return _load(folder, AutoModelForSequenceClassification, "a sequence classifier", attention, **names)


def load_language_model(folder, attention):
    """The causal language model in `folder`. Raises LinguistError if the model is not causal."""
    return _load(folder, AutoModelForCausalLM, "a causal language model", attention)


def load_base_model(folder, attention):
    """The model or fine-tuned classifier in `folder`, without its head: it gives hidden states."""
    return _load(folder, AutoModel, "a model", attention)


def _load(folder, auto_class, what, attention, **names):
    """A model in float32; its attribute `loaded_share` is the share of its parameters that come from the folder. Every error of
    loading becomes a LinguistError."""
    try:
        config = load_pretrained(AutoConfig, folder, **names)
        if auto_class is AutoModelForCausalLM:
            masked, causal = AutoModelForMaskedLM._model_mapping, AutoModelForCausalLM._model_mapping
            if type(config) in masked or type(config) not in causal:
                raise LinguistError(f"{folder}: a {config.model_type} is not causal; give a GPT-2 or a similar model")
        elif config.pad_token_id is None:
            config.pad_token_id = config.eos_token_id
        if attention == cpu.ATTENTION and not cpu.computes_attention(config):
            attention = "eager"
        # Else transformers takes the memory of the wrong shape first, and draws missing weights at random.
        with naming(folder):
            fitting_tensors(class_of(config), config, read_tensors(folder))
        options = {"dtype": torch.float32, "attn_implementation": attention, "output_loading_info": True}
        model, report = load_pretrained(auto_class, folder, config=config, **options)
        if auto_class is AutoModelForCausalLM and report["missing_keys"]:
            missing = name_some(report["missing_keys"])
            raise LinguistError(f"{folder}: the weights lack {missing}; give a model with its language-modelling head")
        sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
        drawn = sum(sizes.get(name, 0) for name in report["missing_keys"])
        model.loaded_share = 1 - drawn / sum(sizes.values())
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        if machine_failure(error):
            raise
        if attention not in (None, "eager") and "attention implementation" in str(error):
            log.warning("warning: %s: a %s has no %s attention; eager is used", folder, config.model_type, attention)
            return _load(folder, auto_class, what, "eager", **names)
        cure = "if it is damaged, delete the folder and run again"
        raise LinguistError(f"{folder}: cannot be loaded as {what} ({one_line(error)}); {cure}") from None
    return fuse_activations(model)
