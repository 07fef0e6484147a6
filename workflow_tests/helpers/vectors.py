"""Token vectors of tiny models, measured; and what they should be, by a slow loop."""

import random

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from helpers.data import SHAPES, letters
from linguist.tokenizers.training import train_tokenizer
from linguist.training.models import initialize_model
from linguist.vectors.distances import measure_distances

OPTIONS = {"permutations": 40, "sample": 30, "batch_size": 16, "seed": 1}


def make_reader(architecture, folder):
    """The folder of a tiny GPT-2 or BERT whose vocabulary has tokens of all classes."""
    draw, kind = random.Random(7), {"gpt2": "bpe", "bert": "wordpiece"}[architecture]
    english = [letters(draw, draw.randint(2, 6), "abdeginorst") for _ in range(60)]
    proteins = [letters(draw, 4, "DEFHIKLM") for _ in range(10)]
    texts = [" ".join([*draw.choices(english, k=8), *draw.choices(proteins, k=2)]) for _ in range(200)]
    texts += [letters(draw, 60) for _ in range(60)]
    train_tokenizer(kind, texts, folder / kind, vocab_size=450)
    initialize_model(
        "tiny",
        {"architecture": architecture, "shape": SHAPES[architecture], "seed": 1},
        folder / kind,
        folder / architecture,
    )
    return folder / architecture


def measure(model, folder):
    """`folder` with the files that `measure_distances` writes for a model."""
    targets = {"distances": folder / "distances.json", "words": folder / "words.npz"}
    measure_distances(model, OPTIONS, targets, 1)
    return folder


def slowly(folder, words):
    """Vectors (layers + 1, words, width), a word at a time, with transformers alone."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    found = []
    for word in words:
        inputs = tokenizer(word, return_tensors="pt", return_special_tokens_mask=True)
        inside = inputs.pop("special_tokens_mask")[0] == 0
        with torch.inference_mode():
            states = model(**inputs, output_hidden_states=True).hidden_states
        found.append(np.stack([layer[0, inside].mean(dim=0).numpy() for layer in states]))
    return np.stack(found, axis=1)
