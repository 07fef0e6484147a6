"""The recipes of tasks: read from published tables, or cut from annotated human DNA."""

import random
from collections import Counter, defaultdict
from pathlib import Path

from Bio.Seq import reverse_complement
from Bio.SeqFeature import ExactPosition

from linguist.errors import LinguistError
from linguist.files import clean, reading
from linguist.sequences.coding_sequences import read_genbank
from linguist.sequences.fasta import read_sequences
from linguist.sequences.tables import read_records, sequence_of
from linguist.splits import SPLITS

FORMS = (("sequence", "label"),)  # of a table: GUE's (Zhou et al. 2024)
BLOCK = 20_000  # bases of a record that go to one split together
WORD = 30  # windows that share so many letters in a row, on either strand, never stand in train and test
MASKED, UNMASKED = 0.9, 0.0  # share of lower-case letters of a window in a repeat, and outside of one
BEFORE = 0.8  # share of a promoter's window that lies before the start of the gene


def from_tables(spec, files):
    """A published task with its own splits: tables with columns sequence and label, read in order. Of a split
    with more rows than `sizes` asks for, so many are drawn: GUE's test splits are sorted by label in places.

    `files` maps each split to the places of spec["files"][split]: tables, or the folders of unpacked archives.
    """
    splits = {}
    for split in SPLITS:
        rows = []
        for reference, place in zip(spec["files"][split], files[split], strict=True):
            rows += read_table(Path(place, reference.partition(":")[2]), spec["answers"], f"{split}-{len(rows)}-")
        wanted = spec.get("sizes", {}).get(split, len(rows))
        drawn = random.Random(f"{spec['seed']} {split}").sample(range(len(rows)), min(wanted, len(rows)))
        splits[split] = [rows[at] for at in sorted(drawn)]
        if twice := [name for name, times in Counter(row[0] for row in rows).items() if times > 1]:
            raise LinguistError(
                f"split '{split}': id {twice[0]!r} stands in two rows; give each its own, or leave out the column"
            )
    return splits


def read_table(path, answers, prefix=""):
    """Rows (id, sequence, label) of a table in GUE's form, or JSON lines, a JSON array or Parquet of the same columns.

    A label is a class's number, in 0 … len(answers) - 1. An id that the table does not give is the row's number after `prefix`.
    Raises LinguistError for a table of another form, a wrong label or letter, or damage.
    """
    if not Path(path).is_file():
        raise LinguistError(f"{path}: no such table; name an archive's member as resource:path/in/archive.csv")
    known = {str(label): label for label in range(len(answers))}
    rows = []
    for number, (where, record) in enumerate(read_records(path, FORMS, FORMS[0]), 1):
        label = clean(record["label"])
        if label not in known:
            classes = ", ".join(f"{label} ({answer})" for label, answer in enumerate(answers))
            raise LinguistError(f"{where}: label {label!r} is not one of {classes}; mend the row or the task's answers")
        sequence = sequence_of(where, "sequence", clean(record["sequence"]), "dna")
        if not sequence:
            raise LinguistError(f"{where}: no sequence; remove the row")
        # BLAST ends a name at the first blank.
        rows.append(("_".join(clean(record.get("id")).split()) or f"{prefix}{number}", sequence, known[label]))
    return rows


def splice_sites(spec, files):
    """Windows around splice sites of the annotated genes of a GenBank file: acceptor (0), donor (1), neither (2).

    As in GUE the site is in the middle: an acceptor's intron ends there with AG, a donor's begins with GT. Windows of
    neither have an AG or a GT there too, in the same genes, where no gene of the record is spliced.
    """
    return _deal(_cut(files["sequences"], lambda record: _cut_sites(record, spec)), spec)


def _cut_sites(record, spec):
    half, windows = spec["length"] // 2, []
    introns = {intron for feature in record.features for intron in _introns(feature)}
    # (place, strand) of the letter right of a site, read along the strand; acceptors lie right of their intron.
    sites = {
        0: {(end if strand > 0 else start, strand) for start, end, strand in introns},
        1: {(start if strand > 0 else end, strand) for start, end, strand in introns},
    }
    spliced = sites[0] | sites[1]
    decoys = set()
    draw = random.Random(f"{spec['seed']} {record.id}")
    for start, end, strand in sorted(introns):
        for _ in range(4):  # half of them near a site, where there is as much of an exon
            near = draw.choice((start, end)) + draw.randint(-spec["length"], spec["length"])
            decoys.add((draw.choice((near, draw.randrange(start, end))), strand))
    for label, places in [*sites.items(), (2, decoys)]:
        for place, strand in sorted(places):
            sequence = _window(record, place, strand, half, half)
            if label == 2 and sequence:
                place, sequence = _next_decoy(record, place, strand, half, draw.random() < 0.5)
                if (place, strand) in spliced:
                    continue
            kept = {0: sequence[half - 2 : half] == "AG", 1: sequence[half : half + 2] == "GT", 2: bool(sequence)}
            if kept[label]:
                windows.append((record.id, place, strand, sequence, label))
    return windows


def _next_decoy(record, place, strand, half, acceptor):
    """The nearest place from `place` on whose window has AG before its middle (an acceptor's) or GT after it."""
    for step in range(200):
        sequence = _window(record, place + step, strand, half, half)
        if sequence and (sequence[half - 2 : half] == "AG" if acceptor else sequence[half : half + 2] == "GT"):
            return place + step, sequence
    return place, ""


def gene_starts(spec, files):
    """Windows around the 5' ends of the annotated genes of a GenBank file (1), and windows elsewhere in its records (0).

    Four fifths of a window lie before the start. Annotated starts stand in for promoters: some are those of the coding
    part alone.
    """
    return _deal(_cut(files["sequences"], lambda record: _cut_starts(record, spec)), spec)


def _cut_starts(record, spec):
    before = round(BEFORE * spec["length"])
    after, windows = spec["length"] - before, []
    genes = [f for f in record.features if f.type in ("gene", "mRNA", "prim_transcript")]
    starts = set()
    for gene in genes:
        if gene.location is None or gene.location.strand is None or any(part.ref for part in gene.location.parts):
            continue
        place = gene.location.start if gene.location.strand > 0 else gene.location.end
        if isinstance(place, ExactPosition):
            starts.add((int(place), gene.location.strand))
    draw = random.Random(f"{spec['seed']} {record.id}")
    elsewhere = set()
    for _ in range(4 * len(starts)):
        place = draw.randrange(len(record))
        if all(abs(place - start) > 2 * spec["length"] for start, _ in starts):
            elsewhere.add((place, draw.choice((1, -1))))
    for label, places in ((1, starts), (0, elsewhere)):
        for place, strand in sorted(places):
            if sequence := _window(record, place, strand, before, after):
                windows.append((record.id, place, strand, sequence, label))
    return windows


def repeats(spec, files):
    """Windows of a soft-masked genome that lie in a repeat (1) or hold no masked letter (0); the case is taken away."""
    length, windows = spec["length"], []
    for record in read_sequences(files["sequences"], "dna"):
        for start in range(0, len(record.sequence) - length + 1, length):
            sequence = record.sequence[start : start + length]
            masked = sum(map(str.islower, sequence)) / length
            if set(sequence.upper()) <= set("ACGT") and (masked <= UNMASKED or masked >= MASKED):
                windows.append((record.name, start, 1, sequence.upper(), int(masked >= MASKED)))
    return _deal(windows, spec)


def _cut(path, cut):
    """The windows that `cut` makes of each record of a GenBank file, end to end."""
    with reading(path) as handle:
        return [window for windows in read_genbank(path, handle, cut) for window in windows]


def _introns(feature):
    """The introns of a spliced feature as (start, end, strand), 0-based and half-open in its record."""
    location = feature.location
    if feature.type not in ("CDS", "mRNA") or location is None or location.strand is None:
        return
    parts = sorted(location.parts, key=lambda part: part.start)
    for left, right in zip(parts, parts[1:], strict=False):
        ends = (left.end, right.start)
        if not left.ref and not right.ref and all(isinstance(end, ExactPosition) for end in ends) and ends[0] < ends[1]:
            yield int(ends[0]), int(ends[1]), location.strand


def _window(record, place, strand, before, after):
    """The window with `before` letters before `place` and `after` behind it, along the strand; "" if it has others than
    ACGT, or leaves its record."""
    low, high = (place - before, place + after) if strand > 0 else (place - after, place + before)
    if low < 0 or high > len(record):
        return ""
    sequence = str(record.seq[low:high]).upper()
    if set(sequence) - set("ACGT"):
        return ""
    return sequence if strand > 0 else reverse_complement(sequence)


def _deal(windows, spec):
    """Splits of windows (record, place, strand, sequence, label), as many of each class as spec["sizes"] asks for together.

    Blocks of the records go to one split whole, and what shares a word of WORD letters with a later split is dropped.
    Raises LinguistError if there are too few.
    """
    draw, classes = random.Random(spec["seed"]), len(spec["answers"])
    blocks = defaultdict(list)
    for window in dict.fromkeys(windows):
        blocks[window[0], window[1] // BLOCK].append(window)
    order = sorted(blocks)
    draw.shuffle(order)
    splits, taken, at = {}, set(), 0
    for split in reversed(SPLITS):
        wanted = dict.fromkeys(range(classes), spec["sizes"][split] // classes)
        found = defaultdict(list)
        while at < len(order) and (split == "train" or any(len(found[label]) < wanted[label] for label in wanted)):
            members, at = blocks[order[at]], at + 1
            for record, place, strand, sequence, label in draw.sample(members, len(members)):
                if taken.isdisjoint(words(sequence)) and len(found[label]) < wanted[label]:
                    found[label].append((f"{record}:{place}:{'+' if strand > 0 else '-'}", sequence, label))
        for label, number in wanted.items():
            if len(found[label]) < number:
                raise LinguistError(
                    f"only {len(found[label])} of {number} windows of class {spec['answers'][label]!r} for '{split}'; lower "
                    f"sizes.{split} or add sequences"
                )
        splits[split] = draw.sample(rows := [row for part in found.values() for row in part], len(rows))
        for _, sequence, _ in splits[split]:
            taken |= words(sequence) | words(reverse_complement(sequence))
    return {split: splits[split] for split in SPLITS}


def words(sequence):
    """All words of WORD letters of a sequence."""
    return {sequence[i : i + WORD] for i in range(len(sequence) - WORD + 1)}
