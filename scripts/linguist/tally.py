"""How many rows a reader took and dropped, by reason: no row of a source vanishes uncounted."""

import logging
from collections import Counter
from dataclasses import dataclass, field

from linguist.errors import LinguistError

logger = logging.getLogger("linguist")

WARNED, REFUSED = 0.05, 0.5  # shares of dropped rows above which a page warns, and the set is not made
BEYOND_SIZES = "beyond sizes"  # rows that the config's `sizes` leave out


@dataclass
class Tally:
    """Counts of the rows of one split; or of the places of an annotation, of the records of a file and so on.

    read: rows that the source has
    dropped: rows that cannot be used, by reason ("without a label"); `first` says where the first of each reason stands
    left_out: rows that a rule of the config, the recipe or the annotation leaves out, by reason
    unit: what is counted, if not rows
    """

    read: int = 0
    dropped: Counter = field(default_factory=Counter)
    left_out: Counter = field(default_factory=Counter)
    first: dict = field(default_factory=dict)
    unit: str = "rows"

    def drop(self, reason, where):
        """Count a row that cannot be used; `where` names its place."""
        self.dropped[reason] += 1
        self.first.setdefault(reason, str(where))

    def leave(self, reason, number=1):
        """Count rows that are left out by design; a number below 1 counts nothing."""
        if number > 0:
            self.left_out[reason] += number

    @property
    def share(self):
        """The share of the rows that were dropped."""
        return share_dropped(vars(self))

    def record(self):
        """The counts as plain values for JSON."""
        counts = {
            "read": self.read,
            "dropped": dict(self.dropped),
            "left_out": dict(self.left_out),
            "first": self.first,
        }
        return counts if self.unit == "rows" else counts | {"unit": self.unit}


def share_dropped(record):
    """The share of rows that were dropped, of a record as `Tally.record` gives it; 0 if none was read."""
    return sum(record["dropped"].values()) / max(1, record["read"])


def say_dropped(record):
    """How many rows were dropped and why, with the place of the first of each reason; `record` as of `Tally.record`."""
    dropped, left_out = sum(record["dropped"].values()), sum(record["left_out"].values())
    parts = [f"{number:,} {reason}{_place(record, reason)}" for reason, number in record["dropped"].items()]
    text = (
        f"{dropped:,} of {record['read']:,} {record.get('unit', 'rows')} dropped ({100 * share_dropped(record):.1f} %)"
    )
    text += f": {', '.join(parts)}" if parts else ""
    others = ", ".join(f"{number:,} {reason}" for reason, number in record["left_out"].items())
    return f"{text}; left out: {others}" if left_out else text


def _place(record, reason):
    return f" (first: {record['first'][reason]})" if reason in record["first"] else ""


def log_tallies(tallies):
    """Say in the log what was read and dropped, a line for each split of which something was read."""
    for split, tally in tallies.items():
        if not tally.read:
            continue  # of a source that could not be read, or has nothing
        level = logging.WARNING if tally.share > WARNED else logging.INFO
        logger.log(level, "%s%s: %s", "warning: " * (level > logging.INFO), split, say_dropped(tally.record()))


def refuse_loss(tallies):
    """Raise LinguistError for a split of which most rows would be dropped."""
    for split, tally in tallies.items():
        if tally.share > REFUSED:
            raise LinguistError(f"{split}: {say_dropped(tally.record())}; mend these rows, or remove them")
