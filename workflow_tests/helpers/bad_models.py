"""Small folders of models, each with one thing that does not fit, and the words of the error that names it."""

import json

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


# Of a BERT: {what is wrong: (a change of its folder, a pattern of the error)}
BAD_MODELS = {
    "prefix": (
        tensors(lambda held: {f"net.{n}": t for n, t in held.items()}),
        r"lack \d+ tensors \(bert\.emb.* instead",
    ),
    "missing": (tensors(lambda held: without(held, "attention.self.query")), r"lack 4 tensors \(.*query\.bias"),
    "shape": (tensors(larger), r"intermediate\.dense\.weight is \[\d+, \d+\] in the weights"),
    "left-over": (tensors(another_layer), r"have 16 tensors \(.*layer\.7\.\S+, \S+, \S+, …\) that a"),
    "second-copy": (tensors(second_copy), r"have \d+ tensors \(ema\.bert"),
    "empty": (tensors(lambda held: {"steps": held[first_of(held, "bias")]}), r"lack|tensors"),
    "large-tokenizer": (tokenizer(add_tokens), r"vocab_size \d+, but 3 tokens .*'extra0' is token \d+"),
    "no-padding": (tokenizer(drop_padding), "neither a padding nor an end token"),
    "other-padding": (settings("config.json", pad_token_id=77), r"pad_token_id 77 \('.+'\), but the tokenizer's"),
    "own-code": (settings("config.json", auto_map={"AutoModel": "own.Model"}), "needs its own code .* does not run"),
}
