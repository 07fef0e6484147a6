"""Simulated studies down to the single answer: scores as from `tables.read_scores`, of arms whose accuracy is known."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from linguist.statistics.claims import judge_claims
from linguist.statistics.comparisons import compare_arms

DIFFICULTY = 0.3  # correlation of the latent scores of two runs on an item


def answers(rng, label, hard, seeds, accuracy, sd=0.0, collapse=0.0):
    """Scores (seeds, items) of seeds with a mean accuracy: 1 for the answer "same", -1 for "different".

    An item is answered correctly if a normal number of its own and of the run (of correlation DIFFICULTY between runs) is below
    a threshold. A collapsed seed gives one answer; the others make up for it.
    """
    skill = (accuracy - collapse * 0.5) / (1 - collapse) + sd * rng.normal(size=(seeds, 1))
    latent = np.sqrt(DIFFICULTY) * hard + np.sqrt(1 - DIFFICULTY) * rng.normal(size=(seeds, len(label)))
    right = latent < ndtri(skill.clip(0.001, 0.999))
    score = np.where(right == label, 1.0, -1.0)
    dead = rng.random((seeds, 1)) < collapse
    score = np.where(dead, rng.choice([-1.0, 1.0], (seeds, 1)), score)
    return score + 1e-3 * rng.random((seeds, 1))  # equal seeds would count as one


def simulated_scores(rng, comparisons, seeds, sets, truth):
    """The scores of all arms of a study. Args: `comparisons` as from `design.comparisons_of`, `sets` {test: number of pairs},
    `truth` as of `simulation.Truth`: its model stands for all arms of hypotheses, its controls for theirs, in their order."""
    means = {}
    for spec in comparisons:
        for mean, other in zip(truth.controls, spec["controls"].values(), strict=True):
            means[tuple(other)] = mean, 0.0
    means |= {tuple(spec["arm"]): (truth.model, truth.collapse) for spec in comparisons}
    scores = {arm: {} for arm in means}
    for test, n in sets.items():
        label, hard = np.arange(n) % 2, rng.normal(size=n)
        for arm, (mean, collapse) in means.items():
            by_seed = answers(rng, label, hard, seeds, mean, truth.sd, collapse)
            scores[arm][test] = label, dict(enumerate(by_seed, 1))
    return scores


def simulated_claims(rng, comparisons, seeds, sets, truth):
    """The table of `judge_claims` of a simulated study; args as of `simulated_scores`."""
    scores = simulated_scores(rng, comparisons, seeds, sets, truth)
    summary = pd.DataFrame(
        [
            {
                "model": model,
                "trainset": trainset,
                "test": test,
                "reversed_seeds": "",
                "accuracy": np.mean([(s > 0) == label for s in by.values()]),
            }
            for (model, trainset), tests in scores.items()
            for test, (label, by) in tests.items()
        ]
    )
    return judge_claims(compare_arms(scores, comparisons), summary, {test: {"accuracy": 0.5} for test in sets})
