"""The page of a study of tasks: claims follow from intervals alone, and the page holds everything and asks for nothing."""

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import ROOT
from helpers.pages import Page, open_page
from linguist.files import write_table
from linguist.report import tasks as task_report
from linguist.report.plots.style import save
from linguist.report.plots.tasks import tasks_figure
from linguist.statistics.task_metrics import CLASSIFICATION, KMERS, compare, compute_task_metrics, summarize_tasks

ANSWERS = {"core": ["Non-promoter", "promoter"], "splice": ["A", "B", "C"]}
SPEC = {"style": "language", "loss": "prompt", "examples": 0, "retrieval": "blast", "disjoint": True}
CONFIG = {
    "studies": {
        "s": {
            "title": "A <title> & more",
            "question": "Does it?",
            "models": ["m"],
            "trainsets": ["core", "splice", "told", "numbered"],
            "seeds": [1, 2],
            "tests": ["core", "splice"],
            "controls": ["random-weights"],
        }
    },
    "tasks": {
        task: {
            "answers": answers,
            "recipe": "table",
            "phrasings": ["Is <it>?"],
            "held_out": "Say.",
            "published": "gue-core",
        }
        for task, answers in ANSWERS.items()
    },
    "instructions": {
        "told": SPEC | {"tasks": ["core", "splice"], "examples": 2},
        "numbered": SPEC | {"tasks": ["core", "splice"], "style": "ids"},
    },
    "models": {"m": {"architecture": "gpt2", "corpus": "mix"}, "m-random": {"random_of": "m"}},
    "corpora": {"mix": {"sources": {"text": {"pairsets": ["en"]}}}},
    "pairsets": {"en": {"recipe": "grammar"}},
}


def guessed(share, answers, seed, n=150):
    draw = np.random.default_rng(seed)
    label = np.arange(n) % len(answers)
    return label, np.where(draw.random(n) < share, label, (label + 1) % len(answers))


@pytest.fixture(scope="module")
def tables():
    """A study where classifiers know 9 of 10, k-mers 6, the told model 7 with words and 4 with another phrasing, random ones half."""
    called = {}
    shares = {
        ("m", CLASSIFICATION, "", "class"): 0.9,
        ("m-random", CLASSIFICATION, "", "class"): 0.5,
        (KMERS, CLASSIFICATION, "", "class"): 0.6,
        ("m", "told", "trained", "prefix"): 0.7,
        ("m", "told", "held-out", "prefix"): 0.4,
        ("m", "numbered", "trained", "prefix"): 0.7,
    }
    for number, (key, share) in enumerate(shares.items()):
        for task, answers in ANSWERS.items():
            seeds = (0,) if key[0] == KMERS else (1, 2, 3, 4)
            called.setdefault(key, {})[task] = {s: guessed(share, answers, [number, s, len(answers)]) for s in seeds}
    obeyed = np.zeros(40, int), np.where(np.arange(40) < 36, 0, -1)
    called["m", "told", "swapped", "obeys"] = {task: {1: obeyed, 2: obeyed} for task in ANSWERS}
    return summarize_tasks(compute_task_metrics("s", called, ANSWERS)), compare(called)


def test_claims_say_what_the_numbers_were_made_to_say(tables):
    claims = task_report.claims(*tables)
    found = {question: [code for code, _ in said] for question, said in claims.items()}
    assert found[task_report.QUESTIONS["instructing"]] == ["above", "above"]
    assert found[task_report.QUESTIONS["baseline"]] == ["above"]
    assert found[task_report.QUESTIONS["pretraining"]] == ["above"]
    assert found[task_report.QUESTIONS["sets"]] == ["chance"]
    assert found[task_report.QUESTIONS["phrasing"]] == ["above"]
    assert found["Is the instruction read, or only the sequence?"] == ["above"]
    assert "for 90% of the sequences" in claims["Is the instruction read, or only the sequence?"][0][1]
    assert not any("random" in text for text in map(str, claims[task_report.QUESTIONS["instructing"]]))


def test_a_claim_of_one_seed_says_so():
    row = {"question": "sets", "model": "m", "method": "told", "against_model": "n", "against_method": "x", "tasks": 2}
    row |= {"difference": 0.1, "low": 0.05, "high": 0.2, "p_holm": 0.01}
    assert "of one seed: the interval covers the items alone" in task_report.judge_difference(row | {"seeds": 1})[1]
    assert "one seed" not in task_report.judge_difference(row | {"seeds": 2})[1]


@given(st.floats(-1, 1), st.floats(0, 1), st.sampled_from(sorted(task_report.QUESTIONS)))
def test_a_difference_is_judged_by_its_corrected_p_value_alone(difference, p, question):
    row = {
        "question": question,
        "model": "m",
        "method": "told",
        "against_model": "n",
        "against_method": "x",
        "tasks": 2,
    }
    row |= {"seeds": 3, "difference": difference, "low": difference - 0.1, "high": difference + 0.1, "p_holm": p}
    code, text = task_report.judge_difference(row)
    assert (code == "chance") == (p >= 0.05)
    assert code != "above" or difference > 0
    assert f"[{row['low']:+.3f} to {row['high']:+.3f}], p " in text


def test_the_terminal_shows_every_way_and_claim_within_110_columns(tables):
    text = task_report.text_task_table(*tables)
    assert max(map(len, text.splitlines())) <= 110
    for way in ("m, a classifier a task", "m with random weights", "m, instructed (told)", "k-mer", "majority share"):
        assert way in text
    assert "More than counting words" in text


def test_published_figures_stand_beside_ours(tables):
    published = yaml.safe_load((ROOT / "resources/published.yaml").read_text())["tasks"]
    rows = task_report.beside_published(tables[0], CONFIG["tasks"], published)
    ours = [row for row in rows if row["ours"]]
    assert {row["task"] for row in rows} == set(ANSWERS) and len(ours) == 2 * 5
    assert {"m, a classifier a task", "m with random weights, a classifier a task"} < {row["method"] for row in ours}
    assert next(row for row in rows if row["method"] == "DNABERT-2")["mcc"] == 0.6937
    assert task_report.beside_published(tables[0], {"core": {}}, published) == []


def test_published_figures_are_those_of_the_papers():
    """As in DNABERT-2's tables and the DNAHLM authors' logs; a slip of the pen would be a wrong comparison."""
    published = yaml.safe_load((ROOT / "resources/published.yaml").read_text())["tasks"]
    mcc = {n: [r["mcc"] for r in rows if "mcc" in r] for n, rows in published.items()}
    assert mcc == {
        "gue-core": [0.7092, 0.7033, 0.6937],
        "gue-prom300": [0.9044, 0.9101, 0.8677],
        "gue-tf0": [0.6795, 0.6664, 0.7199],
        "gue-splice": [0.8414, 0.8935, 0.8499],
    }
    assert {n: [r["accuracy"] for r in rows if "accuracy" in r] for n, rows in published.items()} == {
        "gue-core": [0.792, 0.845],
        "gue-prom300": [0.904, 0.921],
        "gue-tf0": [0.768, 0.753],
        "gue-splice": [0.824, 0.799],
    }


@pytest.fixture
def page(tables, tmp_path):
    shown = task_report.main_rows(tables[0])
    ways = dict.fromkeys(zip(shown["model"], shown["method"], strict=True))
    save(tasks_figure(shown, {way: task_report.way_of(*way) for way in ways}), tmp_path / "f.svg")
    rows = {"rows": {"train": 100}, "dropped": {"core": {"train": 3, "dev": 0, "test": 0}}}
    about = {"baselines": dict.fromkeys(ANSWERS, {"k": 4, "C": 0.1}), "instructions": {"told": rows, "numbered": rows}}
    overlap = {
        "train": "core train",
        "test": "splice test",
        "rows": 5,
        "equal": 0,
        "inside": 0,
        "holds": 5,
        "same_answer": 0.0,
    }
    task_report.write_task_page(
        tmp_path / "page.html",
        "s",
        CONFIG,
        *tables,
        about,
        tmp_path / "f.svg",
        yaml.safe_load((ROOT / "resources/published.yaml").read_text())["tasks"],
        [overlap],
        {"device": "CPU"},
    )
    return tmp_path / "page.html"


def test_the_page_is_one_well_formed_file_that_asks_the_network_for_nothing(page):
    html = page.read_text()
    parsed = Page(html)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert all(load.startswith("#") for load in parsed.loads)
    said = " ".join(parsed.text)
    for text in ("A <title> & more", "Is <it>?", "81 %", "78 %", "splice test", "Synthetic", "### Response:"):
        assert text in said or text.lower() in said.lower(), text
    assert "nan" not in said.replace("gpt2-nano", "").lower().split()


def test_the_page_opens_in_a_browser_without_an_error(page, tmp_path):
    dom, console = open_page(page, tmp_path)
    assert "more</title>" in dom and "<svg" in dom
    assert "Uncaught" not in console and "ERROR:CONSOLE" not in console


def test_the_figure_shows_every_way_in_every_task(tables, tmp_path):
    shown = task_report.main_rows(tables[0])
    ways = dict.fromkeys(zip(shown["model"], shown["method"], strict=True))
    figure = tasks_figure(shown, {way: task_report.way_of(*way) for way in ways})
    assert [axis.get_title() for axis in figure.axes] == ["core", "splice", "average"]
    for axis in figure.axes:
        assert sum(line.get_marker() not in ("None", "") for line in axis.lines) == len(ways) == 5
    save(figure, tmp_path / "a.svg")
    save(tasks_figure(shown, {way: task_report.way_of(*way) for way in ways}), tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_table_has_every_row(tables, tmp_path):
    write_table(tmp_path / "t.tsv", tables[0])
    table = pd.read_csv(tmp_path / "t.tsv", sep="\t")
    assert len(table) == len(tables[0]) and {"accuracy", "mcc_low", "f1_high", "no_answer"} <= set(table.columns)
