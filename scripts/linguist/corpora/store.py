"""The form of a corpus: two splits with one document a line, and for each line the number of its source."""

import re

import numpy as np

from linguist.errors import LinguistError
from linguist.files import damaged, reading_result

_MARKS = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_CHARACTERS = {mark: character for character, mark in _MARKS.items()}


def escape(document):
    """A document as one line: backslash, line feed and carriage return as `\\\\`, `\\n` and `\\r`; `unescape` undoes it."""
    for character, mark in _MARKS.items():  # the backslash first, since the other marks contain one
        document = document.replace(character, mark)
    return document


def unescape(line):
    """The document that `escape` made this line of."""
    if "\\" not in line:
        return line
    if "\\\\" not in line:
        return line.replace("\\n", "\n").replace("\\r", "\r")
    return re.sub(r"\\[\\nr]", lambda found: _CHARACTERS[found.group()], line)


def choose_dev(n, share, seed):
    """Which of a source's `n` documents are its dev split: boolean array (n,), at least one of them.

    Both `segment_genome` and `mix_corpus` call it, so that the BED file gives the split of each segment.
    Raises LinguistError for fewer than two documents.
    """
    if n < 2:
        raise LinguistError(f"too few documents ({n}) for a train and a dev split; raise bytes or add resources")
    chosen = np.zeros(n, bool)
    chosen[np.random.default_rng([seed, n]).permutation(n)[: max(1, round(share * n))]] = True
    return chosen


def choose_repeated(n, share, seed):
    """Which of a source's `n` documents stand twice: boolean array (n,), exactly the share, and independent of `choose_dev`."""
    chosen = np.zeros(n, bool)
    chosen[np.random.default_rng([seed, n, 1]).permutation(n)[: round(share * n)]] = True
    return chosen


def read_sources(path):
    """The numbers of the sources of a split's documents: uint8 array (documents,). Raises LinguistError if it is damaged."""
    with reading_result(path):
        return np.load(path)


def read_split(text_path, sources_path):
    """Yield (number of its source, document) for each line of a split.

    Raises LinguistError, perhaps after the last document, if the two files do not belong together.
    """
    unfit = damaged(text_path, f"not as many lines as {sources_path} has labels")
    labels = read_sources(sources_path)
    with reading_result(text_path), open(text_path, encoding="utf-8", newline="\n") as lines:
        for label in labels.tobytes():
            line = next(lines, "")
            if not line.endswith("\n"):
                raise unfit
            yield label, unescape(line.removesuffix("\n"))
        if next(lines, None) is not None:
            raise unfit
