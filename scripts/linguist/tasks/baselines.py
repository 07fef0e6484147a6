"""Baselines of a task: methods without a language model. Their predictions have the form of a run's."""

import csv

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from linguist.files import write_json, write_table
from linguist.sequences.neighbours import rank_neighbours, read_neighbours

KMERS, NEIGHBOURS = "k-mers", "nearest neighbour"  # names that stand in the column of the model
K_VALUES = (3, 4, 5, 6)
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # C: inverse weight of the L2 penalty
MOST = 10_000  # train rows used to choose k and C; the chosen model is fitted on all


def kmer_model(k, strength):
    """Logistic regression (C = `strength`) on k-mer counts, scaled to 0..1."""
    counts = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False)
    return make_pipeline(counts, MaxAbsScaler(), LogisticRegression(C=strength, max_iter=2000))


def choose_kmers(train, dev):
    """The k and C with the highest dev accuracy among K_VALUES and STRENGTHS: (k, C, dev accuracy)."""
    some = train.sample(min(MOST, len(train)), random_state=0)
    tried = [
        (kmer_model(k, c).fit(some["sequence"], some["label"]).score(dev["sequence"], dev["label"]), -k, -c)
        for k in K_VALUES
        for c in STRENGTHS
    ]
    accuracy, k, c = max(tried)
    return -k, -c, accuracy


def score_task_baselines(frames, classes, hits, predictions, about):
    """Predict a task's test split with k-mer logistic regression, and with the class of the best BLAST hit among the train
    rows (the majority class without a hit).

    Args: `frames` is {split: data frame as from `store.read_task`}, `classes` the number of classes, `hits` the file of the
    hits. Writes `predictions` (table: baseline, id of the test row, label, score0 ...: log-probabilities) and `about`
    (JSON: rows of each split, k and C chosen on dev).
    """
    train, dev, test = (frames[split] for split in ("train", "dev", "test"))
    k, strength, accuracy = choose_kmers(train, dev)
    model = kmer_model(k, strength).fit(train["sequence"], train["label"])
    best = rank_neighbours(read_neighbours(hits))
    labels = dict(zip(train["id"], train["label"], strict=True))
    commonest = int(train["label"].mode()[0])
    called = [labels[best[name][0]] if name in best else commonest for name in test["id"]]
    scores = {KMERS: model.predict_log_proba(test["sequence"]), NEIGHBOURS: np.eye(classes)[called]}
    found = {
        "rows": {split: len(frame) for split, frame in frames.items()},
        "k": k,
        "C": strength,
        "dev_accuracy": float(accuracy),
        "tests_with_neighbour": float(np.mean([name in best for name in test["id"]])),
    }
    frames = [
        pd.DataFrame(
            {"baseline": name, "id": test["id"], "label": test["label"]}
            | {f"score{number}": column for number, column in enumerate(columns.T)}
        )
        for name, columns in scores.items()
    ]
    write_table(predictions, pd.concat(frames), quoting=csv.QUOTE_NONE)
    write_json(about, found)
