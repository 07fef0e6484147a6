"""Synthetic sentences as a pair set; the grammar itself has its own tests."""

from linguist.sentences import from_grammar


def test_the_grammar_gives_the_sizes_asked_for():
    splits = from_grammar({"language": "ko", "sizes": {"train": 8, "dev": 4, "test": 2}, "seed": 3}, {})
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 8, "dev": 4, "test": 2}
