"""Pretraining of tiny models: corpora of a few sentences, and jobs."""

import random

from helpers.data import SENTENCES, SHAPES, letters
from linguist.corpora.mixture import CORPUS_SPLITS, OUTPUTS, mix_corpus
from linguist.corpora.store import read_split
from linguist.files import write_lines
from linguist.tokenizers.packed import encode_corpus
from linguist.tokenizers.training import train_tokenizer
from linguist.training.models import DROPOUTS

CONTEXT = 32
KINDS = {"gpt2": "bpe", "bert": "wordpiece"}
OUTPUT_NAMES = {"model": "model", "metrics": "metrics.json", "curve": "curve.tsv"}
# Options of a pretraining of seconds, over those of the fixture `options`.
FEW = {"evaluations": 2, "context": CONTEXT, "dev_blocks": 7, "compile": False, "select_by": "last"}
FEW |= {"learning_rate": 1e-2, "batch_size": 16, "checkpoint_minutes": 9}


def encode_sample(architecture, folder):
    """A corpus of English sentences and DNA in the tokens of an architecture: (folder of its tokenizer, paths)."""
    draw = random.Random(4)
    words = " ".join(SENTENCES[:4]).split()
    documents = {
        "english": [" ".join(draw.choices(words, k=draw.randint(3, 25))) for _ in range(150)],
        "genome": [letters(draw, draw.randint(20, 200)) for _ in range(60)],
    }
    return encode_mixture(folder, KINDS[architecture], 320, documents)


def encode_mixture(folder, kind, size, documents):
    """A corpus of {source: documents}, and its tokenizer; returns (folder of the tokenizer, paths for `pretrain`)."""
    sources = {}
    for name, lines in documents.items():
        write_lines(folder / f"{name}.txt", lines)
        about = {"kind": "dna" if name == "genome" else "text", "resources": ["r"], "licence": f"licence of {name}"}
        sources[name] = {"path": folder / f"{name}.txt"} | about
    names = ("manifest.json", "train.txt", "dev.txt", "train.sources.npy", "dev.sources.npy")
    mixed = dict(zip(OUTPUTS, (str(folder / name) for name in names), strict=True))
    mix_corpus(sources, mixed, dev=0.15, seed=1)
    texts = [text for _, text in read_split(mixed["train"], mixed["train_sources"])]
    train_tokenizer(kind, texts, folder / "tokenizer", vocab_size=size)
    corpus = {key: mixed[key] for key in ("manifest", "train_sources", "dev_sources")}
    for split in CORPUS_SPLITS:
        corpus[split], corpus[f"{split}_info"] = (str(folder / f"{split}.{end}") for end in ("bin", "json"))
        encode_corpus(
            folder / "tokenizer", mixed[split], mixed[f"{split}_sources"], corpus[split], corpus[f"{split}_info"]
        )
    return str(folder / "tokenizer"), corpus


def job_of(architecture, corpora, folder, options, seed=1, **shape):
    """The arguments of `pretrain`, as JSON has them. The model has dropout, so that random states matter."""
    tokenizer, corpus = corpora[architecture]
    layers = {"gpt2": {"n_layer": 1}, "bert": {"num_hidden_layers": 1}}[architecture]
    layers |= dict.fromkeys(DROPOUTS[architecture], 0.1)
    return {
        "name": "nano",
        "model": {"architecture": architecture, "shape": SHAPES[architecture] | layers | shape, "seed": seed},
        "tokenizer": tokenizer,
        "corpus": corpus,
        "options": options,
        "outputs": {key: str(folder / name) for key, name in OUTPUT_NAMES.items()},
        "checkpoint": str(folder / "work/checkpoint.pt"),
        "threads": 1,
        "events": str(folder / "events"),
    }
