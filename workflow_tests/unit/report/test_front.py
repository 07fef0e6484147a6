"""The front page: the result of each study, computed, and the figure of hypotheses."""

import pandas as pd
import pytest

from helpers.pages import REPORTS, Page, open_page
from helpers.studies import study, table_of
from linguist.files import write_table
from linguist.report.front import answer_page, task_headline
from linguist.report.page import inline, render
from linguist.report.plots.front import closest_control_figure
from linguist.report.plots.style import save
from linguist.statistics.tables import read_results

TITLES = {"transfer": "A <b>", "seeds": "B", "tasks": "C", "words": "D"}
COMPARISON = {
    "question": "instructing",
    "model": "m",
    "method": "classification",
    "variant": "",
    "against_model": "m",
    "against_method": "told",
    "against_variant": "trained",
    "difference": 0.1,
    "low": 0.05,
    "high": 0.15,
    "p_holm": 0.01,
    "prefix_difference": 0.2,
    "prefix_low": 0.15,
    "prefix_high": 0.25,
    "prefix_p_holm": 0.01,
    "above_majority": True,
    "against_above_majority": False,
    "tasks": 3,
    "seeds": 5,
    "better": 5,
    "constant": 0,
    "runs": 15,
    "collapsed": "",
    "against_constant": 0,
    "against_runs": 15,
    "against_collapsed": "",
}
NO_ROWS = pd.DataFrame(columns=["level", "scope", "model", "trainset"])
CAVEAT = "A <sentence> about the data."


@pytest.fixture
def front(tmp_path):
    claims = {"transfer": study({("m", "t"): 2}), "seeds": study({("m", "t"): 2}, shift=9)}
    for name, table in claims.items():
        write_table(tmp_path / f"{name}.tsv", table)
        claims[name] = read_results(tmp_path / f"{name}.tsv")
        assert list(claims[name]["text"]) == list(table["text"])
    save(closest_control_figure(claims), tmp_path / "closest_controls.svg")
    other = COMPARISON | {"question": "baseline", "against_model": "k-mers", "against_method": "classification"}
    tasks = {"tasks": pd.DataFrame([other, COMPARISON])}
    vectors = {"words": table_of((10, 5), [(6 + at / 10, 5) for at in range(5)])}
    studies = {name: (table, NO_ROWS) for name, table in claims.items()}
    values = answer_page(TITLES, studies, tasks, vectors, {"t": "sentence"}, {"transfer": "One <set>."})
    figure = inline(tmp_path / "closest_controls.svg", "figure-closest-controls")
    render(tmp_path / "answer.html", REPORTS / "answer.html.j2", caveats=[CAVEAT], figure=figure, **values)
    return tmp_path / "answer.html"


def test_each_study_has_its_line_with_its_result(front):
    source = front.read_text()
    page = Page(source)
    for name, code in {
        "transfer": "supported",
        "seeds": "not supported",
        "tasks": "different",
        "words": "supported",
    }.items():
        assert f'data-study="{name}" data-code="{code}"' in source
    assert 'data-hypotheses="1" data-supported="0"' in source  # that of both studies, as the stricter one has it
    text = " ".join(" ".join(page.text).split())
    assert all(title in text for title in TITLES.values()) and CAVEAT in text
    assert text.count("One <set>.") == 1
    assert len(page.ids) == len(set(page.ids))


def test_it_opens_in_a_browser_without_an_error(front, tmp_path):
    dom, log = open_page(front, tmp_path)
    assert "</figure>" in dom and "CONSOLE" not in log


def test_a_study_of_tasks_gives_the_result_of_the_question_it_asks_first():
    rows = [
        COMPARISON | {"question": q, "difference": d, "p_holm": p, "against_above_majority": True}
        for q, d, p in (("phrasing", 1, 0), ("sets", -1, 1))
    ]
    table = pd.DataFrame(rows)
    assert task_headline(table)[0] == "no difference" and "2 comparisons" in task_headline(table)[1]
    assert task_headline(table.assign(p_holm=0.0))[0] == "different"
    assert task_headline(table[:0])[0] == "unknown"


def test_a_task_study_of_few_seeds_is_exploratory():
    codes = [task_headline(pd.DataFrame([COMPARISON | {"seeds": seeds}]))[0] for seeds in (1, 4, 5)]
    assert codes == ["exploratory", "exploratory", "different"]


def test_a_way_that_is_not_above_the_majority_class_is_not_called_better():
    code, text = task_headline(pd.DataFrame([COMPARISON | {"above_majority": False}]))
    assert code == "not above majority" and "neither" in text and "more accurate" not in text


def test_every_code_of_a_headline_is_explained():
    changes = ({}, {"seeds": 1}, {"above_majority": False}, {"constant": 15}, {"p_holm": 1})
    codes = {task_headline(pd.DataFrame([COMPARISON | change]))[0] for change in changes}
    meanings = answer_page({"tasks": "C"}, {}, {"tasks": pd.DataFrame([COMPARISON])}, {}, {}, {"tasks": ""})["meanings"]
    assert len(codes) == len(changes) and codes <= meanings.keys()


def test_without_studies_of_pair_sets_there_is_no_figure(tmp_path):
    values = answer_page({"tasks": "C"}, {}, {"tasks": pd.DataFrame([COMPARISON])}, {}, {}, {"tasks": ""})
    render(tmp_path / "a.html", REPORTS / "answer.html.j2", caveats=[], figure=None, **values)
    assert "<svg" not in (tmp_path / "a.html").read_text()
    save(closest_control_figure({}), tmp_path / "empty.svg")
