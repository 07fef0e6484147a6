"""A small study and what its preview would leave, with made-up measurements."""

import json

import pytest

from linguist.config.cut import cut_config
from linguist.config.settle import settle

SHAPE = {"n_layer": 3, "n_embd": 16, "n_head": 2, "n_positions": 256}
SPLITS = ("train", "dev", "test")
STUDY = {
    "resources": {
        "genome": {"url": "https://example.org/genome.fa.gz"},
        "rows": {"url": "https://example.org/rows.tsv"},
    },
    "pairsets": {
        "dna": {"kind": "dna", "recipe": "homologs", "queries": "genome", "search": ["genome"], "length": 50},
        "en": {"kind": "sentence", "recipe": "table", "files": {split: ["rows"] for split in SPLITS}},
    },
    "corpora": {"text": {"sources": {"english": {"kind": "text", "resources": ["rows"], "bytes": 50_000_000}}}},
    "tokenizers": {"bpe": {"type": "bpe", "vocab_size": 5000, "corpus": "text"}},
    "models": {"small": {"architecture": "gpt2", "tokenizer": "bpe", "corpus": "text", "shape": SHAPE}},
    "studies": {
        "one": {
            "title": "One",
            "question": "Does it?",
            "models": ["small"],
            "trainsets": ["en"],
            "seeds": [1, 2, 3],
            "tests": ["en", "dna"],
            "controls": [],
        }
    },
}


@pytest.fixture
def preview(tmp_path, monkeypatch):
    """(whole configuration, cut configuration, results of a preview) of STUDY. Resources have 4 GB, of which 1 MB was read; a row
    has 30 tokens, the longest 40; a token of the corpus has 4 bytes."""
    from transformers import GPT2Config, GPT2LMHeadModel

    monkeypatch.chdir(tmp_path)
    whole = settle(STUDY)
    results = tmp_path / "preview/results"

    def write(path, value):
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        (results / path).write_text(json.dumps(value))

    for name in STUDY["resources"]:
        write(f"records/{name}.json", {"bytes": 1_000_000, "whole_bytes": 4_000_000_000})
    counts = {"inputs": 20, "tokens": 600, "longest": 40}
    for name in STUDY["pairsets"]:
        write(f"tokens/{name}.bpe/tokens.json", {"max_length": 64} | dict.fromkeys(SPLITS, counts))
    write("corpora/text/manifest.json", {"sources": {"english": {"bytes": 1_000_000}}})
    write("tokens/text.bpe/train.json", {"tokens": 250_000, "sources": {"0": {"bytes": 1_000_000}}})
    model = GPT2LMHeadModel(GPT2Config(**SHAPE | {"n_layer": 1}, vocab_size=2000))
    model.save_pretrained(results / "models/small")
    return whole, cut_config(whole), results


@pytest.fixture
def parameters():
    """(layers, vocabulary) to the number of parameters of a GPT-2 of this shape, by its definition."""
    width = SHAPE["n_embd"]

    def count(layers, vocabulary):
        layer = 12 * width**2 + 13 * width
        return layers * layer + vocabulary * width + SHAPE["n_positions"] * width + 2 * width

    return count
