"""What single seeds do: nearly the same answer for all pairs, a ranking, or the opposite of what other seeds do.

A mean over seeds that do opposite things describes none of them. A seed that predicts same for all pairs and one that predicts
different for all pairs have, on average, the predictions of a coin; AUROCs of 0.9 and 0.1 have the mean of chance.
"""

from statistics import NormalDist

import numpy as np
import pandas as pd

from linguist.intervals import LEVEL, auroc_interval
from linguist.statistics.numbers import counted
from linguist.statistics.scores import is_constant

# By column, what seeds do; each holds the names of the seeds that do it, as "1, 3".
BEHAVIOUR = {
    "same_seeds": "nearly all pairs predicted as same",
    "different_seeds": "nearly all pairs predicted as different",
    "ranking_seeds": "pairs ranked correctly",
    "reversed_seeds": "pairs ranked the wrong way round",
}
CONSTANT, DIRECTIONS = tuple(BEHAVIOUR)[:2], tuple(BEHAVIOUR)[2:]


def seed_behaviour(part):
    """Which seeds of one model, training set and test do what: a dict with seeds, constant (numbers of seeds) and BEHAVIOUR.

    A seed ranks pairs if the interval of its AUROC (DeLong), corrected for the number of seeds (Bonferroni), excludes 0.5.
    `part` has a row for each seed, with the columns seed, constant, predicted_positive, auroc, auroc_low and auroc_high of
    `compute_metrics`.
    """
    tail, quantile = (1 - LEVEL) / 2, NormalDist().inv_cdf
    half_width = np.maximum(part["auroc"] - part["auroc_low"], part["auroc_high"] - part["auroc"])
    half_width *= quantile(1 - tail / len(part)) / quantile(1 - tail)
    constant, same = part["constant"] == 1, part["predicted_positive"] > 0.5
    does = (constant & same, constant & ~same, part["auroc"] - half_width > 0.5, part["auroc"] + half_width < 0.5)
    names = {name: ", ".join(map(str, part["seed"][at])) for name, at in zip(BEHAVIOUR, does, strict=True)}
    return {"seeds": len(part), "constant": int(constant.sum())} | names


def behaviour_of_scores(label, by_seed):
    """`seed_behaviour` from the labels of a test and the scores of each seed, as in `tables.read_scores`."""
    columns = ["seed", "constant", "predicted_positive", "auroc", "auroc_low", "auroc_high"]
    rows = [
        (seed, is_constant(label, (score > 0).astype(int)), np.mean(score > 0), *auroc_interval(label, score))
        for seed, score in by_seed.items()
    ]
    return seed_behaviour(pd.DataFrame(rows, columns=columns))


def seed_count(row, behaviour):
    """How many seeds show a behaviour, one of BEHAVIOUR; `row` has the columns of `seed_behaviour`, here and below."""
    return len(row[behaviour].split(", ")) if row[behaviour] else 0


def rank_opposite(row):
    """Whether some seeds rank pairs correctly and others the wrong way round."""
    return bool(row["ranking_seeds"] and row["reversed_seeds"])


def are_opposite(row):
    """Whether seeds do opposite things: constant answers of both classes, or rankings of both directions."""
    return rank_opposite(row) or bool(row["same_seeds"] and row["different_seeds"])


def most_rank(row):
    """Whether more than half of the seeds rank pairs correctly, and none the wrong way round."""
    return not row["reversed_seeds"] and 2 * seed_count(row, "ranking_seeds") > row["seeds"]


def behaviour_text(row, behaviour=tuple(BEHAVIOUR)):
    """How many seeds do what, and which: "nearly all pairs predicted as same by 1 of 3 seeds (seed 2)"; empty if none do."""
    said = []
    for name in behaviour:
        if count := seed_count(row, name):
            which = f" (seed{'s' * (count > 1)} {row[name]})" if count < row["seeds"] else ""
            said.append(f"{BEHAVIOUR[name]} by {count} of {counted(row['seeds'], 'seed')}{which}")
    return "; ".join(said)


def without_constant(row, by_seed):
    """The entries of `by_seed` whose seeds are not constant. Errors of a constant seed are the labels, whatever the pair."""
    constant = set(f"{row['same_seeds']}, {row['different_seeds']}".split(", "))
    return {seed: value for seed, value in by_seed.items() if str(seed) not in constant}
