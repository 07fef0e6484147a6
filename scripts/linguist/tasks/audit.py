"""The audit of a task, as that of a pair set."""

from itertools import product

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from linguist.intervals import auroc_interval, wilson
from linguist.pairs.audit import audit_rows, distributions_of_sequences, json_values, row_identity
from linguist.sequences.neighbours import identity_of_queries, read_neighbours
from linguist.tasks.overlaps import count_similar

SIDES = {"sequence": "dna"}
# What a shortcut reads of a sequence: {name: (what it measures, function of the sequences)}
SHORTCUTS = {
    "length": ("number of bases", lambda texts: texts.str.len().to_numpy(float)[:, None]),
    "composition": ("shares of A, C, G and T", lambda texts: shares_of_words(texts, 1)),
    "2-mer composition": ("shares of words of two letters", lambda texts: shares_of_words(texts, 2)),
}


def audit_task(frames, answers):
    """The audit of a task as plain values for JSON, with the parts of `pairs.audit.audit` that a task has.

    Args: `frames` is {split: data frame as from `store.read_task`}, `answers` the names of its classes. `baselines` are of
    SHORTCUTS.
    """
    found, _ = audit_rows(SIDES, frames, len(answers))
    everything = pd.concat(frames.values(), ignore_index=True)
    return json_values(
        {
            "kind": "dna",
            "labels": answers,
            **found,
            "similar": count_similar(*(frames[split]["sequence"].tolist() for split in ("test", "train"))),
            "trained_on": {},
            "distributions": distributions_of_sequences(SIDES, everything, len(answers)),
            "random_similarity": None,
            "tokens": {},
            "baselines": [score_shortcut(name, frames, len(answers)) for name in SHORTCUTS],
        }
    )


def identity_of_rows(frames, hits):
    """How near each test row of a task is to its train rows: see `row_identity`; `hits` is the file of its BLAST hits."""
    found, test = identity_of_queries(read_neighbours(hits)), frames["test"]
    shares = {text: found.get(name, 0.0) for name, text in zip(test["id"], test["sequence"], strict=True)}
    return row_identity(SIDES, frames, {"dna": shares})


def shares_of_words(texts, k):
    """The shares of the words of `k` letters ACGT in each text: an array, texts x words."""
    words = ["".join(word) for word in product("ACGT", repeat=k)]
    counts = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False, vocabulary=words).transform(texts)
    counts = counts.toarray()
    return counts / np.maximum(1, counts.sum(axis=1, keepdims=True))


def score_shortcut(name, frames, classes):
    """How well one of SHORTCUTS predicts test labels, by logistic regression on train: a dict as of `evaluate_baselines`."""
    about, measure = SHORTCUTS[name]
    train, test = frames["train"], frames["test"]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(measure(train["sequence"]), train["label"])
    values, label = measure(test["sequence"]), test["label"].to_numpy()
    right = model.predict(values) == label
    area = auroc_interval(label, model.decision_function(values)) if classes == 2 else (np.nan,) * 3
    return {
        "name": name,
        "about": about,
        "uses_order": False,
        "each_side_alone": True,
        "accuracy": right.mean(),
        **dict(zip(("low", "high"), wilson(right.sum(), len(right)), strict=True)),
        **dict(zip(("auroc", "auroc_low", "auroc_high"), area, strict=True)),
        "threshold": None,
        "above": None,
        "threshold_from": "train",
        "by_kind": {},
    }
