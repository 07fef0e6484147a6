"""Models that count tokens: probabilities, and those of a slow version with dictionaries."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linguist.training import source_evaluation
from linguist.training.source_evaluation import count_models

SIZE = 7  # of the vocabulary
TEXTS = st.lists(st.integers(0, SIZE - 1), max_size=60)


def slow_models(ids):
    """{name: probability of a token after another} by the formulas, with dictionaries."""
    seen, after = Counter(ids), defaultdict(Counter)
    for previous, following in zip(ids, ids[1:], strict=False):
        after[previous][following] += 1

    def unigram(previous, following):
        return (seen[following] + 1) / (len(ids) + SIZE)

    def bigram(previous, following):
        counts = after[previous]
        if not counts:
            return unigram(previous, following)
        kinds = len(counts)
        return (counts[following] + kinds * unigram(previous, following)) / (sum(counts.values()) + kinds)

    return {"unigram": unigram, "bigram": bigram}


def grid(model):
    """Losses of all tokens after all tokens: (previous, following)."""
    previous, following = (index.ravel() for index in np.indices((SIZE, SIZE)))
    return model(previous, following).reshape(SIZE, SIZE)


@given(ids=TEXTS)
def test_probabilities_sum_to_one_after_every_token(ids):
    for model in count_models(np.array(ids, np.uint16), SIZE).values():
        np.testing.assert_allclose(np.exp(-grid(model)).sum(1), 1)


@given(ids=TEXTS)
def test_losses_are_those_of_dictionaries(ids):
    models, slow = count_models(np.array(ids, np.uint16), SIZE), slow_models(ids)
    assert list(models) == list(slow)
    for name, model in models.items():
        expected = [[-math.log(slow[name](v, w)) for w in range(SIZE)] for v in range(SIZE)]
        np.testing.assert_allclose(grid(model), expected)


def test_after_an_unseen_token_the_bigram_is_the_unigram():
    models = count_models(np.array([0, 1, 0, 1, 2]), SIZE)
    for unseen in (3, 2):  # not there at all, and with nothing after it
        np.testing.assert_array_equal(grid(models["bigram"])[unseen], grid(models["unigram"])[unseen])
    assert np.isfinite(grid(models["bigram"])).all()
    assert grid(models["bigram"])[0, 1] < grid(models["unigram"])[0, 1]


def test_ids_of_two_bytes_make_pairs_without_overflow():
    size = 60_000
    models = count_models(np.array([59_999, 59_998] * 50, np.uint16), size)
    losses = models["bigram"](np.array([59_999]), np.array([59_998]))
    assert losses[0] == pytest.approx(-math.log((50 + 51 / 60_100) / 51))


def test_only_the_first_tokens_are_counted(monkeypatch):
    monkeypatch.setattr(source_evaluation, "MAX_TOKENS", 5)
    ids = np.array([0, 1, 2, 0, 1, 6, 6, 6])
    for one, other in zip(count_models(ids, SIZE).values(), count_models(ids[:5], SIZE).values(), strict=True):
        np.testing.assert_array_equal(grid(one), grid(other))
