"""The audit of a task: as that of a pair set, and how near its test rows are to its train rows."""

from itertools import product

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from linguist.intervals import auroc_interval, wilson
from linguist.pairs.audit import audit_rows, json_values
from linguist.tasks.neighbours import bin_rows, read_neighbours

SIDES = {"sequence": "dna"}
# What a shortcut reads of a sequence: {name: (what it measures, function of the sequences)}
SHORTCUTS = {
    "length": ("number of bases", lambda texts: texts.str.len().to_numpy(float)[:, None]),
    "composition": ("shares of A, C, G and T", lambda texts: shares_of_words(texts, 1)),
    "2-mer composition": ("shares of words of two letters", lambda texts: shares_of_words(texts, 2)),
}


def audit_task(frames, answers, hits):
    """The audit of a task as plain values for JSON, with the parts of `pairs.audit.audit` that a task has.

    Args: `frames` is {split: data frame as from `store.read_task`}, `answers` the names of its classes, `hits` the file of
    the test split's BLAST hits among the train rows. `identity` counts test rows by their identity to the nearest train
    row ({bin: rows}, see `neighbours.bin_rows`); `baselines` are of SHORTCUTS.
    """
    found, _ = audit_rows(SIDES, frames, len(answers))
    bins = bin_rows(read_neighbours(hits), frames["test"]["id"])
    return json_values(
        {
            "kind": "dna",
            "labels": answers,
            **found,
            "trained_on": {},
            "distributions": [],
            "random_similarity": None,
            "tokens": {},
            "baselines": [score_shortcut(name, frames, len(answers)) for name in SHORTCUTS],
            "identity": {name: len(ids) for name, ids in bins.items()},
        }
    )


def shares_of_words(texts, k):
    """The shares of the words of `k` letters ACGT in each text: an array, texts x words."""
    words = ["".join(word) for word in product("ACGT", repeat=k)]
    counts = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False, vocabulary=words).transform(texts)
    counts = counts.toarray()
    return counts / np.maximum(1, counts.sum(axis=1, keepdims=True))


def score_shortcut(name, frames, classes):
    """How well one of SHORTCUTS predicts the test labels, by logistic regression on train: a dict as of `evaluate_baselines`."""
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
