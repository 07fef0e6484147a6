"""Accuracy by identity to the nearest train row, as the pages of studies show it."""

from linguist.sequences.neighbours import IDENTITY_BINS


def identity_rows(identity, name):
    """A dict for each method and test: name (from `name(row)`), test, and a cell for each bin: a dict of accuracy, low, high, n
    and seeds; None if the test has no rows in it. Bins that no test has are left out.

    `identity` is a table of `summarize_identity` or `accuracy_by_identity`.
    """
    bins, found = [one for one in IDENTITY_BINS if one in set(identity["identity"])], {}
    for row in identity.sort_values("test", kind="stable").to_dict("records"):
        found.setdefault((name(row), row["test"]), dict.fromkeys(bins))[row["identity"]] = row
    return [{"name": key[0], "test": key[1], "bins": cells} for key, cells in found.items()]
