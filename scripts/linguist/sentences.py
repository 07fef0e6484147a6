"""Pair sets of synthetic sentences: the grammar of the demo."""

from linguist.grammar import sentence_pairs
from linguist.splits import SPLITS


def from_grammar(spec, files):
    """The synthetic sentence pairs of a language, `sizes` rows a split. They are no PAWS-X: they show that it runs."""
    return {split: sentence_pairs(spec["language"], spec["sizes"][split], spec["seed"], split) for split in SPLITS}
