"""Baselines: how well a method without a language model tells the labels of a pair set.

A baseline gives one number for each pair. One threshold on it, chosen on train, makes a classifier. A baseline that looks
at each side alone should perform at chance; where it does not, the pair set has a shortcut. A model has to do better than
every baseline without order information, since these only count letters or short words. The others are a biologist's
own methods.

A new baseline is one function below with the decorator `baseline`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from linguist.intervals import auroc_interval, wilson
from linguist.kinds import KINDS, SEARCHABLE
from linguist.pairs import measures
from linguist.splits import SPLITS

EVERY = tuple(KINDS)
ALIKE = tuple(name for name in EVERY if not KINDS[name].mixed)  # both sides have the same letters
TRANSLATED = tuple(name for name in EVERY if KINDS[name].translated)
FEWEST_ROWS = 50  # below that, weights of words mean nothing
MOST_ROWS = 5000  # above that, weights hardly change


@dataclass(frozen=True)
class Baseline:
    """A baseline, and the function that scores pairs.

    `function(kind, frame)` gives a score for each pair. With `fitted`, `function(kind, train)` gives such a function of a
    frame, or None if `train` has too few rows.
    """

    name: str
    about: str
    kinds: tuple[str, ...]
    uses_order: bool
    each_side_alone: bool
    function: Callable
    fitted: bool = False

    def scorer(self, kind, train):
        """The function that gives the scores of a frame, or None."""
        return self.function(kind, train) if self.fitted else partial(self.function, kind)


BASELINES: list[Baseline] = []


def baseline(name, about, **options):
    """Decorator: registers a function as the baseline `name`; `about` says what its score is.

    Options: the `kinds` of pairs that it scores; `uses_order`, whether the score depends on more than counts of short
    words; `each_side_alone`, whether it compares no letter of one side with a letter of the other; `fitted`.
    """

    def register(function):
        BASELINES.append(Baseline(name, about, function=function, **options))
        return function

    return register


@baseline("length difference", "how far the lengths differ", kinds=EVERY, uses_order=False, each_side_alone=True)
def score_lengths(kind, frame):
    return measures.length_difference(kind, frame)


@baseline("composition", "how far the letter frequencies differ", kinds=ALIKE, uses_order=False, each_side_alone=True)
def score_composition(kind, frame):
    return measures.composition_distance(kind, frame)


@baseline(
    "2-mer composition",
    "how far the frequencies of words of two letters differ",
    kinds=ALIKE,
    uses_order=False,
    each_side_alone=True,
)
def score_word_composition(kind, frame):
    return measures.composition_distance(kind, frame, k=2)


@baseline(
    "composition",
    "how far GC content and share of G, A, R, P disagree",
    kinds=TRANSLATED,
    uses_order=False,
    each_side_alone=True,
    fitted=True,
)
def fit_gc_match(kind, train):
    """The distance of the GC content from what the protein's share of G, A, R and P predicts, whose codons are rich in it.

    The prediction is a line fitted to the positives of `train` (Singer & Hickey 2000).
    """
    same = train[train["label"] == 1]
    if len(train) < FEWEST_ROWS or len(same) < 2:
        return None
    share_of = measures.share_of
    gc, garp = share_of("GC", same["sentence1"]), share_of("GARP", same["sentence2"])
    slope = np.cov(gc, garp)[0, 1] / max(garp.var(ddof=1), 1e-9)
    offset = gc.mean() - slope * garp.mean()
    return lambda frame: abs(share_of("GC", frame["sentence1"]) - slope * share_of("GARP", frame["sentence2"]) - offset)


@baseline("k-mer overlap", "share of short words in common", kinds=ALIKE, uses_order=False, each_side_alone=False)
def score_overlap(kind, frame):
    return measures.kmer_overlap(kind, frame)


@baseline(
    "k-mer overlap",
    "share of the translations' short words in common",
    kinds=TRANSLATED,
    uses_order=True,  # a translation depends on the order of bases
    each_side_alone=False,
)
def score_translated_overlap(kind, frame):
    return measures.kmer_overlap(kind, frame)


@baseline(
    "one sentence",
    "short words of one sentence, weighed on train",
    kinds=EVERY,
    uses_order=False,
    each_side_alone=True,
    fitted=True,
)
def fit_one_sentence(kind, train):
    """Log odds from counts of the words of one sentence of each pair (logistic regression).

    Of the two sides it takes the one with the better cross-validation on `train`. One side of a sound pair predicts
    nothing (the "hypothesis only" baseline, Poliak et al. 2018).
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    if len(train) < FEWEST_ROWS or train["label"].value_counts().reindex([0, 1], fill_value=0).min() < 3:
        return None
    train = train.sample(min(len(train), MOST_ROWS), random_state=0)
    label, best = train["label"], (-1.0,)
    for side, k in zip(("sentence1", "sentence2"), KINDS[kind].one_side_words, strict=True):
        words = make_pipeline(CountVectorizer(analyzer="char", ngram_range=(1, k), lowercase=False), MaxAbsScaler())
        counts = words.fit_transform(train[side])
        model = LogisticRegression(C=0.1, solver="liblinear", random_state=0)
        accuracy = cross_val_score(model, counts, label, cv=3).mean()
        if accuracy > best[0]:
            best = accuracy, side, words, model.fit(counts, label)
    _, side, words, model = best
    return lambda frame: model.decision_function(words.transform(frame[side])) if len(frame) else np.empty(0)


@baseline(
    "alignment", "similarity of the best local alignment", kinds=SEARCHABLE, uses_order=True, each_side_alone=False
)
def score_alignment(kind, frame):
    """The local similarity of each pair, of DNA on the better of both strands."""
    from Bio.Seq import reverse_complement

    score = measures.similarities(kind, frame)
    if KINDS[kind].both_strands:
        other_strand = frame.assign(sentence1=frame["sentence1"].map(reverse_complement))
        score = np.maximum(score, measures.similarities(kind, other_strand))
    return score


@baseline(
    "codon table", "translation aligned with the protein", kinds=TRANSLATED, uses_order=True, each_side_alone=False
)
def score_codon_table(kind, frame):
    return measures.similarities(kind, frame)


def evaluate_baselines(kind, frames, kinds_of_pairs):
    """How each baseline of a kind performs on the test split: a list of plain dicts.

    Args: `frames` maps train, dev and test to their pairs; `kinds_of_pairs` has the type of each test row, or None.

    The threshold and its direction come from train; if that is empty from dev, or from test itself, which flatters.
    `above` says whether pairs with a score above the threshold are called the same. AUROC is of the score in that
    direction, so it may be below 0.5. `by_kind` is the accuracy for each type of row. What cannot be computed is None.
    """
    source = next((split for split in SPLITS if len(frames[split])), None)
    found = []
    for one in BASELINES:
        score = one.scorer(kind, frames["train"]) if kind in one.kinds else None
        if score is not None:
            said = {key: getattr(one, key) for key in ("name", "about", "uses_order", "each_side_alone")}
            found.append(said | _metrics(score, frames, source, np.array(kinds_of_pairs, dtype=object)))
    return found


def _metrics(score, frames, source, kinds_of_pairs):
    names = ("accuracy", "low", "high", "auroc", "auroc_low", "auroc_high", "threshold", "above", "threshold_from")
    metrics = dict.fromkeys(names) | {"by_kind": {}}
    if source is None:
        return metrics
    threshold, above = best_threshold(frames[source]["label"].to_numpy(), score(frames[source]))
    metrics |= {"threshold": round(threshold, 6), "above": above, "threshold_from": source}
    label = frames["test"]["label"].to_numpy()
    if not len(label):
        return metrics
    values = score(frames["test"])
    right = ((values > threshold) == above) == (label == 1)
    interval = auroc_interval(label, values if above else -values)
    metrics |= {"accuracy": right.mean(), **dict(zip(("low", "high"), wilson(right.sum(), len(right)), strict=True))}
    metrics |= dict(zip(("auroc", "auroc_low", "auroc_high"), interval, strict=True))
    metrics["by_kind"] = {name: right[kinds_of_pairs == name].mean() for name in sorted(set(kinds_of_pairs) - {None})}
    return metrics


def best_threshold(label, score):
    """The threshold on `score` that classifies most rows correctly, and whether label 1 lies above it: (number, bool).

    It lies midway between two scores, or beyond all of them. If both directions classify the same number correctly, the
    one with the better AUROC is taken.
    """
    from sklearn.metrics import roc_auc_score

    values, at = np.unique(score, return_inverse=True)
    thresholds = np.concatenate([[values[0] - 1], (values[1:] + values[:-1]) / 2, [values[-1] + 1]])
    ones = np.bincount(at, label == 1, len(values))
    zeros = np.bincount(at, label == 0, len(values))
    # Correct with label 1 above thresholds[i]: the zeros among the i values below it, and the ones among the rest.
    right = np.concatenate([[0], np.cumsum(zeros)]) + ones.sum() - np.concatenate([[0], np.cumsum(ones)])
    wrong = len(label) - right
    area = roc_auc_score(label, score) if 0 < ones.sum() < len(label) else 0.5
    above = (right.max(), area) >= (wrong.max(), 1 - area)
    return float(thresholds[np.argmax(right if above else wrong)]), bool(above)
