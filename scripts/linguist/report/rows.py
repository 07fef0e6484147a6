"""What a page says of the rows that a set was read from: how many were dropped or left out, and why."""

from linguist.tally import WARNED, say_dropped, share_dropped


def corpus_findings(manifest):
    """As `row_findings`, of the sources of a corpus."""
    return row_findings({source: about["rows"] for source, about in manifest["sources"].items() if "rows" in about})


def row_findings(rows):
    """[(severity, sentence)] of what a recipe read ({split or kind of entry: counts as of `Tally.record`})."""
    lines = []
    for part, counts in rows.items():
        if counts["dropped"] or counts["left_out"]:
            severity = "flaw" if share_dropped(counts) > WARNED else "note"
            lines.append((severity, f"{part}: {say_dropped(counts)}."))
    return lines or ([("fine", "No row of the source was dropped.")] if rows else [])
