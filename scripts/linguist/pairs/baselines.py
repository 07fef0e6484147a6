"""Baselines: how well a method without a language model predicts the labels of a pair set.

A baseline gives one number for each pair. One threshold on it, chosen on train, makes a classifier. A baseline that looks
at each side alone should perform at chance; where it does not, the pair set has a shortcut. A model has to do better than
every baseline without order information, since these only count letters or short words. The others are a biologist's
own methods.

A new baseline is one function here with the decorator `baseline`. It takes the name of a kind and a data frame of pairs, and
gives an array with a number for each pair.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from operator import ne

import numpy as np
from Bio.Seq import reverse_complement, translate

from linguist.intervals import auroc_interval, wilson
from linguist.kinds import KINDS, SEARCHABLE
from linguist.pairs.duplicates import word_table
from linguist.pairs.store import SIDES
from linguist.sequences.alignment import local_similarity
from linguist.splits import SPLITS

CODON = 3  # letters
CODONS = {"".join(bases): translate("".join(bases)) for bases in product("ACGT", repeat=CODON)}
EVERY = tuple(KINDS)
ALIKE = tuple(name for name in EVERY if not KINDS[name].mixed)  # both sides have the same letters
TRANSLATED = tuple(name for name in EVERY if KINDS[name].translated)
FEWEST_ROWS = 50  # below that, weights of words mean nothing
MOST_ROWS = 5000  # above that, weights hardly change
WORD_LENGTHS = range(2, 7)  # of the words of `word_overlaps` and `complexity`


@dataclass(frozen=True)
class Baseline:
    """A baseline; `about` says what its score is.

    kinds: the kinds of pairs that it scores
    function: (kind, frame) to scores; if `fitted`, (kind, train) to a function of a frame, or None if train is too small
    uses_order: whether the score depends on more than counts of letters or short words
    each_side_alone: whether it describes each side by itself (length, composition) and matches no letters of both sides
    in_part: whether it reads a part of each side only, and finds no relation elsewhere
    """

    name: str
    about: str
    kinds: tuple[str, ...]
    function: Callable
    uses_order: bool = True
    each_side_alone: bool = False
    in_part: bool = False
    fitted: bool = False


BASELINES: list[Baseline] = []
APART = {"uses_order": False, "each_side_alone": True}


def baseline(name, about, kinds, **options):
    """Decorator: registers a function as a Baseline with these options."""

    def register(function):
        BASELINES.append(Baseline(name, about, kinds, function, **options))
        return function

    return register


def lengths(kind, frame):
    """The lengths of both sides of each pair, two arrays; of proteins beside DNA, the number of bases that code for them."""
    length1, length2 = (frame[column].str.len().to_numpy(int) for column in SIDES)
    return length1, length2 * (CODON if KINDS[kind].translated else 1)


@baseline("length difference", "how far the lengths differ", EVERY, **APART)
def length_difference(kind, frame):
    """The difference of the lengths divided by the longer one, in 0..1."""
    length1, length2 = lengths(kind, frame)
    return abs(length1 - length2) / np.maximum(1, np.maximum(length1, length2))


@baseline("composition", "how far the letter frequencies differ", ALIKE, **APART)
def composition_distance(kind, frame, k=1):
    """The sum of the absolute differences of the frequencies of words of `k` letters, in 0..2."""
    counts = word_table([*frame["sentence1"], *frame["sentence2"]], k)
    shares = counts.multiply(1 / np.maximum(1, counts.sum(axis=1))[:, None]).tocsr()
    return abs(shares[: len(frame)] - shares[len(frame) :]).sum(axis=1)


@baseline("2-mer composition", "how far the frequencies of words of two letters differ", ALIKE, **APART)
def word_composition_distance(kind, frame):
    return composition_distance(kind, frame, k=2)


def share_of(letters, texts):
    """The share of some letters in each text."""
    return np.array([sum(map(text.count, letters)) / max(1, len(text)) for text in texts])


@baseline("composition", "how far GC content and share of G, A, R, P disagree", TRANSLATED, fitted=True, **APART)
def fit_gc_match(kind, train):
    """The distance of the GC content from what the protein's share of G, A, R and P predicts, whose codons are rich in it.

    The prediction is a line fitted to the positives of `train` (Singer & Hickey 2000).
    """
    same = train[train["label"] == 1]
    if len(train) < FEWEST_ROWS or len(same) < 2:
        return None
    gc, garp = share_of("GC", same["sentence1"]), share_of("GARP", same["sentence2"])
    slope = np.cov(gc, garp)[0, 1] / max(garp.var(ddof=1), 1e-9)
    offset = gc.mean() - slope * garp.mean()
    return lambda frame: abs(share_of("GC", frame["sentence1"]) - slope * share_of("GARP", frame["sentence2"]) - offset)


@lru_cache(maxsize=100_000)
def translations(dna):
    """The three forward reading frames of a DNA sequence as residues; X for a codon with another letter than ACGT."""
    return tuple(
        "".join(CODONS.get(dna[i : i + CODON], "X") for i in range(frame, len(dna) - CODON + 1, CODON))
        for frame in range(CODON)
    )


# A translation depends on the order of bases. The decorator below registers first.
@baseline("k-mer overlap", "share of the translations' short words in common", TRANSLATED)
@baseline("k-mer overlap", "share of short words in common", ALIKE, uses_order=False)
def kmer_overlap(kind, frame):
    """The words that both sides have, as a share of the words that either has (Jaccard), in 0..1.

    The kind's record has the length of a word. Of DNA beside protein, the words of its three translations count.
    """
    n, size, translated = len(frame), KINDS[kind].overlap_word, KINDS[kind].translated
    parts = zip(*map(translations, frame["sentence1"]), strict=True) if translated else [frame["sentence1"]]
    table = word_table([*(text for part in parts for text in part), *frame["sentence2"]], size)
    table.data[:] = 1
    words1, words2 = table[:n], table[-n:] if n else table[:0]
    for start in range(n, table.shape[0] - n, n or 1):
        words1 = words1.maximum(table[start : start + n])
    both = words1.multiply(words2).sum(axis=1)
    return both / np.maximum(1, words1.sum(axis=1) + words2.sum(axis=1) - both)


def word_overlaps(frame):
    """The Jaccard index of the words of each of WORD_LENGTHS letters: an array, pairs × lengths."""
    found, n = [], len(frame)
    for size in WORD_LENGTHS:
        table = word_table([*frame["sentence1"], *frame["sentence2"]], size)
        table.data[:] = 1
        both, of_each = table[:n].multiply(table[n:]).sum(axis=1), table.sum(axis=1)
        found.append(both / np.maximum(1, of_each[:n] + of_each[n:] - both))
    return np.column_stack(found)


@baseline(
    "2- to 6-mer overlap",
    "shares of words of 2 to 6 letters in common, weighed on train",
    ALIKE,
    uses_order=False,
    fitted=True,
)
def fit_word_overlaps(kind, train):
    return fit_weights(train, word_overlaps)


@lru_cache(maxsize=100_000)  # a split is scored more than once
def complexity(text):
    """How repetitive a text is: the number of runs of one letter, and the numbers of distinct words of each of WORD_LENGTHS.

    The number of distinct words is the linguistic complexity (Trifonov 1990) before it is divided by what is possible.
    """
    words = (len({text[at : at + size] for at in range(len(text) - size + 1)}) for size in WORD_LENGTHS)
    return len(text) and 1 + sum(map(ne, text, text[1:])), *words


@baseline(
    "complexity",
    "numbers of runs and of distinct words of 2 to 6 letters in each sequence, and how far they differ, weighed on train",
    EVERY,
    fitted=True,
    **APART,
)
def fit_complexity(kind, train):
    """A shuffle breaks up the repeats of a natural sequence, so that it has more distinct words; no word of the two sides is
    compared."""

    def features(frame):
        side1, side2 = (np.array([complexity(text) for text in frame[column]]) for column in SIDES)
        return np.hstack([side1, side2, abs(side1 - side2)])

    return fit_weights(train, features)


def fit_weights(train, features):
    """A function of a frame that gives the log odds of label 1 from `features` (frame to array, pairs × features), by logistic
    regression on `train`; None if that is too small."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if is_too_small(train):
        return None
    if len(train) > MOST_ROWS:
        train = train.sample(MOST_ROWS, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(solver="liblinear", random_state=0))
    model.fit(features(train), train["label"])
    return lambda frame: model.decision_function(features(frame)) if len(frame) else np.empty(0)


def is_too_small(train):
    """Whether a train split has too few rows, or rows of a label, for weights to mean anything."""
    return len(train) < FEWEST_ROWS or train["label"].value_counts().reindex([0, 1], fill_value=0).min() < 3


@baseline("one sentence", "short words of one sentence, weighed on train", EVERY, fitted=True, **APART)
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

    if is_too_small(train):
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


# It compares letters at their places, so it uses their order, unlike the overlaps of words above.
@baseline(
    "equal ends", "whether both begin, or both end, with the same 8 bases (or 5 residues)", SEARCHABLE, in_part=True
)
def equal_ends(kind, frame):
    """1 where the first or the last letters are the same, else 0; the kind's record says how many. Nothing else is read."""
    size = KINDS[kind].end_letters
    pairs = zip(*(frame[column] for column in SIDES), strict=True)
    return np.array([float(one[:size] == two[:size] or one[-size:] == two[-size:]) for one, two in pairs])


@baseline("alignment", "similarity of the best local alignment", SEARCHABLE)
def better_strand_similarities(kind, frame):
    """The local similarity of each pair, of DNA on the better of both strands."""
    score = similarities(kind, frame)
    if KINDS[kind].both_strands:
        other_strand = frame.assign(sentence1=frame["sentence1"].map(reverse_complement))
        score = np.maximum(score, similarities(kind, other_strand))
    return score


@baseline("codon table", "translation aligned with the protein", TRANSLATED)
def similarities(kind, frame):
    """The local similarity of each pair, in 0..1; for DNA with protein, the best of the three translations counts."""
    aligned = KINDS[kind].sides[1]
    candidates = map(translations, frame["sentence1"]) if KINDS[kind].translated else zip(frame["sentence1"])
    return np.array(
        [
            max(local_similarity(aligned, text1, text2) if text1 and text2 else 0.0 for text1 in texts)
            for texts, text2 in zip(candidates, frame["sentence2"], strict=True)
        ]
    )


def evaluate_baselines(kind, frames, types_of_rows):
    """How each baseline of a kind performs on the test split: a list of plain dicts.

    Args: `frames` maps train, dev and test to their pairs; `types_of_rows` has the type of each test row, or None.

    The threshold and its direction come from train; if that is empty from dev, or from test itself, which flatters.
    `above` says whether pairs with a score above the threshold are called the same. AUROC is of the score in that
    direction, so it may be below 0.5. `by_kind` is the accuracy for each type of row. What cannot be computed is None.
    """
    source = next((split for split in SPLITS if len(frames[split])), None)
    found = []
    for one in BASELINES:
        if kind not in one.kinds:
            continue
        score = one.function(kind, frames["train"]) if one.fitted else partial(one.function, kind)
        if score is not None:
            said = {key: getattr(one, key) for key in ("name", "about", "uses_order", "each_side_alone", "in_part")}
            found.append(said | _metrics(score, frames, source, np.array(types_of_rows, dtype=object)))
    return found


def _metrics(score, frames, source, types_of_rows):
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
    metrics["by_kind"] = {name: right[types_of_rows == name].mean() for name in sorted(set(types_of_rows) - {None})}
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
