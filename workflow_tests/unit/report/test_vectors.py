"""The page of token vectors: changes with intervals over seeds, statements that follow from them, and the page."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers.data import ROOT
from helpers.pages import REPORTS
from helpers.studies import table_of
from helpers.vectors import make_reader, measure
from linguist.config.design import describe_study
from linguist.files import write_table
from linguist.report import vectors as vector_report
from linguist.report.page import inline, render
from linguist.report.plots import vectors as vector_figures
from linguist.report.plots.style import save
from linguist.report.terminal import vectors_text

RUNS = [("m", "en", 1), ("m", "en", 2), ("m", "en", 3)]
PUBLISHED = yaml.safe_load((ROOT / "resources/published.yaml").read_text())


def statement(table):
    return vector_report.approach_statement(vector_report.last_layer_changes(table, "m"))


def test_a_change_has_its_interval_over_seeds():
    found = vector_report.change_over_seeds(10, [7, 8, 9])
    assert (found["mean"], found["sd"], found["least"], found["most"]) == (8, 1, 7, 9)
    assert found["share"] == pytest.approx(-0.2) and found["direction"] == found["code"] == "level"
    assert found["low"] == pytest.approx(-2 - 4.3027 / 3**0.5, abs=1e-3)
    assert vector_report.change_over_seeds(10, [7.9, 8, 8.1])["code"] == "fell"
    assert vector_report.change_over_seeds(7, [7.9, 8, 8.1])["code"] == "rose"
    assert (
        vector_report.change_over_seeds(10, [8])["code"] == "one seed"
        and vector_report.change_over_seeds(10, [8])["direction"] == "fell"
    )


def test_seeds_that_move_in_opposite_ways_have_no_mean():
    """MNNDs of 3.35 to 5.65 from 4.5: no seed stayed where it was."""
    found = vector_report.change_over_seeds(4.5, [3.35, 5.65, 4.6])
    assert (found["fell"], found["rose"], found["direction"], found["code"]) == (1, 2, "differ", "differ")
    text = vector_report.change_text(found)
    assert "fell in 1 of 3 seeds, rose in 2" in text and "3.35–5.65" in text and "mean" not in text
    assert vector_report.change_over_seeds(4.5, [3.4, 4.4, 4.49])["code"] == "level"  # all fell, by chance perhaps
    found = vector_report.change_over_seeds(10, [7.9, 8, 8.1])
    text = vector_report.change_text(found)
    assert "fell in 3 of 3 seeds" in text and "mean 8," in text and "7.9–8.1" in text
    assert vector_report.seeds_moved(vector_report.change_over_seeds(4, [4, 4])) == "the same in 2 seeds"


def test_the_statement_counts_the_seeds_in_which_all_measures_fell():
    for after, count in (([(6, 5), (6.1, 5), (5.9, 5)], 3), ([(9, 5), (12, 5), (8, 5)], 2), ([(5, 2.5), (12, 5)], 0)):
        code, text = statement(table_of((10, 5), after))
        assert f"By every measure, DNA tokens moved closer in {count} of {len(after)} seeds" in text
    code, text = statement(table_of((10, 5), [(9, 5), (12, 5), (8, 5)]))
    assert code == "not supported" and "fell in 2 of 3 seeds, rose in 1" in text


@pytest.mark.parametrize(
    ("after", "claim"),
    [
        ([(6, 5), (6.1, 5), (5.9, 5), (6.2, 5), (5.8, 5)], "supported"),
        ([(5, 2.5), (5.1, 2.55), (4.9, 2.45), (5.2, 2.6), (4.8, 2.4)], "in part"),  # everything shrank by half
        ([(6, 5), (6.1, 5), (5.9, 5), (6.2, 5)], "exploratory"),  # too few seeds for a claim
        ([(5, 2.5), (5.1, 2.55), (4.9, 2.45)], "exploratory"),
        ([(10, 5), (10.1, 5), (9.9, 5)], "not supported"),
        ([(12, 5), (12.1, 5), (11.9, 5)], "not supported"),
        ([(6, 5)], "exploratory"),
        ([(12, 5)], "not supported"),
    ],
)
def test_the_statement_knows_shrinking_from_approach(after, claim):
    code, text = statement(table_of((10, 5), after))
    assert code == claim
    assert text.startswith({"supported": "Yes", "in part": "In part", "not supported": "No"}.get(code, ""))
    assert (code == "exploratory" and len(after) > 1) == ("exploratory" in text)
    assert ("one seed" in text or "only seed" in text) == (len(after) == 1)


def test_models_that_differ_have_a_statement_each():
    closer, farther = ([(middle + at / 10, 5) for at in range(5)] for middle in (6, 12))
    tables = [table_of((10, 5), after) for after in (closer, farther, closer[:3])]
    for first, expected in ((0, "in part"), (2, "exploratory")):
        both = pd.concat([tables[first], tables[1].assign(model="n")])
        code, text = vector_report.vectors_headline(both)
        assert code == expected and text.index("m: Yes") < text.index("n: No")
    assert vector_report.vectors_headline(tables[0]) == statement(tables[0])


def test_a_measure_that_did_not_fall_is_named():
    code, text = statement(
        table_of((10, 5), [(6, 5), (6.1, 5), (5.9, 5), (6.2, 5), (5.8, 5)], metric_of=lambda value: 1.0)
    )
    assert code == "in part" and vector_report.measure_name("dna", "cosine", "mnnd") in text.rpartition("did not")[2]


def test_shuffled_labels_are_compared_in_each_seed():
    table = table_of((10, 5), [(10, 5), (5, 5), (1, 5)])
    rows = vector_report.shuffled_rows(table, "m")
    found = [vector_report.compare_with_shuffled(row) for row in rows[rows["metric"] == "cosine"].to_dict("records")]
    assert found == ["farther", "farther", "no different", "nearer"]
    lines = vector_report.shuffled_statements(table, "m")
    assert len(lines) == 2 and all(f"{name} in 1 of 3 seeds" in lines[0] for name in set(found))


@pytest.fixture
def written(tmp_path):
    """Table, samples and report of a made-up comparison: GPT-2 before, and the same model as three runs."""
    folder = measure(make_reader("gpt2", tmp_path), tmp_path / "run")
    path = folder / "distances.json"
    sample = vector_figures.read_sample(folder / "words.npz")
    return vector_report.read_distances(RUNS, [path], [path] * 3), {"m": (sample, sample)}, json.loads(path.read_text())


def test_the_table_holds_every_layer_metric_class_and_run(written, tmp_path):
    table, _, report = written
    classes = [name for name, count in report["words"].items() if count]
    assert len(table) == 4 * 3 * 2 * len(classes)
    write_table(tmp_path / "table.tsv", table)
    read = pd.read_csv(tmp_path / "table.tsv", sep="\t")
    assert set(read["seed"]) == {"before", "1", "2", "3"}
    again = vector_report.read_vectors_table(tmp_path / "table.tsv")
    assert vector_report.vectors_headline(again) == vector_report.vectors_headline(table)
    text = vectors_text(again)
    assert all(vector_report.measure_name(*key) in " ".join(text.split()) for key in vector_report.MEASURES)
    assert max(map(len, text.splitlines())) <= 110
    assert np.allclose(read["relative"], read["mnnd"] / read["spacing"], rtol=1e-4)
    assert read["p"].notna().sum() == 4 * 2


def test_the_page_has_the_result_its_warnings_and_what_differs_from_the_paper(written, tmp_path):
    table, samples, report = written
    save(vector_figures.words_figure(samples, 10), tmp_path / "words.svg")
    save(vector_figures.distances_figure(table), tmp_path / "distances.svg")
    assert [(r["before"], r["after"]) for r in PUBLISHED["vectors"]["paper1-vectors"]] == [(50.09, 29.79)]
    block = {"title": "T", "question": "Q?", "models": ["m"], "trainset": "en", "seeds": [1, 2, 3]}
    config = {
        "vectors": {"v": block | {"published": "paper1-vectors"}, "plain": block},
        "pairsets": {"en": {"kind": "sentence", "recipe": "grammar", "sizes": {"train": 400}}},
        "studies": {},
        "tasks": {},
        "instructions": {},
        "corpora": {},
        "models": {"m": {"architecture": "gpt2"}},
    }
    run = {"options": {"epochs": 1}, "device": "cpu", "precision": "fp32", "attention": "eager", "seconds": 1.0}
    reports = {"before": {"m": report}, "runs": [run | {"versions": {"torch": "2"}}] * 3, "published": PUBLISHED}
    files = {name: tmp_path / f"{name}.svg" for name in ("words", "distances")}
    pages = {}
    for name in config["vectors"]:
        study = describe_study(config, name)
        figures = {figure: inline(path, f"figure-{figure}") for figure, path in files.items()}
        values = vector_report.vectors_page(study, table, reports)
        render(tmp_path / f"{name}.html", REPORTS / "vectors.html.j2", figures=figures, **values)
        pages[name] = (tmp_path / f"{name}.html").read_text()
    for text in ("50.09", "29.79", "100,000", "Synthetic sentences", statement(table)[1], "gpt2"):
        assert text in pages["v"], text
    assert pages["v"].count("<svg") == 2 and "http" not in pages["v"].replace("http://www.w3.org", "")
    assert "50.09" not in pages["plain"]
