"""Near copies are found as by comparing all with all, and words are counted as by cutting every text."""

import random
from collections import Counter

import pytest

from helpers.data import backwards
from linguist.pairs import duplicates
from linguist.pairs.duplicates import NEAR, near_copies, word_table
from linguist.sequences.alignment import local_similarity

LETTERS = {"dna": "ACGT", "protein": "ACDEFGHIKLMNPQRSTVWY"}


def mutate(draw, text, letters, edits):
    """`text` with so many substitutions, insertions and deletions at random places."""
    text = list(text)
    for _ in range(edits):
        at = draw.randrange(len(text))
        text[at : at + draw.choice([0, 1, 1, 1])] = draw.choice(["", draw.choice(letters), draw.choice(letters)])
    return "".join(text)


def slowly(kind, texts, others):
    def strands(text):
        return {text, backwards(text)} if kind == "dna" else {text}

    found = {
        text: {
            other
            for other in {*others} - strands(text)
            if any(local_similarity(kind, text, strand) >= NEAR for strand in strands(other))
        }
        for text in texts
    }
    return {text: copies for text, copies in found.items() if copies}


@pytest.fixture(params=["dna", "protein"])
def family(request):
    """(kind, texts): ancestors of 20 to 200 letters, each with descendants around the 3 % bound; repeats; strays."""
    kind, draw = request.param, random.Random(request.param)
    letters = LETTERS[kind]
    texts = ["A" * 60, "A" * 61, "AC" * 40, "AC" * 39 + "A", "A", "C"]
    for length in (20, 34, 50, 67, 100, 150, 200):
        for _ in range(3):
            ancestor = "".join(draw.choices(letters, k=length))
            copies = [mutate(draw, ancestor, letters, draw.randint(0, length // 15)) for _ in range(4)]
            if kind == "dna":
                copies = [backwards(copy) if draw.random() < 0.5 else copy for copy in copies]
            texts += [ancestor, *copies]
    return kind, texts


def test_near_copies_are_those_of_all_against_all(family):
    kind, texts = family
    found = near_copies(kind, texts)
    assert found == slowly(kind, texts, texts)
    assert sum(map(len, found.values())) > 30
    assert near_copies(kind, texts[::2], texts[1::2]) == slowly(kind, texts[::2], texts[1::2])


def test_small_blocks_give_the_same(family, monkeypatch):
    whole = near_copies(*family)
    monkeypatch.setattr(duplicates, "BLOCK", 50)
    assert near_copies(*family) == whole


def test_a_common_repeat_links_nothing_but_hides_nothing_else(monkeypatch):
    draw = random.Random(0)
    repeat = "".join(draw.choices("ACGT", k=60))
    texts = [repeat + "".join(draw.choices("ACGT", k=90)) for _ in range(20)]
    copy = texts[0][:100] + ("A" if texts[0][100] != "A" else "C") + texts[0][101:]
    monkeypatch.setattr(duplicates, "COMMON", 10)
    assert near_copies("dna", [*texts, copy]) == {texts[0]: {copy}, copy: {texts[0]}}


def test_nothing_is_near_nothing():
    assert near_copies("dna", []) == near_copies("dna", ["", "A"]) == near_copies("dna", ["ACGT" * 20], []) == {}


@pytest.mark.parametrize("k", [1, 2, 3, 11])
def test_words_are_counted(k):
    draw = random.Random(k)
    texts = ["", "A", "東京東京東京"] + ["".join(draw.choices("ACGT", k=draw.randrange(30))) for _ in range(30)]
    words = [Counter(text[i : i + k] for i in range(len(text) - k + 1)) for text in texts]
    table = word_table(texts, k)
    assert table.shape == (len(texts), len(set().union(*words)))
    assert [sorted(row.data) for row in table] == [sorted(count.values()) for count in words]
    shared = (table @ table.T).toarray()
    assert shared.tolist() == [[sum(a[w] * b[w] for w in a) for b in words] for a in words]
