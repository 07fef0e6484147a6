"""Baselines of a task: what is reached without a language model. Each gives predictions in the form of a run's."""

import csv

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from linguist.files import write_json, write_table
from linguist.tasks.neighbours import nearest, read_hits

KMERS, NEIGHBOURS = "k-mers", "nearest neighbour"  # baselines, in the place of a model
WORDS = (3, 4, 5, 6)
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # inverse of the L2 penalty's weight
MOST = 10_000  # train rows that the choice is made on; the model chosen sees all


def kmer_model(k, strength):
    """Logistic regression on the counts of words of `k` letters, scaled to 0..1."""
    counts = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False)
    return make_pipeline(counts, MaxAbsScaler(), LogisticRegression(C=strength, max_iter=2000))


def choose_kmers(train, dev):
    """The word length and strength that get most of dev right, of WORDS and STRENGTHS: (k, strength, accuracy on dev)."""
    some = train.sample(min(MOST, len(train)), random_state=0)
    tried = [
        (kmer_model(k, c).fit(some["sequence"], some["label"]).score(dev["sequence"], dev["label"]), -k, -c)
        for k in WORDS
        for c in STRENGTHS
    ]
    accuracy, k, c = max(tried)
    return -k, -c, accuracy


def score_baselines(frames, classes, hits, predictions, about):
    """Score a task's test split: k-mer logistic regression and, with BLAST `hits` (a path or None), the class of the best
    hit among the train rows (the commonest class where there is none).

    Args: `frames` {split: data frame as from `tasks.read_task`}. Writes `predictions` (baseline, test row's id, label,
    score0 ...: log-probabilities) and `about` (JSON: what was chosen on dev).
    """
    train, dev, test = (frames[split] for split in ("train", "dev", "test"))
    k, strength, accuracy = choose_kmers(train, dev)
    model = kmer_model(k, strength).fit(train["sequence"], train["label"])
    scores = {KMERS: model.predict_log_proba(test["sequence"])}
    found = {"k": k, "C": strength, "dev_accuracy": float(accuracy)}
    if hits is not None:
        best = nearest(read_hits(hits))
        labels = dict(zip(train["id"], train["label"], strict=True))
        commonest = int(train["label"].mode()[0])
        called = [labels[best[name][0]] if name in best else commonest for name in test["id"]]
        scores[NEIGHBOURS] = np.eye(classes)[called]
        found["tests_with_neighbour"] = float(np.mean([name in best for name in test["id"]]))
    frames = [
        pd.DataFrame(
            {"baseline": name, "id": test["id"], "label": test["label"]}
            | {f"score{number}": column for number, column in enumerate(columns.T)}
        )
        for name, columns in scores.items()
    ]
    write_table(predictions, pd.concat(frames), quoting=csv.QUOTE_NONE)
    write_json(about, found)
