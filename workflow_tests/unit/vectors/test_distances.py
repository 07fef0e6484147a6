"""Distances: neighbours as scikit-learn finds them, values known by hand, controls on known truth, and what is measured."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from helpers.vectors import OPTIONS, make_reader, measure, slowly
from linguist.errors import LinguistError
from linguist.report.plots.vectors import read_sample
from linguist.tokenizers.training import train_tokenizer
from linguist.tokenizers.vocabulary import classify_token
from linguist.training.models import initialize_model
from linguist.vectors import distances as vectors


def brute(queries, targets, metric):
    return NearestNeighbors(n_neighbors=1, algorithm="brute", metric=metric).fit(targets).kneighbors(queries)


@pytest.mark.parametrize("metric", vectors.METRICS)
@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9)),
    block=st.integers(1, 50),
    shift=st.sampled_from([0, 3]),
)
def test_neighbours_are_those_of_scikit_learn_whatever_the_block(metric, seed, sizes, block, shift):
    draw, (m, n, width) = np.random.default_rng(seed), sizes
    queries, targets = (draw.normal(size=(rows, width)).astype(np.float32) + shift for rows in (m, n))
    queries[draw.integers(m)] = targets[draw.integers(n)]
    queries[draw.integers(m)] = 0
    if n > 1:
        targets[draw.integers(n)] = 0
    found, at = vectors.nearest_rows(queries, targets, metric, block=block)
    expected = brute(queries.astype(float), targets.astype(float), metric)[0][:, 0]
    assert np.allclose(found, expected, atol=2e-6)
    gaps = NearestNeighbors(n_neighbors=n, algorithm="brute", metric=metric).fit(targets.astype(float))
    distance, order = gaps.kneighbors(queries.astype(float))
    of_chosen = [dict(zip(o, d, strict=True))[i] for o, d, i in zip(order, distance, at, strict=True)]
    assert np.allclose(of_chosen, expected, atol=2e-6)  # of neighbours that are as near, either will do
    assert np.allclose(vectors.nearest_rows(queries, targets, metric)[0], found, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("metric", vectors.METRICS)
def test_small_distances_keep_their_digits_beside_a_large_common_part(metric):
    """As in GPT-2, whose hidden states of first tokens have a few huge components in common."""
    draw = np.random.default_rng(1)
    common = np.zeros(64)
    common[:3] = 3000
    queries, targets = (np.float32(common + draw.normal(size=(50, 64)) * 0.1) for _ in range(2))
    found = vectors.nearest_rows(queries, targets, metric)[0]
    assert np.allclose(found, brute(queries.astype(float), targets.astype(float), metric)[0][:, 0], rtol=2e-2)
    assert (vectors.nearest_rows(targets, targets, metric)[0] == 0).all()


@pytest.mark.parametrize("block", [3, 7, 2048])
@pytest.mark.parametrize("metric", vectors.METRICS)
def test_a_row_is_no_neighbour_of_itself_among_others(metric, block):
    rows = np.random.default_rng(2).normal(size=(20, 5)).astype(np.float32)
    expected = NearestNeighbors(n_neighbors=2, algorithm="brute", metric=metric).fit(rows).kneighbors(rows)
    found, at = vectors.nearest_rows(rows, rows, metric, block=block, others=True)
    assert np.allclose(found, expected[0][:, 1], atol=1e-6) and (at == expected[1][:, 1]).all()


def test_distances_known_by_hand():
    parts = {
        "dna": np.array([[0, 3], [4, 0]], np.float32),
        "protein": np.zeros((0, 2), np.float32),
        "english": np.array([[0, 1], [1, 0], [0, 4]], np.float32),
    }
    found = {(row["metric"], row["words"]): row["mnnd"] for row in vectors.measure_layer(parts)}
    assert found["euclidean", "dna"] == pytest.approx((1 + 3) / 2)
    assert found["euclidean", "english"] == pytest.approx((2**0.5 + 2**0.5 + 3) / 3)
    assert found["cosine", "dna"] == pytest.approx(0, abs=1e-6)
    assert found["cosine", "english"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["euclidean", "protein"] is found["cosine", "protein"] is None


# ── the control of shuffled classes ──


@pytest.mark.parametrize("metric", vectors.METRICS)
def test_shuffled_labels_tell_classes_that_are_apart_from_mixed_ones(metric):
    draw = np.random.default_rng(3)
    one, other = (draw.normal(size=(n, 8)).astype(np.float32) + 1 for n in (40, 60))
    far = vectors.shuffle_classes(one * [1, 1, 1, 1, 1, 1, 1, 9], other, metric, 99, np.random.default_rng(1))
    assert far["p"] == 0.01 and far["observed"] > far["high"] > far["mean"] > far["low"]
    shares = [
        vectors.shuffle_classes(*np.split(draw.normal(size=(60, 8)), [25]), metric, 39, draw)["p"] < 0.1
        for _ in range(20)
    ]
    assert sum(shares) <= 6  # a tenth, if labels mean nothing
    near = vectors.shuffle_classes(other[:40], np.concatenate([other[:40], one * 50]), metric, 99, draw)
    assert near["p"] == 1 and near["observed"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("metric", vectors.METRICS)
def test_the_control_measures_what_the_distances_do(metric):
    draw = np.random.default_rng(4)
    one, other = (draw.normal(size=(n, 6)).astype(np.float32) for n in (15, 25))
    one[3] = 0
    found = vectors.shuffle_classes(one, other, metric, 20, draw)
    assert found["observed"] == pytest.approx(vectors.mean_nearest(one, other, metric), rel=1e-5)
    assert (found["dna"], found["english"]) == (15, 25)


def test_equal_rows_are_never_apart():
    assert (
        vectors.shuffle_classes(np.ones((5, 3)), np.ones((6, 3)), "euclidean", 20, np.random.default_rng(1))["p"] == 1
    )


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """{architecture: folder of a tiny model whose vocabulary has tokens of all classes}."""
    return {name: make_reader(name, tmp_path_factory.mktemp("readers")) for name in ("gpt2", "bert")}


@pytest.fixture(scope="module")
def measured(readers, tmp_path_factory):
    """{(architecture, attempt): folder with the files of `measure_distances`}."""
    return {
        (architecture, attempt): measure(readers[architecture], tmp_path_factory.mktemp("words") / "run")
        for architecture in readers
        for attempt in (1, 2)
    }


@pytest.mark.parametrize("architecture", ["gpt2", "bert"])
def test_the_same_model_gives_the_same_bytes_and_nothing_else(architecture, measured):
    bytes_of = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in measured[architecture, attempt].iterdir()}
        for attempt in (1, 2)
    ]
    assert bytes_of[0] == bytes_of[1] and set(bytes_of[0]) == {"distances.json", "words.npz"}


@pytest.mark.parametrize("architecture", ["gpt2", "bert"])
def test_every_layer_is_measured_and_the_sample_is_of_the_last(architecture, measured, readers):
    folder = measured[architecture, 1]
    report = json.loads((folder / "distances.json").read_text())
    assert {row["layer"] for row in report["rows"]} == {0, 1, 2} and report["layers"] == 2
    sample = read_sample(folder / "words.npz")
    counts = {name: min(n, OPTIONS["sample"]) for name, n in report["words"].items()}
    assert {name: int((sample["classes"] == name).sum()) for name in counts} == counts
    assert {classify_token(word) for word in sample["words"]} == {name for name in counts if counts[name]}
    assert np.allclose(sample["vectors"], slowly(readers[architecture], sample["words"])[-1], atol=2e-5)
    dna, english = (sample["vectors"][sample["classes"] == name] for name in ("dna", "english"))
    for metric, control in report["control"].items():
        assert control["observed"] == pytest.approx(vectors.mean_nearest(dna, english, metric), rel=1e-4)
        assert 1 / 41 <= control["p"] <= 1


def test_a_vocabulary_without_dna_is_one_line(tmp_path):
    tokenizer = tmp_path / "tokenizer"
    train_tokenizer(
        "bpe", [f"number {i} jumps over the lazy dog {i * i}" for i in range(200)], tokenizer, vocab_size=300
    )
    shape = {"n_embd": 8, "n_layer": 1, "n_head": 1, "n_positions": 32}
    initialize_model("x", {"architecture": "gpt2", "shape": shape, "seed": 1}, tokenizer, tmp_path / "model")
    with pytest.raises(LinguistError, match="0 tokens of class dna"):
        vectors.measure_distances(
            tmp_path / "model", OPTIONS, {"distances": tmp_path / "d", "words": tmp_path / "w"}, 1
        )
