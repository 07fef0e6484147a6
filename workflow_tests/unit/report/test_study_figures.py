"""Which figures a study has, and what they are drawn from."""

import pytest
import yaml

from helpers.data import ROOT
from linguist.config.settle import settle
from linguist.report.plots import study as plots
from linguist.report.study_figures import FIGURES, figures_of


@pytest.fixture(scope="module")
def demo():
    return settle(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


def test_figures_that_would_show_nothing_are_not_drawn(demo):
    few = demo["studies"]["transfer"] | {"tests": ["fr", "dna50s"]}
    config = demo | {"studies": demo["studies"] | {"few": few, "two": few | {"seeds": [1, 2]}}}
    assert {"seeds"} == {*figures_of(config, "few")} - {*figures_of(config, "two")}
    assert "seeds" not in figures_of(demo, "ceiling")  # it has ten tests
    assert "curves" in figures_of(demo, "ceiling") and "curves" not in figures_of(config, "few")


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_of_the_demo_is_drawn_from_files(name, demo):
    figure = FIGURES[name]
    files = figure.files(demo, "ceiling")
    assert files and len(set(files)) == len(files) and all(file.startswith("<results>/") for file in files)
    assert figure.heading and figure.caption and callable(getattr(plots, f"{name}_figure"))
