"""Tables of made-up studies, where the truth is known."""

import numpy as np
import pandas as pd

from linguist.report.vectors import BEFORE
from linguist.statistics.claims import judge_claims
from linguist.statistics.comparisons import compare_arms
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_pairs
from linguist.vectors import distances as vectors

NOTHING = {test: {"name": "none", "accuracy": 0.5, "low": 0.4, "high": 0.6} for test in ("a", "b")}
ARMS = {"shuffled": ("m", "t.shuffled"), "untrained": ("m", "untrained"), "random-weights": ("m-random", "t")}


def balanced(n=200):
    """Labels of as many positives as negatives."""
    return np.arange(n) % 2


def study(skills, seeds=5, shift=0.0, n=200, controls=ARMS, baselines=NOTHING, across=(), turned=()):
    """The hypotheses of a study of one model on two tests; `skills` by arm, 0 for those not named; `shift` moves all scores, as
    a threshold that does not transfer does. Seeds that are `turned` rank the pairs of test "a" the wrong way round."""
    label, scores = np.tile([0, 1], n // 2), {}
    for at, arm in enumerate([("m", "t"), *controls.values()]):
        for test in ("a", "b"):
            draws = {s: np.random.default_rng([at, s, ord(test)]).normal(size=n) for s in range(seeds)}
            signs = {s: -1 if arm == ("m", "t") and test == "a" and s in turned else 1 for s in draws}
            by_seed = {s: draw + signs[s] * skills.get(arm, 0) * (label - 0.5) + shift for s, draw in draws.items()}
            scores.setdefault(arm, {})[test] = label, by_seed
    spec = {
        "balanced": ["a", "b"],
        "across": across,
        "arm": ["m", "t"],
        "controls": {name: list(arm) for name, arm in controls.items()},
        "groups": {"DNA": ["a", "b"]},
    }
    return judge_claims(compare_arms(scores, [spec]), summarize_pairs(compute_metrics("s", scores)), baselines)


def table_of(before, after, metric_of=lambda value: value):
    """A table as from `read_distances`: each value is (mnnd, spacing) of Euclidean DNA words in the last of two layers."""
    rows = []
    for seed, (mnnd, spacing) in [(BEFORE, before), *((str(seed), values) for seed, values in enumerate(after, 1))]:
        for layer in (0, 1):
            for metric in vectors.METRICS:
                mine, own = (metric_of(mnnd), metric_of(spacing)) if metric == "cosine" else (mnnd, spacing)
                first = {
                    "model": "m",
                    "trainset": "en" * (seed != BEFORE),
                    "seed": seed,
                    "layer": layer,
                    "metric": metric,
                }
                control = {
                    "sample_mnnd": mine,
                    "shuffled_mean": own,
                    "shuffled_low": own * 0.9,
                    "shuffled_high": own * 1.1,
                }
                control |= {"ratio": mine / own, "p": 0.01 if mine > own * 1.1 else 0.5}
                dna = first | {"words": "dna", "mnnd": mine, "spacing": own, "relative": mine / own}
                rows.append(dna | (control if layer else {}))
                rows.append(first | {"words": "english", "mnnd": own, "spacing": own, "relative": 1.0})
    return pd.DataFrame(rows)
