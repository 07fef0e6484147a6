"""Recipe `grammar`."""

from linguist.layout import shipped_file
from linguist.recipe import recipe
from linguist.splits import SPLITS


def grammar_files(spec, name):
    return {"grammar": [shipped_file(f"resources/grammar/{part}.yaml") for part in ("frames", spec["language"])]}


@recipe(
    "grammar",
    kinds=("sentence",),
    needs=("language",),
    rules=("negatives",),
    negatives=("unrelated", "overlap", "swapped"),
    files=grammar_files,
    synthetic=True,
    balanced=True,
)
def draw_sentences(spec, files, tallies):
    """Synthetic sentences of the demo's grammar, not natural language.

    The pairs of one seed have the same meanings and labels in every language (see `sentence_pairs`). They show that the
    workflow runs; for results, use PAWS-X. The negatives are swaps, or of the kinds that the rule `negatives` asks for.
    """
    from linguist.pairs.grammar import sentence_pairs

    language, seed, negatives = spec["language"], spec["seed"], spec["rules"]["negatives"]
    return {split: sentence_pairs(language, spec["sizes"][split], seed, split, negatives) for split in SPLITS}
