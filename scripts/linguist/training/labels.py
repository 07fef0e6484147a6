"""The labels that a run is trained on: those of its rows, or for a control condition changed ones.

Apart from `controls`, so that a reworded control trains nothing anew.
"""

GIVEN = "given"
CHANGES = {  # by name: from labels (array of 0 and 1) and a numpy Generator to other labels
    GIVEN: lambda labels, draw: labels,
    "shuffled": lambda labels, draw: draw.permutation(labels),
    "flipped": lambda labels, draw: 1 - labels,
}


def source_set(trainset):
    """The pair set or task whose rows a training set has: of "en" and of "en.shuffled" it is "en"."""
    return trainset.partition(".")[0]


def labels_of(trainset):
    """Which labels a training set has, one of CHANGES: of "en" it is GIVEN, of "en.shuffled" it is "shuffled"."""
    return trainset.partition(".")[2] or GIVEN
