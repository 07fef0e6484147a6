"""What a page says of the rows that a set was read from: how many were dropped, and which labels contradict one another."""

from linguist.conflicts import say_conflicts
from linguist.tally import WARNED, say_dropped, share_dropped


def row_findings(record):
    """[(severity, sentence)] of the record of a pair set or task (rows.json): dropped rows, and contradictory labels."""
    lines = []
    for split, counts in record["rows"].items():
        if counts["dropped"] or counts["left_out"]:
            severity = "flaw" if share_dropped(counts) > WARNED else "note"
            lines.append((severity, f"{split[0].upper()}{split[1:]}: {say_dropped(counts)}."))
    if record["rows"] and not lines:
        lines.append(("fine", "No row of the source was dropped."))
    lines += [("flaw", f"Contradictory labels, {text}.") for text in say_conflicts(record["conflicts"])]
    return lines if record["conflicts"] else [*lines, ("fine", "No contradictory labels.")]
