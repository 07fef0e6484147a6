"""The figure of a vocabulary."""

from helpers.figures import texts
from linguist.report.plots.tokenizer import vocabulary_figure

SPECIES = {"dna": 0.0, "protein": 0.0, "text": 0.5}  # sources of a vocabulary, with the share of [UNK]


def make_vocabulary(unknown=SPECIES):
    members = {"tokens": 10, "share": 0.25, "lengths": {"2": 4, "30": 6}, "longest": ["AC"]}
    sources = {
        name: {"characters_per_token": 2.5 + at, "unknown": share} for at, (name, share) in enumerate(unknown.items())
    }
    return {"classes": dict.fromkeys(("dna", "protein", "english", "other"), members), "sources": sources}


def test_vocabulary_figure_marks_the_sources_whose_tokens_are_unknown(tmp_path):
    figure = vocabulary_figure(make_vocabulary())
    bars = figure.axes[1].patches
    assert [bar.get_hatch() for bar in bars] == [None, None, "////"]
    assert [bar.get_width() for bar in bars] == [2.5, 3.5, 4.5]
    shown = texts(figure, tmp_path / "v.svg")
    assert "4.50 (50% [UNK])" in shown and "3.50" in shown and len(figure.axes[0].get_yticks()) == 1
    published = texts(vocabulary_figure(make_vocabulary(), {"dna": 0.55, "english": 0.45}), tmp_path / "p.svg")
    assert {"55%", "45%"} <= set(published)
