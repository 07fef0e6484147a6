"""The two strands of a molecule of DNA."""

from Bio.Seq import reverse_complement

from linguist.kinds import KINDS


def one_strand(kind, text):
    """A sequence as the strand that comes first in the alphabet, where both are one molecule: equal for both strands."""
    if not KINDS[kind].both_strands:
        return text
    return min(text, reverse_complement(text))
