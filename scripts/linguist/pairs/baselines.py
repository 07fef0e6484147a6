"""Baselines: what a method without a language model makes of a pair set.

Each gives one number a pair; one threshold on it, chosen on train, makes a classifier. A blind one compares no letter of
one side with one of the other: where it does well, the pair set has a shortcut. A shallow one (a blind one, or one that
compares short words) knows nothing of their order. The others are the biologist's own method.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product

import numpy as np
from Bio.Seq import reverse_complement, translate
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from linguist.intervals import auroc_interval, wilson
from linguist.pairs.duplicates import word_table
from linguist.sequences.alignment import local_similarity

CODONS = {"".join(bases): translate("".join(bases)) for bases in product("ACGT", repeat=3)}
# Letters of a word for "k-mer overlap". On the train splits of the demo, DNA pairs part wholly from 4 letters on, protein
# and coding pairs from 2 on; random sequences share fewer of the longer ones. Sentences have their best AUROC at 3 or 4
# letters in Chinese and Japanese, and gain little beyond in the others.
OVERLAP_WORD = {"sentence": 4, "dna": 6, "protein": 3, "coding": 3}
# ... and for "one sentence", of either side: few enough words that a few hundred rows can weigh them.
ONE_SENTENCE_WORD = {"sentence": (3, 3), "dna": (4, 4), "protein": (2, 2), "coding": (4, 2)}
FEWEST_ROWS = 50  # below that, weights of words mean nothing
MOST_ROWS = 5000  # above that, weights hardly change


@lru_cache(maxsize=100_000)
def translations(dna):
    """The three forward reading frames of a DNA sequence as residues; X for a codon with another letter than ACGT."""
    return tuple("".join(CODONS.get(dna[i : i + 3], "X") for i in range(frame, len(dna) - 2, 3)) for frame in range(3))


def lengths(kind, frame):
    """Letters of both sides of each pair: two arrays; of proteins beside DNA, the bases that code for them."""
    length1, length2 = (frame[column].str.len().to_numpy(int) for column in ("sentence1", "sentence2"))
    return length1, length2 * (3 if kind == "coding" else 1)


def length_difference(kind, frame):
    """Difference of the lengths, in units of the longer one, in 0..1."""
    length1, length2 = lengths(kind, frame)
    return abs(length1 - length2) / np.maximum(1, np.maximum(length1, length2))


def composition_distance(kind, frame, k=1):
    """Sum of the absolute differences of the frequencies of words of `k` letters, in 0..2."""
    counts = word_table([*frame["sentence1"], *frame["sentence2"]], k)
    shares = counts.multiply(1 / np.maximum(1, counts.sum(axis=1))[:, None]).tocsr()
    return abs(shares[: len(frame)] - shares[len(frame) :]).sum(axis=1)


def train_gc_match(kind, train):
    """A score that sees GC content and a protein's share of G, A, R and P, whose codons are rich in it.

    It is the distance of the former from what the latter predicts (a line fitted to the positives of `train`; Singer &
    Hickey 2000). None if `train` has too few rows.
    """
    same = train[train["label"] == 1]
    if len(train) < FEWEST_ROWS or len(same) < 2:
        return None
    gc, garp = share_of("GC", same["sentence1"]), share_of("GARP", same["sentence2"])
    slope = np.cov(gc, garp)[0, 1] / max(garp.var(ddof=1), 1e-9)
    offset = gc.mean() - slope * garp.mean()
    return lambda frame: abs(share_of("GC", frame["sentence1"]) - slope * share_of("GARP", frame["sentence2"]) - offset)


def share_of(letters, texts):
    """The share of some letters in each text."""
    return np.array([sum(map(text.count, letters)) / max(1, len(text)) for text in texts])


def kmer_overlap(kind, frame, k=None):
    """Words that both have, as a share of those that either has (Jaccard), in 0..1; DNA beside protein counts the words
    of its three translations."""
    n, size = len(frame), k or OVERLAP_WORD[kind]
    parts = zip(*map(translations, frame["sentence1"]), strict=True) if kind == "coding" else [frame["sentence1"]]
    table = word_table([*(text for part in parts for text in part), *frame["sentence2"]], size)
    table.data[:] = 1
    words1, words2 = table[:n], table[-n:] if n else table[:0]
    for start in range(n, table.shape[0] - n, n or 1):
        words1 = words1.maximum(table[start : start + n])
    both = words1.multiply(words2).sum(axis=1)
    return both / np.maximum(1, words1.sum(axis=1) + words2.sum(axis=1) - both)


def similarities(kind, frame):
    """Local similarity of each pair, in 0..1; of DNA beside protein, that of the best of its three translations."""
    pairs = zip(frame["sentence1"], frame["sentence2"], strict=True)
    if kind == "coding":
        return np.array(
            [max(_similarity("protein", text, text2) for text in translations(text1)) for text1, text2 in pairs]
        )
    return np.array([_similarity(kind, *pair) for pair in pairs])


def _similarity(kind, text1, text2):
    return local_similarity(kind, text1, text2) if text1 and text2 else 0.0


def alignment(kind, frame):
    """Local similarity of each pair, of DNA on the better of both strands, in 0..1."""
    score = similarities(kind, frame)
    if kind == "dna":
        score = np.maximum(
            score, similarities(kind, frame.assign(sentence1=frame["sentence1"].map(reverse_complement)))
        )
    return score


def train_one_sentence(kind, train):
    """A score that sees one sentence of each pair only: log odds from counts of its words (logistic regression).

    Of the two sides it takes the one with the better cross-validation on `train`. Nothing can be learned from one side
    of honest pairs (the "hypothesis only" baseline, Poliak et al. 2018). None if `train` has too few rows to tell.
    """
    if len(train) < FEWEST_ROWS or train["label"].value_counts().reindex([0, 1], fill_value=0).min() < 3:
        return None
    train = train.sample(min(len(train), MOST_ROWS), random_state=0)
    label, best = train["label"], (-1.0,)
    for side, k in zip(("sentence1", "sentence2"), ONE_SENTENCE_WORD[kind], strict=True):
        words = make_pipeline(CountVectorizer(analyzer="char", ngram_range=(1, k), lowercase=False), MaxAbsScaler())
        counts = words.fit_transform(train[side])
        model = LogisticRegression(C=0.1, solver="liblinear", random_state=0)
        accuracy = cross_val_score(model, counts, label, cv=3).mean()
        if accuracy > best[0]:
            best = accuracy, side, words, model.fit(counts, label)
    _, side, words, model = best
    return lambda frame: model.decision_function(words.transform(frame[side])) if len(frame) else np.empty(0)


@dataclass(frozen=True)
class Baseline:
    """`score(kind, frame)` gives one number a pair; `train(kind, frame)`, if given, gives that function (or None)."""

    name: str
    about: str
    shallow: bool
    blind: bool
    kinds: tuple[str, ...]
    score: Callable = None
    train: Callable = None

    def prepare(self, kind, train):
        return self.train(kind, train) if self.train else partial(self.score, kind)


EVERY = ("sentence", "dna", "protein", "coding")
TEXT, CODING = EVERY[:3], EVERY[3:]
BASELINES = [
    Baseline("length difference", "how far the lengths differ", True, True, EVERY, length_difference),
    Baseline("composition", "how far the letter frequencies differ", True, True, TEXT, composition_distance),
    Baseline(
        "2-mer composition",
        "how far the frequencies of words of two letters differ",
        True,
        True,
        TEXT,
        partial(composition_distance, k=2),
    ),
    Baseline(
        "composition", "how far GC content and share of G, A, R, P disagree", True, True, CODING, train=train_gc_match
    ),
    Baseline("k-mer overlap", "share of short words in common", True, False, TEXT, kmer_overlap),
    Baseline("k-mer overlap", "share of the translations' short words in common", False, False, CODING, kmer_overlap),
    Baseline(
        "one sentence", "short words of one sentence, weighed on train", True, True, EVERY, train=train_one_sentence
    ),
    Baseline("alignment", "similarity of the best local alignment", False, False, ("dna", "protein"), alignment),
    Baseline("codon table", "translation aligned with the protein", False, False, CODING, similarities),
]


def evaluate_baselines(kind, frames, kinds_of_pairs):
    """The figures of each baseline on the test split: a list of plain dicts.

    Args: `frames` maps train, dev and test to their pairs; `kinds_of_pairs` has for each row of test what kind of pair
    it is, None where it does not say.
    Threshold and direction come from train, or if that is empty from dev, or from test itself, which flatters. A figure
    that cannot be computed is None. `above` says whether the pairs called the same score above the threshold; AUROC is of
    the score in that direction, so it may fall below 0.5.
    """
    source = next((split for split in ("train", "dev", "test") if len(frames[split])), None)
    found = []
    for baseline in BASELINES:
        score = baseline.prepare(kind, frames["train"]) if kind in baseline.kinds else None
        if score is not None:
            found.append(
                {key: getattr(baseline, key) for key in ("name", "about", "shallow", "blind")}
                | _figures(score, frames, source, np.array(kinds_of_pairs, dtype=object))
            )
    return found


def _figures(score, frames, source, kinds_of_pairs):
    names = ("accuracy", "low", "high", "auroc", "auroc_low", "auroc_high", "threshold", "above", "threshold_from")
    figures = dict.fromkeys(names) | {"by_kind": {}}
    if source is None:
        return figures
    threshold, above = best_threshold(frames[source]["label"].to_numpy(), score(frames[source]))
    figures |= {"threshold": round(threshold, 6), "above": above, "threshold_from": source}
    label = frames["test"]["label"].to_numpy()
    if not len(label):
        return figures
    values = score(frames["test"])
    right = ((values > threshold) == above) == (label == 1)
    interval = auroc_interval(label, values if above else -values)
    figures |= {"accuracy": right.mean(), **dict(zip(("low", "high"), wilson(right.sum(), len(right)), strict=True))}
    figures |= dict(zip(("auroc", "auroc_low", "auroc_high"), interval, strict=True))
    figures["by_kind"] = {name: right[kinds_of_pairs == name].mean() for name in sorted(set(kinds_of_pairs) - {None})}
    return figures


def best_threshold(label, score):
    """The threshold on `score` that classifies most rows right, and whether label 1 lies above it: (number, bool).

    It lies midway between two scores, or beyond them all. Of both directions with the same number of rows right, that
    with the better AUROC is taken.
    """
    values, at = np.unique(score, return_inverse=True)
    thresholds = np.concatenate([[values[0] - 1], (values[1:] + values[:-1]) / 2, [values[-1] + 1]])
    ones = np.bincount(at, label == 1, len(values))
    zeros = np.bincount(at, label == 0, len(values))
    # Right with label 1 above thresholds[i]: the zeros among the i values below it, and the ones among the rest.
    right = np.concatenate([[0], np.cumsum(zeros)]) + ones.sum() - np.concatenate([[0], np.cumsum(ones)])
    wrong = len(label) - right
    area = roc_auc_score(label, score) if 0 < ones.sum() < len(label) else 0.5
    above = (right.max(), area) >= (wrong.max(), 1 - area)
    return float(thresholds[np.argmax(right if above else wrong)]), bool(above)
