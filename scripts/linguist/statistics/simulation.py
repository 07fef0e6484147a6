"""Simulated studies: how often a false hypothesis is supported, how often an interval holds the true value, and which leads
are found.

Not single answers are simulated, but the numbers that the tests rest on: the accuracy of each seed on a test, as a sum of
normal deviations of the seed, of the items (some are harder for all runs) and of the single answers. Tests, levels and rules
are those that judge the studies.
"""

from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
from scipy.special import ndtri

from linguist.intervals import LEVEL, crossed_half_width, mean_interval, wilson
from linguist.statistics.power import POWER, draw_variances, unseen_collapse
from linguist.statistics.thresholds import ALPHA

REPLICATES = 10_000
SEED_SDS = (0.0, 0.01, 0.03, 0.08)  # standard deviations of accuracy over seeds; paper 1 has 0.08 in DNA
LEADS = (0.02, 0.05, 0.10, 0.15)
NULLS = (
    "chance",
    "control",
    "majority",
)  # all at chance; the model ties with one control; it ties with the majority class
ABOVE = 0.15  # how far above 0.5 a model and a control are that tie
DIFFICULTY = 0.3  # correlation of the answers of two runs to an item


@dataclass(frozen=True)
class Hypothesis:
    """What a hypothesis is tested with.

    seeds: of the model and of each control
    items: how many; for several tests, of the one test that is as exact as their mean
    majority: the accuracy of always predicting the larger class
    balanced: whether the numbers of both labels are fixed
    controls: how many there are
    """

    seeds: int
    items: int
    majority: float
    balanced: bool
    controls: int


@dataclass(frozen=True)
class Truth:
    """What is true: the mean accuracy of the model and of each control, the standard deviation over seeds, and the share of the
    model's seeds that collapse. Its other seeds make up for these."""

    model: float
    controls: tuple[float, ...]
    sd: float = 0.0
    collapse: float = 0.0


@dataclass(frozen=True)
class Runs:
    """The seeds of an arm on the test, in each replicate: arrays (replicates, seeds).

    accuracy; learned: which seeds did not collapse; constant: 1 if a seed always predicts the larger class, -1 the smaller,
    0 if it learned; variance: of an answer to an item by a seed that learned
    """

    accuracy: np.ndarray
    learned: np.ndarray
    constant: np.ndarray
    variance: float


def group_test(sizes, majorities, balanced, seeds, controls):
    """The Hypothesis about a group of tests, with the numbers of their items and their majority-class accuracies.

    Their standard errors are averaged, as by `paired.variance_components`.
    """
    items = round(np.mean(1 / np.sqrt(sizes)) ** -2)
    return Hypothesis(seeds, items, round(float(np.mean(majorities)), 2), balanced, controls)


def null_truth(test, name):
    """The Truth of a false hypothesis; `name` is one of NULLS."""
    if name == "chance":
        return Truth(0.5, (0.5,) * test.controls)
    if name == "control":
        return Truth(0.5 + ABOVE, ((0.5 + ABOVE,) + (0.5,) * (test.controls - 1)) * bool(test.controls))
    return Truth(test.majority, (test.majority - 0.1,) * test.controls)


def lead_truth(test, lead, sd):
    """The Truth of a model that leads the majority class and all controls, which are equally accurate."""
    return Truth(test.majority + lead, (test.majority,) * test.controls, sd)


def simulate_arm(test, accuracy, truth, number):
    """The Runs of a mean accuracy; its `number` chooses its draws, which are the same each time."""
    shape = REPLICATES, test.seeds
    skill = min(0.99, (accuracy - truth.collapse * 0.5) / (1 - truth.collapse))
    deviation, answers, chance = (_normal(number, part, shape) for part in range(3))
    noise = np.sqrt(DIFFICULTY) * _items() + np.sqrt(1 - DIFFICULTY) * answers
    mean = skill + truth.sd * deviation + np.sqrt(skill * (1 - skill) / test.items) * noise
    learned = chance > ndtri(truth.collapse)
    constant = np.where(learned, 0, np.sign(deviation))  # a collapsed seed has no other use for its deviation
    majority = _majority_accuracy(test)
    flat = np.where(constant > 0, majority, 1 - majority)
    return Runs(np.where(learned, mean, flat), learned, constant, skill * (1 - skill))


def _majority_arm(test):
    """The Runs of always predicting the larger class."""
    shape = REPLICATES, test.seeds
    accuracy = np.broadcast_to(_majority_accuracy(test), shape)
    return Runs(accuracy, np.zeros(shape, bool), np.ones(shape), 0.0)


def _majority_accuracy(test):
    """The accuracy of the larger class: fixed, or with the error of its sampling; (replicates, 1)."""
    error = 0 if test.balanced else np.sqrt(test.majority * (1 - test.majority) / test.items)
    return test.majority + error * _normal(0, 1, (REPLICATES, 1))


def _items():
    return _normal(0, 0, (REPLICATES, 1))


@cache
def _normal(number, part, shape):
    return np.random.default_rng([number, part]).standard_normal(shape, dtype=np.float32)


def difference(test, one, other):
    """The mean difference of two Runs and its variance components as a study estimates them, each an array (replicates)."""
    gaps = one.accuracy - other.accuracy
    shares = [arm.learned.mean(1) for arm in (one, other)]
    deviations = [np.sqrt(arm.variance) * share for arm, share in zip((one, other), shares, strict=True)]
    variance = DIFFICULTY * (deviations[0] - deviations[1]) ** 2
    variance += (1 - DIFFICULTY) * (one.variance * shares[0] + other.variance * shares[1]) / test.seeds
    if not test.balanced:
        variance += test.majority * (1 - test.majority) * (one.constant.mean(1) - other.constant.mean(1)) ** 2
    freedom = test.items - 1 - test.balanced
    parts = [(variance / test.items * draw_variances(freedom, REPLICATES), freedom)]
    if test.seeds > 1:
        parts.append((gaps.var(1, ddof=1) / test.seeds, test.seeds - 1))
    return gaps.mean(1), [(np.maximum(variance, 1e-12), freedom) for variance, freedom in parts]


# ── what a study makes of it ──


@lru_cache(4)
def _compare(test, truth):
    """The model's Runs, and for all that it is compared with (mean accuracy in each replicate, true difference, difference, parts)."""
    model = simulate_arm(test, truth.model, truth, 1)
    others = [(test.majority, _majority_arm(test))]
    # Controls do not collapse: where only the model does, a false hypothesis is supported most often.
    calm = replace(truth, collapse=0.0)
    others += [(mean, simulate_arm(test, mean, calm, at)) for at, mean in enumerate(truth.controls, 2)]
    compared = [(arm.accuracy.mean(1), truth.model - mean, *difference(test, model, arm)) for mean, arm in others]
    return model, compared


@cache
def support_rate(test, truth, level):
    """The probability that a hypothesis is significant at the level: better than all controls, whatever collapse may hide."""
    model, compared = _compare(test, truth)
    collapsed = (~model.learned).sum(1)
    found = np.arange(REPLICATES)
    for accuracy, _, mean, parts in compared:
        # No quantile of Student's t is below the normal one, which is faster and leaves few replicates of a false hypothesis.
        found = found[mean[found] > -ndtri(level / 2) * np.sqrt(sum(variance[found] for variance, _ in parts))]
        half_width = crossed_half_width([(variance[found], freedom) for variance, freedom in parts], test.seeds, level)
        unseen = unseen_collapse(accuracy[found], collapsed[found], test.seeds, level)
        found = found[mean[found] > half_width + unseen]
    return len(found) / REPLICATES


def error_rate(tests, shared, null, sd=0.0, collapse=0.0):
    """The probability that a study supports at least one hypothesis if all are false.

    Hypotheses count as independent, and one may be tested at the full level because all others were true; both are the worst
    case. Args: `tests` maps hypotheses to the number of their hypotheses; `shared`: how many hypotheses share ALPHA.
    """
    truths = {test: replace(null_truth(test, null), sd=sd, collapse=collapse) for test in tests}
    alone = max(support_rate(test, truth, ALPHA) for test, truth in truths.items())
    none = np.prod([(1 - support_rate(test, truth, ALPHA / shared)) ** tests[test] for test, truth in truths.items()])
    return float(max(alone, 1 - none))


def least_lead(test, sd, shared, step=0.005, most=0.4):
    """The smallest lead, in steps, that is found with the probability POWER; NaN where it is not below `most`."""
    low, high = 0, round(most / step)
    while high - low > 1:
        middle = (low + high) // 2
        found = support_rate(test, lead_truth(test, middle * step, sd), ALPHA / shared) >= POWER
        low, high = (low, middle) if found else (middle, high)
    return high * step if high * step < most else np.nan


def coverage(test, truth):
    """How often a 95 % interval holds the true value: (of a difference, the lowest of all; of an accuracy)."""
    model, compared = _compare(test, truth)
    held = [
        np.abs(mean - true) <= crossed_half_width(parts, test.seeds, 1 - LEVEL) for _, true, mean, parts in compared
    ]
    right, inverse = np.unique(np.rint(model.accuracy.mean(1).clip(0, 1) * test.items), return_inverse=True)
    halves = np.array([np.ptp(wilson(count, test.items)) / 2 for count in right])[inverse]
    low, high = mean_interval(model.accuracy.T, halves)
    return min(float(part.mean()) for part in held), float(np.mean((low <= truth.model) & (truth.model <= high)))
