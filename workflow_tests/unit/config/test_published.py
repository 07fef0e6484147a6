"""The papers' figures: as printed and whole; beside ours, differences that are known, and conditions that follow the config."""

import copy
import math
from pathlib import Path

import pandas as pd
import pytest
import yaml

from linguist.config import published
from linguist.config.schema import CONFIG_FOLDER
from linguist.config.settle import settle
from linguist.files import write_table
from linguist.report import published as report_published
from linguist.report.plots.published import published_figure
from linguist.report.plots.style import save

ROOT = Path(__file__).parents[3]
DATA = published.read_published()
PAPER = yaml.safe_load((CONFIG_FOLDER / "paper.yaml").read_text())


@pytest.fixture(scope="module")
def paper():
    return settle(PAPER)


# ── the data ──


def cells(table):
    """Every cell of a published table: (model, trainset, test, figure)."""
    return [
        (r["model"], r["trainset"], test, x) for r in DATA["tables"][table]["rows"] for test, x in r["accuracy"].items()
    ]


def test_the_tables_of_paper_one_are_there_and_whole():
    sizes = {"table1": 18, "table3": 12, "table4": 56, "table5": 56, "table6": 16, "table7": 32, "figure5": 2}
    assert {name: len(cells(name)) for name in DATA["tables"]} == sizes
    for name, table in DATA["tables"].items():
        assert table["source"] and table["protocol"] and table["statistic"] in ("best", "mean")
        rows = [(row["model"], row["trainset"]) for row in table["rows"]]
        assert len(rows) == len(set(rows))
        assert {tuple(sorted(row["accuracy"])) for row in table["rows"]} == {
            tuple(sorted(table["rows"][0]["accuracy"]))
        }
        for *_, figure in cells(name):
            values = figure if isinstance(figure, dict) else {"best": figure}
            assert all(0 < value < 1 for value in values.values())
            assert table["statistic"] in values and "best" in values


def test_every_name_of_the_tables_is_one_of_the_shipped_study(paper):
    for name in DATA["tables"]:
        for model, trainset, test, _ in cells(name):
            assert model in DATA["setup"]["models"] and model in paper["models"]
            assert trainset in paper["pairsets"] and test in paper["pairsets"]


def test_the_tables_agree_where_the_paper_does_and_differ_where_the_note_says():
    found = {name: {cell[:3]: cell[3] for cell in cells(name)} for name in DATA["tables"]}
    for name, other in (("table3", "table4"), ("table3", "table5"), ("table4", "table7")):
        shared = found[name].keys() & found[other].keys()
        assert len(shared) >= 6 and all(found[name][cell] == found[other][cell] for cell in shared)
    for cell in (("gpt2", "en", "fr"), ("gpt2", "en", "dna150")):
        assert found["figure5"][cell]["best"] == found["table4"][cell]  # the tables hold the luckiest seed
    for cell, figure in found["table1"].items():
        other = found["table4"].get(cell, found["table5"].get(cell))
        if other is not None:
            assert other != figure and f"{other:.2f}"[1:] in DATA["tables"]["table1"]["note"]


def test_some_cells_by_hand():
    assert ("gpt2", "en", "zh", 0.61) in cells("table1") and ("bert-multi", "ko", "dna150s", 0.73) in cells("table5")
    assert ("gpt2", "ko", "protein450", 0.97) in cells("table4") and ("gpt2-medium", "en", "dna150", 0.6) in cells(
        "table7"
    )
    assert ("gene-eng-gpt2", "en", "dna50", 0.67) in cells("table6") and ("bert-multi", "en", "coding", 0.46) in cells(
        "table3"
    )


def test_every_table_stands_beside_a_study_of_the_shipped_config(paper):
    asked = {table for study in paper["studies"].values() for table in study.get("published", {"tables": []})["tables"]}
    assert asked == set(DATA["tables"])
    for study in paper["studies"].values():
        for table in study.get("published", {"tables": []})["tables"]:
            ours = published.common_cells(study, DATA["tables"][table])
            assert len(ours) == len(cells(table)) or len(study["published"]["tables"]) > 1


# ── differences ──

TABLES = {
    "best": {
        "source": "s",
        "protocol": "p",
        "statistic": "best",
        "rows": [{"model": "gpt2", "trainset": "en", "accuracy": {"fr": 0.76, "dna": 0.9, "zh": 0.6}}],
    },
    "mean": {
        "source": "s",
        "protocol": "p",
        "statistic": "mean",
        "rows": [{"model": "gpt2", "trainset": "en", "accuracy": {"fr": {"mean": 0.73, "sd": 0.015, "best": 0.76}}}],
    },
}
SETUP = {"test_rows": {"fr": 101}}
STUDY = {"models": ["nano", "gpt2"], "trainsets": ["en", "de"], "seeds": [1, 2], "tests": ["dna", "fr", "xx"]}
ROW = {"model": "nano", "trainset": "en", "n": 100, "seeds": 2, "constant": 0, "sd": 0.01, "majority": 0.5}
SUMMARY = pd.DataFrame(
    [
        ROW | {"test": "fr", "accuracy": 0.74, "low": 0.70, "high": 0.78, "best": 0.75},
        ROW | {"test": "dna", "accuracy": 0.60, "low": 0.55, "high": 0.65, "best": 0.65},
        ROW | {"test": "xx", "accuracy": 0.60, "low": 0.55, "high": 0.65, "best": 0.65},
    ]
)


def compare(*tables, names=None):
    study = STUDY | {"published": {"tables": list(tables), "as": {"nano": "gpt2"} if names is None else names}}
    study["models"] = ["nano"]
    return report_published.compare_published(SUMMARY, study, {"tables": TABLES, "setup": SETUP})


def test_differences_are_ours_less_theirs():
    rows = compare("best", "mean").set_index(["table", "test"])
    assert list(rows.index) == [("best", "dna"), ("best", "fr"), ("mean", "fr")]
    assert set(rows["their_model"]) == {"gpt2"}
    fr, dna, mean = rows.loc[("best", "fr")], rows.loc[("best", "dna")], rows.loc[("mean", "fr")]
    assert (fr["theirs"], fr["theirs_best"]) == (0.76, 0.76) and math.isnan(fr["theirs_sd"])
    assert fr["mean_difference"] == pytest.approx(-0.02) and fr["best_difference"] == pytest.approx(-0.01)
    assert dna["mean_difference"] == pytest.approx(-0.3) and dna["best_difference"] == pytest.approx(-0.25)
    assert (mean["theirs"], mean["theirs_best"], mean["theirs_sd"]) == (0.73, 0.76, 0.015)
    assert mean["mean_difference"] == pytest.approx(0.01) and mean["best_difference"] == pytest.approx(-0.01)
    assert list(rows["outside"]) == [True, False, False]
    assert list(rows["partial"]) == [False, True, True], "100 of 101 rows; of the other test the paper states none"
    assert math.isnan(dna["their_n"]) and (fr["n"], fr["their_n"]) == (100, 101)


@pytest.mark.parametrize(("theirs", "outside"), [(0.70, False), (0.6999, True), (0.78, False), (0.7801, True)])
def test_outside_is_told_by_our_interval_alone(theirs, outside):
    tables = copy.deepcopy(TABLES)
    tables["best"]["rows"][0]["accuracy"] = {"fr": theirs}
    study = STUDY | {"models": ["nano"], "published": {"tables": ["best"], "as": {"nano": "gpt2"}}}
    assert list(report_published.compare_published(SUMMARY, study, {"tables": tables, "setup": SETUP})["outside"]) == [
        outside
    ]


def test_a_cell_is_common_by_the_papers_name_of_the_model_or_ours():
    def common(**keys):
        return published.common_cells(STUDY | {"published": {}} | keys, TABLES["best"])

    named = {"models": ["nano"], "published": {"as": {"nano": "gpt2"}}}
    assert common(**named) == [("nano", "en", "dna", 0.9), ("nano", "en", "fr", 0.76)]
    assert [cell[0] for cell in common()] == ["gpt2", "gpt2"]
    assert common(trainsets=["de"]) == []


def test_the_file_reads_back(tmp_path):
    rows = compare("best", "mean")
    write_table(tmp_path / "p.tsv", rows)
    assert pd.read_csv(tmp_path / "p.tsv", sep="\t")["best_difference"].tolist() == pytest.approx(
        rows["best_difference"].tolist()
    )


@pytest.mark.parametrize("tables", [["best"], ["best", "mean"], ["mean"]])
def test_the_figure_shows_every_test_and_is_the_same_twice(tables, tmp_path):
    rows = compare(*tables)
    for path in (tmp_path / "1.svg", tmp_path / "2.svg"):
        save(published_figure(rows), path)
    svg = (tmp_path / "1.svg").read_text()
    assert svg == (tmp_path / "2.svg").read_text()
    shown = ("nano, fine-tuned on en (paper: gpt2)", "our best seed", *tables, *rows["test"])
    assert all(f">{text}<" in svg for text in shown)
    assert (">paper, best seed<" in svg) == ("mean" in tables)


# ── what differs from the paper's setup ──


def differences(config, study, change=None):
    """[(topic, difference)] of a study whose config is changed first."""
    config = copy.deepcopy(config)
    if change:
        change(config)
    return published.setup_differences(config, study, DATA)


def test_a_study_by_the_papers_recipe_differs_in_few_things(paper):
    found = differences(paper, "transfer")
    assert [topic for topic, _ in found] == ["results", *["pair sets"] * 3, "tokens"]
    assert f"{len(paper['studies']['transfer']['seeds'])} seeds" in found[0][1] and "best" in found[0][1]
    assert found[1][1].startswith("en, fr, de, es, zh, ja, ko: ")  # PAWS-X, without rows that splits share
    assert found[2][1].startswith("dna50, dna150, dna150s, protein150, protein450: ") and "similarity" in found[2][1]
    assert "256" in found[-1][1] and "128" in found[-1][1]


def change_to(section, *path, value):
    def change(config):
        block = config[section]
        for key in path[:-1]:
            block = block[key]
        block[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "topic", "facts"),
    [
        (change_to("tokens", "max_length", value=512), "tokens", ("512", "128")),
        (change_to("finetuning", "epochs", value=9), "fine-tuning", ("epochs", "9", "4")),
        (
            change_to("models", "bert", "finetuning", value={"batch_size": 8}),
            "fine-tuning",
            ("batch_size", "bert", "8", "20"),
        ),
        (change_to("pairsets", "en", "sizes", "train", value=100), "training rows", ("en", "100", "49,401")),
        (change_to("studies", "transfer", "seeds", value=[3]), "results", ("one seed",)),
        (change_to("pairsets", "dna50", "length", value=60), "pair sets", ("dna50", "60", "50")),
        (change_to("models", "gpt2", "hub", value="org/other"), "model", ("openai-community/gpt2", "org/other")),
        (change_to("pairsets", "fr", "recipe", value="grammar"), "pair sets", ("fr: synthetic",)),
        (change_to("pairsets", "fr", "files", value={"test": ["mine"]}), "pair sets", ("fr: read from",)),
    ],
)
def test_what_is_changed_in_the_config_differs(paper, change, topic, facts):
    before, after = differences(paper, "transfer"), differences(paper, "transfer", change)
    (new,) = [(t, line) for t, line in after if (t, line) not in before and all(fact in line for fact in facts)]
    assert new[0] == topic


def test_what_is_as_in_the_paper_does_not_differ(paper):
    found = differences(paper, "transfer", change_to("tokens", "max_length", value=128))
    assert "tokens" not in dict(found)


def test_pretraining_corpora_stand_beside_the_papers(paper):
    lines = [line for topic, line in differences(paper, "pretraining") if topic == "model"]
    (line,) = [line for line in lines if "openwebtext" in line]
    assert "english 9 GB" in line and "10 GB of OpenWebText" in line
    assert any("macaque 2.6 GB, mouse 2.6 GB, protein 8 GB" in line for line in lines)


def test_the_demo_says_what_it_is_not(monkeypatch):
    monkeypatch.chdir(ROOT)
    demo = settle(yaml.safe_load((CONFIG_FOLDER / "config.yaml").read_text()))
    lines = [line for _, line in differences(demo, "transfer")]
    assert any("gpt2-nano" in line and "openai-community/gpt2" in line for line in lines)
    assert any("synthetic sentences" in line and "PAWS-X" in line for line in lines)
    assert any("learning_rate" in line and "1e-05" in line for line in lines)
