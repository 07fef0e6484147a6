"""Words of sequences as numbers: ten million words of a proteome are too many for a dictionary of texts."""

import numpy as np

_MULTIPLIER = 6364136223846793005  # odd and without a pattern (Knuth's MMIX), so that words differ in all bits


def hash_words(text, size):
    """A number of 64 bits for each word of `size` letters of a text; a shorter text is a word itself.

    The probability that two of n different words have the same number is about n² / 2 ** 65.
    """
    letters = np.frombuffer(text.encode(), np.uint8).astype(np.uint64)
    size = min(size, len(letters))
    numbers = np.zeros(len(letters) - size + 1, np.uint64)
    for at in range(size):  # wraps around at 2 ** 64
        numbers = numbers * np.uint64(_MULTIPLIER) + letters[at : at + len(numbers)]
    return numbers
