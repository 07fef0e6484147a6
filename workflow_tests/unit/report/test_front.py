"""The front page: a line for each study, computed; and the figure of leads."""

import pandas as pd
import pytest

from helpers.pages import Page, open_page
from helpers.studies import study, table_of
from linguist.files import write_table
from linguist.report.front import read_claims, task_headline, transfers, write_answer
from linguist.report.plots.front import closest_control_figure
from linguist.report.plots.style import save
from linguist.report.tasks import difference_finding

TITLES = {"transfer": "A <b>", "seeds": "B", "tasks": "C", "words": "D"}
COMPARISON = {
    "question": "instructing",
    "model": "m",
    "method": "classification",
    "against_model": "m",
    "against_method": "told",
    "difference": 0.1,
    "low": 0.05,
    "high": 0.15,
    "p_holm": 0.01,
    "tasks": 3,
    "seeds": 2,
}


@pytest.fixture
def front(tmp_path):
    claims = {"transfer": study({("m", "t"): 2}), "seeds": study({("m", "t"): 2}, shift=9)}
    for name, table in claims.items():
        write_table(tmp_path / f"{name}.tsv", table)
        claims[name] = read_claims(tmp_path / f"{name}.tsv")
        assert list(claims[name]["text"]) == list(table["text"])
    save(closest_control_figure(claims), tmp_path / "closest_controls.svg")
    other = COMPARISON | {"question": "baseline", "against_model": "k-mers", "against_method": "classification"}
    tasks = {"tasks": pd.DataFrame([other, COMPARISON])}
    path = tmp_path / "answer.html"
    tables = dict.fromkeys(claims, pd.DataFrame(columns=["level", "scope", "model", "trainset"]))
    vectors = {"words": table_of((10, 5), [(6, 5), (6.1, 5), (5.9, 5)])}
    caveats = ["Synthetic sentences."]
    write_answer(
        path, TITLES, claims, tables, tasks, vectors, {"t": "sentence"}, caveats, tmp_path / "closest_controls.svg"
    )
    return path


def test_each_study_has_its_line(front):
    page = Page(front.read_text())
    text = " ".join(" ".join(page.text).split())
    assert (
        "Of 1 claim of a transfer from sentences to DNA or protein" in text
        and "each counted once), 0 are supported" in text
    )
    assert "A <b> (transfer) Supported: 1 of 1" in text and "B (seeds) Not supported: 0 of 1" in text
    assert f"C (tasks) {difference_finding(COMPARISON).text}" in text and "k-mer logistic regression" in text
    assert "supported D (words) Yes" in text
    assert "Synthetic sentences." in text and len(page.ids) == len(set(page.ids))


def test_it_opens_in_a_browser_without_an_error(front, tmp_path):
    dom, log = open_page(front, tmp_path)
    assert "</figure>" in dom and "CONSOLE" not in log


def test_a_study_of_tasks_is_told_by_the_question_it_asks_first():
    rows = [
        COMPARISON | {"question": q, "difference": d, "low": d - 0.01, "high": d + 0.01}
        for q, d in (("phrasing", 1), ("sets", -1))
    ]
    code, text = task_headline(pd.DataFrame(rows))
    assert code == "told apart" and text.startswith(difference_finding(rows[1]).text) and "2" in text
    assert task_headline(pd.DataFrame(rows[:0], columns=[*COMPARISON]))[0] == "unknown"


def test_a_claim_of_two_studies_counts_once_and_as_the_sterner_one_has_it():
    table = study({("m", "t"): 2})
    other = table.assign(code="not supported")
    for order in ([table, other], [other, table]):
        assert transfers(dict(enumerate(order)), {"t": "sentence"}) == {("m", "t", "DNA"): "not supported"}
    assert transfers({"a": table}, {"t": "dna"}) == {}
    assert transfers({"a": table.assign(group="sentences")}, {"t": "sentence"}) == {}


def test_a_task_study_of_one_seed_claims_nothing():
    assert task_headline(pd.DataFrame([COMPARISON | {"seeds": 1}]))[0] == "one seed"
    assert task_headline(pd.DataFrame([COMPARISON]))[0] == "told apart"


def test_without_pair_studies_there_is_no_figure(tmp_path):
    write_answer(tmp_path / "a.html", {"tasks": "C"}, {}, {}, {"tasks": pd.DataFrame([COMPARISON])}, {}, {}, [], None)
    assert "<svg" not in (tmp_path / "a.html").read_text()
    save(closest_control_figure({}), tmp_path / "empty.svg")
