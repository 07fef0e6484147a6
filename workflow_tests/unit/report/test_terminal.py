"""The summary for a terminal."""

from dataclasses import replace

from helpers.verdicts import BASELINES, judged_comparisons, judged_summary
from linguist.report.terminal import study_text
from linguist.statistics.claims import judge_claims
from linguist.statistics.verdicts import VERDICTS, StudyTables, judge_tests


def tables_of(baselines=BASELINES):
    summary, comparisons = judged_summary(), judged_comparisons()
    judged, claims = judge_tests(summary, baselines, comparisons), judge_claims(comparisons, summary, baselines)
    return StudyTables(summary, comparisons, summary, judged, claims)


WIDTH = 110


def test_baselines_that_are_not_clearly_exceeded_are_marked():
    lines = study_text(tables_of(), "The data of 1 of 2 test sets have problems: x.").splitlines()
    assert lines[-1].startswith("The data of 1 of 2") and not study_text(tables_of()).rstrip().endswith(lines[-1])
    assert next(line for line in lines if line.startswith("fr")).endswith("0.980  above†")
    assert sum("†" in line for line in lines) == 3
    assert "  k-mer overlap: fr" in lines and "  none: a-test-whose-name-is-longer-than-any" in lines
    none = dict.fromkeys(BASELINES, BASELINES["a-test-whose-name-is-longer-than-any"])
    assert "†" not in study_text(tables_of(none))


def test_it_fits_a_terminal_and_its_columns_are_aligned():
    text = study_text(tables_of())
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH and text.endswith("\n")
    head = next(at for at, line in enumerate(lines) if line.startswith("test "))
    rows = [line for line in lines[head:] if "[" in line and not line.startswith("test")]
    assert len(rows) == 3 and len({line.index("[") for line in rows}) == 1
    assert {line.index(line.split()[-1]) for line in rows} == {lines[head].index("verdict")}
    assert {line.split()[-1].rstrip("†") for line in rows} == {"above", "constant", "uncontrolled"}
    assert "0.800 [0.750–0.850]" in text
    assert VERDICTS["above"] in text and VERDICTS["ranks"] not in text  # only the verdicts that occur are explained


def test_a_model_that_did_not_learn_its_training_set_brings_one_more_paragraph():
    tables = tables_of()
    judged = tables.judged.assign(trainset=tables.judged["test"].iloc[0])  # trained on what it is tested on
    learned, not_learned = (study_text(replace(tables, judged=judged.assign(learned=yes))) for yes in (True, False))
    assert len(not_learned.splitlines()) > len(learned.splitlines())
    assert max(map(len, not_learned.splitlines())) <= WIDTH
