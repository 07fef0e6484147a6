"""Recipe `grammar`."""

from linguist.layout import shipped_file
from linguist.recipe import recipe
from linguist.splits import SPLITS


def grammar_files(spec, name):
    return {"grammar": [shipped_file(f"resources/grammar/{part}.yaml") for part in ("frames", spec["language"])]}


@recipe("grammar", kinds=("sentence",), needs=("language",), files=grammar_files, synthetic=True, balanced=True)
def draw_sentences(spec, files, tallies):
    """Synthetic sentences of the demo's grammar, not natural language.

    The pairs of one seed have the same meanings and labels in every language (see `sentence_pairs`). They show that the
    workflow runs; for results, use PAWS-X.
    """
    from linguist.pairs.grammar import sentence_pairs

    return {split: sentence_pairs(spec["language"], spec["sizes"][split], spec["seed"], split) for split in SPLITS}
