"""Fixtures for unit tests, made in seconds without any file from outside: tiny tokenizers, models and pair sets."""

import os
import random

os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import pytest

from helpers.data import RESIDUES, SENTENCES, SHAPES, letters


@pytest.fixture(scope="session")
def texts():
    """Sentences in seven languages, DNA and protein."""
    draw = random.Random(1)
    dna = [letters(draw, 150) for _ in range(40)]
    return SENTENCES + dna + [letters(draw, 150, RESIDUES) for _ in range(40)]


@pytest.fixture(scope="session")
def tokenizers(texts, tmp_path_factory):
    """{architecture: folder of the tokenizer it goes with}."""
    from linguist.tokenizers.training import train_tokenizer

    folder = tmp_path_factory.mktemp("tokenizers")
    for kind in ("bpe", "wordpiece"):
        train_tokenizer(kind, texts, folder / kind, vocab_size=500)
    return {"gpt2": folder / "bpe", "bert": folder / "wordpiece"}


@pytest.fixture(scope="session")
def folders(tokenizers, tmp_path_factory):
    """{kind: folder of a tokenizer}."""
    from linguist.tokenizers.training import train_tokenizer

    folder = tmp_path_factory.mktemp("kmer") / "tokenizer"
    train_tokenizer("kmer", (), folder, k=3)
    return {"bpe": tokenizers["gpt2"], "wordpiece": tokenizers["bert"], "kmer": folder}


@pytest.fixture(scope="session")
def base_models(tokenizers, tmp_path_factory):
    """{architecture: folder of a tiny model with random weights}."""
    from linguist.training.models import initialize_model

    folder = tmp_path_factory.mktemp("models")
    for architecture, shape in SHAPES.items():
        initialize_model(
            "tiny",
            {"architecture": architecture, "shape": shape, "seed": 1},
            tokenizers[architecture],
            folder / architecture,
        )
    return {architecture: folder / architecture for architecture in SHAPES}


@pytest.fixture(scope="session")
def easy_pairs():
    """Rows that a model must learn: the second sequence is DNA (1) or protein (0)."""
    import pandas as pd

    draw = random.Random(2)
    rows = [
        (f"r{i}", letters(draw, draw.randint(5, 40)), letters(draw, 20, "ACGT" if i % 2 else "DEFHIKLM"), i % 2)
        for i in range(96)
    ]
    return pd.DataFrame(rows, columns=["id", "sentence1", "sentence2", "label"])


@pytest.fixture(scope="session")
def encoded(tokenizers, easy_pairs, tmp_path_factory):
    """{architecture: {split: token file}} of the easy pairs."""
    from linguist.tokenizers.encoding import encode_pairs
    from linguist.tokenizers.loading import load_tokenizer

    folder, files = tmp_path_factory.mktemp("tokens"), {}
    for architecture, tokenizer in tokenizers.items():
        for split, rows in {"train": easy_pairs[:64], "dev": easy_pairs[64:]}.items():
            tokens, _ = encode_pairs(rows, load_tokenizer(tokenizer), 100)
            files.setdefault(architecture, {})[split] = folder / architecture / f"{split}.npz"
            tokens.save(files[architecture][split])
    return files


@pytest.fixture
def options():
    """Training options for tiny models; a checkpoint after every step."""
    return {
        "learning_rate": 1e-3,
        "batch_size": 8,
        "epochs": 2,
        "schedule": "constant_with_warmup",
        "warmup": 0.1,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "select_by": "loss",
        "precision": "fp32",
        "attention": "auto",
        "checkpoint_minutes": 0,
    }
