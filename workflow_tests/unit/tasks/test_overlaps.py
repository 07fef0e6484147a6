"""Overlaps: exactly what comparing every sequence with every other finds, on both strands."""

import random

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import backwards, letters
from linguist.tasks.overlaps import count_overlaps, count_similar, find_overlaps, similar_rows

sequences = st.lists(st.text("ACGTN", min_size=1, max_size=9), max_size=8)


def slow_overlaps(ours, theirs):
    found = set()
    for i, one in enumerate(ours):
        for j, other in enumerate(theirs):
            strands = (one, one[::-1].translate(str.maketrans("ACGT", "TGCA")))
            if other in strands:
                found.add((i, j, "equal"))
            elif any(strand in other for strand in strands):
                found.add((i, j, "inside"))
            elif any(other in strand for strand in strands):
                found.add((i, j, "holds"))
    return found


@given(sequences, sequences)
def test_overlaps_equal_a_slow_version(ours, theirs):
    assert find_overlaps(ours, theirs) == slow_overlaps(ours, theirs)


def test_overlaps_of_many_long_sequences_equal_a_slow_version():
    draw = random.Random(1)
    genome = letters(draw, 3000)
    cuts = [(draw.randrange(2900), draw.choice((40, 70, 100))) for _ in range(120)]
    parts = [genome[at : at + n] for at, n in cuts]
    parts = [backwards(part) if draw.random() < 0.5 else part for part in parts]
    found = find_overlaps(parts[:60], parts[60:])
    assert found == slow_overlaps(parts[:60], parts[60:])
    assert {relation for *_, relation in found} >= {"inside", "holds"}


def frame(*rows):
    return pd.DataFrame(rows, columns=["id", "sequence", "label"])


def test_a_promoter_cut_from_one_of_another_task_is_counted_with_its_answer():
    draw = random.Random(2)
    long, other = letters(draw, 300), letters(draw, 300)
    core, none = long[216:286], frame()
    tasks = {
        "core": {"answers": ["no", "promoter"], "train": frame(("a", core, 1)), "dev": none, "test": none},
        "long": {
            "answers": ["no", "promoter"],
            "train": none,
            "dev": none,
            "test": frame(("b", long, 1), ("c", other, 0)),
        },
    }
    assert count_overlaps(tasks) == [
        {"train": "core train", "test": "long test", "rows": 1, "equal": 0, "inside": 0, "holds": 1, "same_answer": 1.0}
    ]
    tasks["core"]["train"] = frame(("a", backwards(core), 0))
    assert count_overlaps(tasks)[0]["same_answer"] == 0.0
    tasks["core"]["train"] = frame(("a", letters(draw, 70), 0))
    assert count_overlaps(tasks) == []


def test_rows_that_share_half_of_their_words_are_counted_on_both_strands():
    """A shift by 40 of 100 letters leaves 41 of 81 words of 20 letters; one by 41 leaves 40."""
    draw = random.Random(3)
    genome = letters(draw, 1000)
    train = [genome[:100], backwards(genome[300:400])]
    test = [genome[40:140], genome[41:141], genome[340:440], genome[341:441], letters(draw, 100), genome[:19]]
    assert similar_rows(test, train).tolist() == [True, False, True, False, False, False]
    assert similar_rows([], train).tolist() == [] and similar_rows(test[:1], []).tolist() == [False]
    assert count_similar(test, train) == {"rows": 2, "of": 6, "letters": 20, "share": 0.5}
    halves = [genome[600:630] + letters(draw, 10), letters(draw, 10) + genome[630:660]]
    assert similar_rows([genome[600:660]], halves).all()  # one half from each of two train rows


@given(
    st.lists(st.text("ACGT", min_size=20, max_size=60), max_size=4), st.lists(st.text("ACGT", max_size=60), max_size=4)
)
def test_similar_rows_equal_a_slow_version(ours, theirs):
    theirs = [*theirs, *(text[3:40] for text in ours[:2])]

    def words(text):
        return {text[i : i + 20] for i in range(len(text) - 19)}

    known = set().union(*(words(strand) for text in theirs for strand in (text, backwards(text))))
    expected = [len(words(text) & known) >= 0.5 * len(words(text)) for text in ours]
    assert similar_rows(ours, theirs).tolist() == expected


def test_real_core_promoters_of_train_lie_in_promoters_of_test(real_data):
    """FACTS: positives lie at offset 216. Merged without care, they would tell 84 % of the other task's test rows."""
    core, long = (
        pd.read_csv(real_data / f"gue/prom/{name}.csv")["sequence"].tolist()
        for name in ("prom_core_all/train", "prom_300_all/test")
    )
    found = find_overlaps(long, core)
    assert {relation for *_, relation in found} == {"holds"}
    assert len({i for i, *_ in found}) / len(long) > 0.8
