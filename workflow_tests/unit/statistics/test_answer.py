"""What the hypotheses of all studies together say, where the truth is known."""

import pandas as pd

from helpers.studies import study
from linguist.statistics.answer import answer_of

NO_ROWS = pd.DataFrame(columns=["level", "scope", "model", "trainset"])


def answers(tables, kind="sentence"):
    return answer_of({number: (table, NO_ROWS) for number, table in enumerate(tables)}, {"t": kind})


def test_a_hypothesis_of_two_studies_counts_once_and_as_the_stricter_one_judges():
    table = study({("m", "t"): 2})
    other = table.assign(code="not supported")
    few = table.assign(code="exploratory")
    for order in ([table, other], [other, table], [few, other], [other, few, table]):
        assert answers(order).transfers == {("m", "t", "DNA"): "not supported"}
    for order in ([table, few], [few, table]):  # a study with too few seeds decides nothing
        assert answers(order).transfers == {("m", "t", "DNA"): "supported"}
    assert answers([few]).count("exploratory") == 1 and "exploratory" in " ".join(answers([few]).sentences)
    assert answers([table]).count("supported") == 1


def test_transfer_is_from_sentences_to_other_kinds():
    table = study({("m", "t"): 2})
    assert answers([table], "dna").transfers == {}
    assert answers([table.assign(group="sentences")]).transfers == {}
    assert not answers([table], "dna").sentences


def test_a_run_without_a_model_that_learned_cannot_answer():
    rows = [
        {"level": "test", "scope": "t", "model": model, "trainset": "t", "measure": "accuracy", "against": "majority"}
        | {"low": low}
        for model, low in (("m", -0.1), ("n", 0.1))
    ]
    table = study({})
    found = [answer_of({"s": (table, pd.DataFrame(rows[:n]))}, {"t": "sentence"}) for n in (1, 2)]
    assert [answer.is_open for answer in found] == [True, False]
    assert found[1].learned == {("m", "t"): False, ("n", "t"): True}
    assert len(found[0].sentences) == len(found[1].sentences) == 2
