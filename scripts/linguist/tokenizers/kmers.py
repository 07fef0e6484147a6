"""Texts separated into overlapping k-mers, and joined again."""

import re


def spell(text, k):
    """A text as a k-mer tokenizer reads it: each run of at least `k` letters of ACGT becomes its overlapping k-mers, with
    spaces between them."""

    def words(run):
        run = run.group()
        return " " + " ".join([run[i : i + k] for i in range(len(run) - k + 1)]) + " "

    return re.sub(f"[ACGT]{{{k},}}", words, text).strip()


def unspell(text, k):
    """Overlapping k-mers joined again. For a sequence of DNA it is the inverse of `spell`."""
    runs = []
    for word in text.split(" "):
        if runs and len(word) == k <= len(runs[-1]) and runs[-1].endswith(word[:-1]):
            runs[-1] += word[-1]
        else:
            runs.append(word)
    return " ".join(runs)
