"""Windows of annotated DNA, and their assignment to splits.

A window is (name of its record, place, strand, sequence, label); the place is 0-based in the record.
"""

import random
from collections import defaultdict

from Bio.Seq import reverse_complement

from linguist.errors import LinguistError, show
from linguist.files import reading
from linguist.sequences.annotation import read_gff3
from linguist.sequences.coding_sequences import read_genbank
from linguist.sequences.forms import check_form
from linguist.sequences.strands import one_strand
from linguist.splits import SPLITS
from linguist.tally import BEYOND_SIZES

BLOCK = 20_000  # bases: a block of a record goes to one split as a whole
SHARED_BASES = 30  # windows of two splits never share so many bases in a row, on either strand
# Why a place has no window, or a sequence no row.
SEVERAL_CLASSES, NEAR_END = "in several classes", "too near an end of their record"
ODD_LETTERS = "with letters other than ACGT"


def cut_annotated(files, cut, spec, tallies):
    """The windows that `cut(record, length, seed, tally)` gives for annotated records, in one list; `tally` is that of the
    annotated "places".

    `files` has the GenBank file "sequences", or a genome "sequences" (as `write_indexed_fasta` writes it) and its GFF3 file
    "annotation", of which lines of other records are left out in the tally "annotation".
    """

    def use(record):
        return cut(record, spec["length"], spec["seed"], tallies["places"])

    if "annotation" in files:
        parts = map(use, read_gff3(files["annotation"], files["sequences"], tallies["annotation"]))
        return [window for part in parts for window in part]
    check_form(files["sequences"], "GenBank", "genbank")
    with reading(files["sequences"]) as handle:
        parts = read_genbank(files["sequences"], handle, use)
        return [window for part in parts for window in part]


def window_at(letters, place, strand, before, after, tally=None, where=""):
    """The window from `before` bases upstream of `place` to `after` bases downstream, along the strand; "" if it leaves its
    record or has letters other than ACGT.

    Args: `letters` are those of the record, anything with a length whose slices are text. A missing window is counted in
    `tally` (a Tally), if given; `where` then names the place.
    """
    low, high = (place - before, place + after) if strand > 0 else (place - after, place + before)
    if low < 0 or high > len(letters):
        if tally:
            tally.leave(NEAR_END)
        return ""
    sequence = str(letters[low:high]).upper()
    if set(sequence) - set("ACGT"):
        if tally:
            tally.drop(ODD_LETTERS, where)
        return ""
    return sequence if strand > 0 else reverse_complement(sequence)


def drop_repeats(rows, tally):
    """Rows (name, sequence, label) without what would count twice or is contradictory, counted in `tally` (a Tally).

    Of equal rows of a class, on either strand, the first stays; a sequence of several classes goes altogether.
    """
    labels, seen, kept = defaultdict(set), set(), []
    for _, sequence, label in rows:
        labels[one_strand("dna", sequence)].add(label)
    for row in rows:
        sequence = one_strand("dna", row[1])
        if len(labels[sequence]) > 1:
            tally.drop(SEVERAL_CLASSES, row[0])
        elif sequence in seen:
            tally.leave("repeated")
        else:
            seen.add(sequence)
            kept.append(row)
    return kept


def split_windows(windows, spec, tally):
    """Windows as the splits of a task, {split: rows (id, sequence, label)}: spec["sizes"] rows, as many of each class.

    Blocks of records go to one split as a whole. Windows that share SHARED_BASES bases in a row with a later split are
    left out, as are those that no split needs; both are counted in `tally` (a Tally).
    Raises LinguistError if there are too few windows.
    """
    draw, classes = random.Random(spec["seed"]), len(spec["answers"])
    blocks = defaultdict(list)
    distinct, shared = dict.fromkeys(windows), set()
    for window in distinct:
        blocks[window[0], window[1] // BLOCK].append(window)
    order = sorted(blocks)
    draw.shuffle(order)
    splits, taken = {}, set()
    for split in reversed(SPLITS):
        wanted = dict.fromkeys(range(classes), spec["sizes"][split] // classes)
        found, left = defaultdict(list), []
        for number, block in enumerate(order):
            if split != "train" and all(len(found[label]) == wanted[label] for label in wanted):
                left += order[number:]
                break
            before = sum(map(len, found.values()))
            members = blocks[block]
            for window in draw.sample(members, len(members)):
                record, place, strand, sequence, label = window
                if not taken.isdisjoint(stretches(sequence)):
                    shared.add(window)
                elif len(found[label]) < wanted[label]:
                    found[label].append((f"{record}:{place}:{'+' if strand > 0 else '-'}", sequence, label))
            if sum(map(len, found.values())) == before:  # the block is free for an earlier split
                left.append(block)
        order = left
        for label, number in wanted.items():
            if len(found[label]) < number:
                raise LinguistError(
                    f"only {len(found[label])} of {number} sequences of class {show(spec['answers'][label])} for '{split}'; lower "
                    f"sizes.{split} or add sequences"
                )
        splits[split] = draw.sample(rows := [row for part in found.values() for row in part], len(rows))
        for _, sequence, _ in splits[split]:
            taken |= stretches(sequence) | stretches(reverse_complement(sequence))
    tally.leave("repeated", len(windows) - len(distinct))
    tally.leave(f"with {SHARED_BASES} bases in a row of a later split", len(shared))
    tally.leave(BEYOND_SIZES, len(distinct) - len(shared) - sum(map(len, splits.values())))
    return {split: splits[split] for split in SPLITS}


def stretches(sequence):
    """All stretches of SHARED_BASES bases of a sequence; the sequence itself if it is shorter."""
    return {sequence[i : i + SHARED_BASES] for i in range(max(1, len(sequence) - SHARED_BASES + 1))}
