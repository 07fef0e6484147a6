"""Small folders of models, each with one thing that does not fit, and the words of the error that names it; and others with one
thing that is odd, but whole."""

import json

import torch
from safetensors.torch import load_file, save_file


def settings(name, **changes):
    def change(folder):
        found = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(found | changes))

    return change


def tensors(edit):
    def change(folder):
        path = folder / "model.safetensors"
        save_file(edit(load_file(path)), path, metadata={"format": "pt"})

    return change


def tokenizer(edit):
    """A change of tokenizer.json and of tokenizer_config.json, as two dicts."""

    def change(folder):
        paths = folder / "tokenizer.json", folder / "tokenizer_config.json"
        found = [json.loads(path.read_text()) for path in paths]
        edit(*found)
        for path, value in zip(paths, found, strict=True):
            path.write_text(json.dumps(value))

    return change


def add_tokens(spec, _):
    for i in range(3):
        spec["model"]["vocab"][f"extra{i}"] = len(spec["model"]["vocab"])


def drop_padding(spec, about):
    for name in ("pad_token", "eos_token"):
        about.pop(name, None)


def first_of(held, part):
    return next(name for name in sorted(held) if part in name)


def without(held, *parts):
    return {name: tensor for name, tensor in held.items() if not any(part in name for part in parts)}


def larger(held):
    return held | {(name := first_of(held, "intermediate.dense.weight")): held[name][:-1].clone()}


def another_layer(held):
    old = "encoder.layer.0."
    return held | {n.replace(old, "encoder.layer.7."): t.clone() for n, t in held.items() if old in n}


def second_copy(held):
    return held | {f"ema.{name}": tensor.clone() for name, tensor in held.items()}


def renamed(old, new):
    return tensors(lambda held: {name.replace(old, new, 1): tensor for name, tensor in held.items()})


def added(**extra):
    return tensors(lambda held: held | {name.replace("__", "."): tensor for name, tensor in extra.items()})


def in_shards(count, absent=None, pickled=False):
    """The weights in files of which each has an index, as of transformers; without the file of number `absent`."""

    def change(folder):
        held, ending = (
            load_file(folder / "model.safetensors"),
            ("pytorch_model", "bin") if pickled else ("model", "safetensors"),
        )
        (folder / "model.safetensors").unlink()
        for i in range(count):
            part = {name: held[name].clone() for name in sorted(held)[i::count]}
            path = folder / f"{ending[0]}-{i + 1:05}-of-{count:05}.{ending[1]}"
            if i + 1 != absent:
                torch.save(part, path) if pickled else save_file(part, path, metadata={"format": "pt"})

    return change


def pickled(folder):
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


# Of a BERT: {what is wrong: (a change of its folder, a pattern of the error)}
BAD_MODELS = {
    "prefix": (renamed("", "net."), r"lack \d+ tensors \(bert\.emb.* instead; give weights .* 'net\.'"),
    "renamed": (renamed(".attention.", ".attn."), r"lack \d+ tensors .* and have \d+ tensors \(.*attn.* instead"),
    "missing": (tensors(lambda held: without(held, "attention.self.query")), r"lack 4 tensors \(.*query\.bias"),
    "shape": (tensors(larger), r"intermediate\.dense\.weight is \[\d+, \d+\] in the weights"),
    "left-over": (tensors(another_layer), r"have 16 tensors \(.*layer\.7\.\S+, \S+, \S+, …\) that no bert of"),
    "second-copy": (tensors(second_copy), r"have \d+ tensors \(ema\.bert"),
    "unknown-head": (
        added(regressor__weight=torch.ones(1, 8)),
        r"have 1 tensor \(regressor\.weight\) that no bert of",
    ),
    "absent-part": (in_shards(3, absent=2), "model-00002-of-00003.safetensors is missing"),
    "absent-last-part": (in_shards(3, absent=3, pickled=True), "pytorch_model-00003-of-00003.bin is missing"),
    "empty": (tensors(lambda held: {"steps": held[first_of(held, "bias")]}), "2 layers, the weights have 1 tensor;"),
    "large-tokenizer": (tokenizer(add_tokens), r"vocab_size \d+, but 3 tokens .*'extra0' is token \d+"),
    "no-padding": (tokenizer(drop_padding), "neither a padding nor an end token"),
    "other-padding": (settings("config.json", pad_token_id=77), r"pad_token_id 77 \('.+'\), but the tokenizer's"),
    "own-code": (settings("config.json", auto_map={"AutoModel": "own.Model"}), "needs its own code .* does not run"),
}

# What is odd, but whole: {what: (architecture, a change of its folder)}
ODD_MODELS = {
    "shards": ("bert", in_shards(3)),
    "pickled": ("bert", pickled),
    "pickled-shards": ("gpt2", in_shards(2, pickled=True)),
    "gamma-and-beta": (
        "bert",
        lambda folder: [
            renamed("LayerNorm.weight", "LayerNorm.gamma")(folder),
            renamed("LayerNorm.bias", "LayerNorm.beta")(folder),
        ],
    ),
    "without-prefix": ("bert", renamed("bert.", "")),
    "gpt2-without-prefix": ("gpt2", renamed("transformer.", "")),
    "with-tied-head": ("gpt2", tensors(lambda held: held | {"lm_head.weight": held["transformer.wte.weight"].clone()})),
    "with-buffers": ("bert", added(bert__embeddings__position_ids=torch.arange(64)[None])),
    "gpt2-with-buffers": (
        "gpt2",
        added(
            transformer__h__0__attn__bias=torch.ones(1, 1, 64, 64),
            transformer__h__0__attn__masked_bias=torch.tensor(-1e4),
        ),
    ),
    "heads": (
        "bert",
        added(
            classifier__weight=torch.ones(7, 32),
            qa_outputs__bias=torch.ones(2),
            cls__seq_relationship__bias=torch.ones(2),
        ),
    ),
    "gpt2-heads": ("gpt2", added(score__weight=torch.ones(7, 32), multiple_choice_head__summary__bias=torch.ones(1))),
    "without-pooler": ("bert", tensors(lambda held: without(held, "pooler"))),
}
