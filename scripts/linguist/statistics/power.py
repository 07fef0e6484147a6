"""How large a difference must be to be found, and what seeds that fail to train may hide."""

from functools import cache

import numpy as np
from scipy.special import betaincinv

from linguist.intervals import crossed_half_width

POWER = 0.8  # a detectable difference is significant with this probability
SEED_SD = 0.03  # standard deviation over seeds that is assumed where no model learned
ITEM_VARIANCE = 0.25  # of an answer that is right half of the time: the largest
COLLAPSE = 0.3  # a hypothesis must hold even if up to this share of seeds collapse, that is, give all items one answer
DRAWS = 2000


def smallest_lead(parts, seeds, level):
    """The smallest true difference that is significant at `level` with the probability POWER.

    Args: `parts` are the true variance components of the mean difference, as for `crossed_half_width`. The observed
    difference varies around the true one, and so do the estimates of its components; both are drawn, always the same.
    """
    estimates = tuple((variance * draw_variances(freedom, DRAWS), freedom) for variance, freedom in parts)
    error = _normal() * np.sqrt(sum(variance for variance, _ in parts))
    return float(np.quantile(crossed_half_width(estimates, seeds, level) - error, POWER))


@cache
def draw_variances(freedom, draws):
    """Draws of an estimated variance of 1 with so many degrees of freedom, the same each time."""
    return np.random.default_rng(freedom).chisquare(freedom, draws) / freedom


@cache
def _normal():
    return np.random.default_rng(0).normal(size=DRAWS)


def unseen_collapse(accuracy, collapsed, seeds, level):
    """How much better than a control of this accuracy a model may look only because collapsed seeds were missed.

    Up to the share COLLAPSE of a model's seeds may collapse. Of `seeds` runs, `collapsed` did. The share in all seeds is at most
    COLLAPSE and at most its upper confidence limit (Clopper & Pearson 1934), with an error of half of `level`; the other half is
    the one-sided error of the paired test. A collapsed seed has the accuracy 0.5 on average: it gives all items either of two
    answers. The others make up for it if the mean over all seeds is the control's. Numbers or arrays.
    """
    limit = betaincinv(collapsed + 1, np.maximum(seeds - collapsed, 1e-6), 1 - level / 2)
    share = np.minimum(COLLAPSE, limit)
    return np.maximum(0, share - collapsed / seeds) / (1 - share) * np.maximum(0, accuracy - 0.5)
