"""Figures of token vectors: one projection for both states, small files, the same bytes."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from helpers.vectors import make_reader, measure
from linguist.report.plots import vectors as vector_figures
from linguist.report.plots.style import save
from linguist.report.vectors import read_distances

RUNS = [("m", "en", 1), ("m", "en", 2), ("m", "en", 3)]


def test_components_are_fitted_on_both_states_together():
    draw = np.random.default_rng(5)
    before = draw.normal(size=(30, 4)) * [5, 1, 1, 1]
    after = before * 0.5 + [0, 40, 0, 0]
    one, other, shares = vector_figures.project(before, after)
    assert one.shape == other.shape == (30, 2) and shares.sum() > 0.9
    whole = np.concatenate([before, after])
    assert np.allclose(np.concatenate([one, other]).mean(axis=0), 0, atol=1e-9)  # centred on both, not on each
    assert abs(one[:, 0].mean() - other[:, 0].mean()) == pytest.approx(40, rel=0.05)
    assert np.var(np.concatenate([one, other])[:, 0]) / np.var(whole, axis=0).sum() == pytest.approx(shares[0])


def test_figures_are_well_formed_small_and_the_same_bytes(tmp_path):
    folder = measure(make_reader("gpt2", tmp_path), tmp_path / "run")
    table = read_distances(RUNS, [folder / "distances.json"], [folder / "distances.json"] * 3)
    sample = vector_figures.read_sample(folder / "words.npz")
    samples = {"m": (sample, sample)}
    for name, make in {
        "words": lambda: vector_figures.words_figure(samples, 10),
        "distances": lambda: vector_figures.distances_figure(table),
    }.items():
        paths = [tmp_path / f"{name}.{attempt}.svg" for attempt in (1, 2)]
        for path in paths:
            save(make(), path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        said = " ".join(e.text for e in ElementTree.parse(paths[0]).iter("{http://www.w3.org/2000/svg}text"))
        assert "before fine-tuning" in said and "after fine-tuning" in said
        assert name == "words" or "control" in said
    markers = list(ElementTree.parse(tmp_path / "words.1.svg").iter("{http://www.w3.org/2000/svg}use"))
    assert len(markers) < 400  # ten of each class in each panel, ticks and legend
