"""The page of a study of tasks: findings follow from p-values and intervals alone; the page is whole and loads nothing."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import ROOT
from helpers.pages import REPORTS, Page, open_page
from linguist.config.design import describe_study
from linguist.config.published import dnahlm_accuracies
from linguist.files import write_table
from linguist.report import tasks as task_report
from linguist.report.front import task_headline
from linguist.report.page import inline, render
from linguist.report.plots.style import save
from linguist.report.plots.tasks import tasks_figure
from linguist.report.terminal import task_study_text
from linguist.report.ways import FOLLOWING, QUESTIONS, difference_finding, method_name, task_findings
from linguist.statistics.summaries import BIN_COLUMNS, summarize_tasks
from linguist.statistics.ways import CLASSIFICATION, Answers, compare_ways, compute_task_metrics
from linguist.tasks.baselines import KMERS

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


SEEDS = (1, 2, 3, 4, 5)
PUBLISHED = yaml.safe_load((ROOT / "resources/published.yaml").read_text())


def guessed(share, answers, seed, n=150):
    draw = np.random.default_rng(seed)
    label = np.arange(n) % len(answers)
    called = np.where(draw.random(n) < share, label, (label + 1) % len(answers))
    return Answers(label, called, np.log(np.where(np.eye(len(answers))[called] > 0, draw.uniform(0.4, 0.6), 0.1)))


@pytest.fixture(scope="module")
def tables():
    """Shares of right answers: classifiers 0.9, k-mers 0.6, instruction-tuned 0.7 and 0.4 with an unseen wording, random 0.5."""
    called = {}
    shares = {
        ("m", CLASSIFICATION, "", "class"): 0.9,
        ("m-random", CLASSIFICATION, "", "class"): 0.5,
        (KMERS, CLASSIFICATION, "", "class"): 0.6,
        ("m", "told", "trained", "scored"): 0.7,
        ("m", "told", "held-out", "scored"): 0.4,
        ("m", "numbered", "trained", "scored"): 0.7,
        ("m", "told", "trained", "prefix"): 0.7,
        ("m", "told", "held-out", "prefix"): 0.4,
        ("m", "numbered", "trained", "prefix"): 0.2,
    }
    for number, (key, share) in enumerate(shares.items()):
        for task, answers in ANSWERS.items():
            seeds = (0,) if key[0] == KMERS else SEEDS
            called.setdefault(key, {})[task] = {s: guessed(share, answers, [number, s, len(answers)]) for s in seeds}
    obeyed = Answers(np.zeros(40, int), np.where(np.arange(40) < 36, 0, -1))
    called["m", "told", "swapped", "obeys"] = {task: dict.fromkeys(SEEDS, obeyed) for task in ANSWERS}
    return summarize_tasks(compute_task_metrics("s", called, ANSWERS)), compare_ways(called)


def test_findings_are_those_that_the_numbers_were_made_for(tables):
    findings = task_findings(*tables)
    found = {question: [code for code, _, _ in lines] for question, lines in findings.items()}
    assert found[QUESTIONS["instructing"]] == ["above", "above"]
    assert found[QUESTIONS["baseline"]] == ["above"]
    assert found[QUESTIONS["pretraining"]] == ["above"]
    assert found[QUESTIONS["sets"]] == ["chance"]  # by the paper's rule one is better
    assert "disagree" in findings[QUESTIONS["sets"]][0][2]
    assert found[QUESTIONS["phrasing"]] == ["above"]
    assert found[FOLLOWING] == ["above"]
    assert "90 %" in findings[FOLLOWING][0][2]
    assert not any("random" in text for _, _, text in findings[QUESTIONS["instructing"]])


ROW = {"question": "sets", "model": "m", "method": "told", "variant": "trained", "tasks": 2, "seeds": 5, "better": 3}
ROW |= {"against_model": "n", "against_method": "x", "against_variant": "trained"}
ROW |= {
    "above_majority": True,
    "against_above_majority": True,
    "prefix_difference": 0.0,
    "prefix_low": -0.1,
    "prefix_high": 0.1,
}
ROW |= {"constant": 0, "runs": 6, "collapsed": "", "against_constant": 0, "against_runs": 6, "against_collapsed": ""}


@given(st.floats(-1, 1), st.floats(0, 1), st.sampled_from(sorted(QUESTIONS)))
def test_a_difference_is_judged_by_its_corrected_p_value_alone(difference, p, question):
    row = ROW | {"question": question, "difference": difference, "low": difference - 0.1, "high": difference + 0.1}
    row |= {"p_holm": p, "prefix_p_holm": p}
    code, text = difference_finding(row)
    assert (code == "chance") == (p >= 0.05)
    assert code != "above" or difference > 0
    for value in (difference, row["low"], row["high"]):
        assert f"{abs(100 * value):.1f}" in text


def constant_tables(constant):
    """A study of two tasks in which `constant` of four seeds give one answer for all rows, and k-mers are right in 6 of 10."""
    way, kmers = ("m", CLASSIFICATION, "", "class"), (KMERS, CLASSIFICATION, "", "class")
    called = {way: {}, kmers: {}}
    for task, answers in ANSWERS.items():
        label, guess, _ = guessed(0.5, answers, 9)
        called[way][task] = {
            seed: Answers(label, np.zeros_like(label) if seed < constant else guess) for seed in range(4)
        }
        called[kmers][task] = {0: guessed(0.6, answers, 8)}
    return summarize_tasks(compute_task_metrics("s", called, ANSWERS)), compare_ways(called)


def test_runs_that_give_one_answer_are_named(tmp_path):
    """Their accuracy is that of one class, whatever the sequences are: they are not merely worse than k-mers."""
    summary, comparisons = constant_tables(4)
    ((code, tag, text),) = task_findings(summary, comparisons)[QUESTIONS["baseline"]]
    assert (code, tag) == ("constant", "constant")
    assert "8 of 8 runs" in text and "less accurate" not in text
    assert task_headline(comparisons)[0] == "constant" and "8 of 8 runs" in task_headline(comparisons)[1]
    source = written_page((summary, comparisons), tmp_path).read_text()
    assert 'data-warning="constant"' in source and "core (4 of 4), splice (4 of 4)" in source
    summary, comparisons = constant_tables(1)
    ((code, _, text),) = task_findings(summary, comparisons)[QUESTIONS["baseline"]]
    assert code != "constant" and "2 of 8 runs (core with seed 0; splice with seed 0)" in text
    assert "core (1 of 4)" in written_page((summary, comparisons), tmp_path).read_text()
    summary, comparisons = constant_tables(0)
    ((code, _, text),) = task_findings(summary, comparisons)[QUESTIONS["baseline"]]
    assert code != "constant" and "8 runs" not in text
    assert "data-warning" not in written_page((summary, comparisons), tmp_path).read_text()


def test_the_terminal_shows_every_method_and_finding_within_110_columns(tables):
    said = "The data of 1 of 2 test sets have problems: core."
    text = task_study_text(*tables, said)
    assert said in text and said not in task_study_text(*tables)
    assert max(map(len, text.splitlines())) <= 110
    shown = task_report.main_rows(tables[0])
    assert all(model in text and method in text for model, method in zip(shown["model"], shown["method"], strict=True))
    for _, _, finding in sum(task_findings(*tables).values(), []):
        assert " ".join(finding.split()) in " ".join(text.split())


def test_published_figures_stand_beside_ours(tables):
    stated = dict.fromkeys(ANSWERS, {"train": 1000, "test": 150})
    trained = {"core": 1000, "splice": 999, "told": 10, "numbered": 10}
    records = dict.fromkeys(ANSWERS, PUBLISHED["tasks"]["gue-core"])
    rows = task_report.published_rows(tables[0], records, stated, trained)
    ours = [row for row in rows if row["ours"]]
    assert {row["task"] for row in rows} == set(ANSWERS) and len(ours) == 2 * 5
    assert {method_name(model, CLASSIFICATION) for model in ("m", "m-random", KMERS)} < {r["method"] for r in ours}
    assert next(row for row in rows if row["method"] == "DNABERT-2")["mcc"] == 0.6937
    assert task_report.published_rows(tables[0], {"core": []}, {}, trained) == []
    for row in ours:  # 150 test rows were used; of a task of an instruction set, the train rows are not known
        tuned = "instruction-tuned" in row["method"]
        assert (row["train"], row["test"]) == (None if tuned else trained[row["task"]], 150)
        assert row["partial"] == (row["task"] == "splice" and not tuned)
    fewer = task_report.published_rows(tables[0], records, dict.fromkeys(ANSWERS, {"train": 10, "test": 151}), trained)
    assert all(row["partial"] == row["ours"] for row in fewer)
    assert {(row["train"], row["test"]) for row in fewer if not row["ours"]} == {(10, 151), (None, None), (None, 291)}


def test_published_figures_are_those_of_the_papers():
    """As in DNABERT-2's tables and the DNAHLM authors' logs; a slip of the pen would be a wrong comparison."""
    published = PUBLISHED["tasks"]
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


def test_both_accounts_of_the_accuracy_of_dnahlm_are_kept():
    """Section 3 of the paper, and the mean of the values of its authors' files."""
    promoter, average, files = dnahlm_accuracies(PUBLISHED)
    assert (promoter["classification"], promoter["instruction"]) == (0.83, 0.80)
    assert (average["classification"], average["instruction"]) == (0.81, 0.78)
    assert files["classification"] == pytest.approx((0.792 + 0.904 + 0.768 + 0.824) / 4)
    assert files["instruction"] == pytest.approx((0.845 + 0.921 + 0.753 + 0.799) / 4)
    assert files["instruction"] > average["instruction"] + 0.04 and files["rows"] == 1000


def test_the_instruction_tuned_accuracies_of_dnahlm_are_one_run_on_a_thousand_rows(real_data):
    """The authors' replies, counted again: right if the reply begins with the answer."""
    right, tasks = (
        {},
        {"core": "gue-core", "promoter  ": "gue-prom300", "Splice": "gue-splice", "Transcription": "gue-tf0"},
    )
    lines = (real_data / "authors/gpt2-small2-sft3.json").read_text(encoding="utf-8-sig")
    for row in json.loads(lines):
        task = next(name for word, name in tasks.items() if word in row["instruction"])
        right.setdefault(task, []).append(row["model_response"].strip().startswith(row["output"].strip()))
    for task, records in PUBLISHED["tasks"].items():
        stated = next(record for record in records if record.get("way") == "instruction")
        assert stated["accuracy"] == round(np.mean(right[task]), 3) and stated["test"] == len(right[task])


@pytest.fixture
def page(tables, tmp_path):
    return written_page(tables, tmp_path)


def written_page(tables, tmp_path):
    shown = task_report.main_rows(tables[0])
    methods = dict.fromkeys(zip(shown["model"], shown["method"], strict=True))
    save(tasks_figure(shown, {key: method_name(*key) for key in methods}), tmp_path / "f.svg")
    rows = {"rows": {"train": 100}, "dropped": {"core": {"train": 3, "dev": 0, "test": 0}}}
    rows["similar"] = {"rows": 3, "of": 351, "letters": 20, "share": 0.5}
    reports = {
        "baselines": dict.fromkeys(ANSWERS, {"rows": {"train": 300}, "k": 4, "C": 0.1}),
        "instructions": {"told": rows, "numbered": rows},
    }
    overlap = {
        "train": "core train",
        "test": "splice test",
        "rows": 5,
        "equal": 0,
        "inside": 0,
        "holds": 5,
        "same_answer": 0.0,
    }
    identity = pd.DataFrame(
        [
            ("m", CLASSIFICATION, "core", "100 %", 12, 2, 0.987, 0.901, 0.999),
            (KMERS, CLASSIFICATION, "core", "below 80 %", 138, 1, 0.512, 0.433, 0.591),
        ],
        columns=["model", "method", "test", *BIN_COLUMNS],
    )
    reports |= {"identity": identity, "overlaps": [overlap], "facts": {"device": "CPU"}, "published": PUBLISHED}
    values = task_report.task_page(describe_study(CONFIG, "s"), tables, reports) | {
        "unreadable": {},
        "problems": {"core": ["Row <1> twice."]},
    }
    figure = inline(tmp_path / "f.svg", "figure-tasks")
    render(tmp_path / "page.html", REPORTS / "tasks.html.j2", figure=figure, **values)
    return tmp_path / "page.html"


def test_the_page_is_one_well_formed_file_that_asks_the_network_for_nothing(page):
    html = page.read_text()
    parsed = Page(html)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert all(load.startswith("#") for load in parsed.loads)
    said = " ".join(parsed.text)
    for text in (
        "A <title> & more",
        "Is <it>?",
        *("0.83 for a classifier", "0.80 for", "0.81 and 0.78"),  # printed by the paper
        *("0.82 for classifiers", "0.83 for one run", "1,000 sampled"),  # by the authors' files
        "splice test",
        "0.987",
        "[0.433–0.591]",
        "138 rows",
        "3 of 351",
        "m",
        "### Response:",
        "Row <1> twice.",
    ):
        assert text in said, text
    assert "nan" not in said.replace("gpt2-nano", "").lower().split()


def test_the_page_opens_in_a_browser_without_an_error(page, tmp_path):
    dom, console = open_page(page, tmp_path)
    assert "more</title>" in dom and "<svg" in dom
    assert "Uncaught" not in console and "ERROR:CONSOLE" not in console


def test_the_figure_shows_every_way_in_every_task(tables, tmp_path):
    shown = task_report.main_rows(tables[0])
    methods = dict.fromkeys(zip(shown["model"], shown["method"], strict=True))
    figure = tasks_figure(shown, {key: method_name(*key) for key in methods})
    assert [axis.get_title() for axis in figure.axes] == ["core", "splice", "average"]
    for axis in figure.axes:
        assert sum(line.get_marker() not in ("None", "") for line in axis.lines) == len(methods) == 5
    save(figure, tmp_path / "a.svg")
    save(tasks_figure(shown, {key: method_name(*key) for key in methods}), tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_table_has_every_row(tables, tmp_path):
    write_table(tmp_path / "t.tsv", tables[0])
    table = pd.read_csv(tmp_path / "t.tsv", sep="\t")
    assert len(table) == len(tables[0]) and {"accuracy", "mcc_low", "f1_high", "no_answer", "answer_mass"} <= set(
        table.columns
    )
