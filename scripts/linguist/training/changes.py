"""The rows that a run is trained on: those of its training set, or for a control condition changed ones.

A module of its own: if it stood in `controls`, an edited phrase there would change its digest and retrain every run.
"""

from dataclasses import replace

GIVEN = "given"
CHANGES = {  # by name: from encoded rows (PairTokens) and a numpy Generator to the rows that are trained on
    GIVEN: lambda rows, draw: rows,
    "shuffled": lambda rows, draw: replace(rows, labels=draw.permutation(rows.labels)),
    "flipped": lambda rows, draw: replace(rows, labels=1 - rows.labels),
}


def source_set(trainset):
    """The pair set or task whose rows a training set has: of "en" and of "en.shuffled" it is "en"."""
    return trainset.partition(".")[0]


def row_change(trainset):
    """How the rows of a training set are changed, one of CHANGES: of "en" it is GIVEN, of "en.shuffled" "shuffled"."""
    return trainset.partition(".")[2] or GIVEN
