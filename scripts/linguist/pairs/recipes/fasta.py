"""Recipe `fasta`."""

from linguist.kinds import FAMILY_WORD, SEARCHABLE
from linguist.layout import files_of_references, resource_or_archive
from linguist.recipe import recipe

WORDS = ("pairs of records", "lower sizes, or add records to both files")  # for the error where too few are found
LARGEST_FAMILY = 0.1  # share of a split, so that no large family fills it


@recipe(
    "fasta",
    kinds=SEARCHABLE,
    needs=("sides",),
    rules=("max_negative_similarity", "max_length_difference"),
    files=lambda spec, name: {"sides": [resource_or_archive(reference) for reference in spec["sides"]]},
    resources=lambda spec: spec["sides"],
    balanced=True,
)
def pair_fasta_records(spec, files, tallies):
    """Records of two FASTA files, paired by their names.

    Positives: the records of the same name in the first file and in the second. Records of other names are left out.
    Pairs whose records share 30 bases or 12 residues in a row (of DNA, on either strand) are one family. A family stays in
    one split and fills at most a tenth of it.

    Negatives: the positives' own sequences, paired anew within the split. The two are of different families, obey the rule on
    lengths, are matched in length and composition, and have a local similarity below `max_negative_similarity`.
    """
    import random

    from linguist.pairs.families import UNUSED, assign_families
    from linguist.pairs.homologs import exchange_partners
    from linguist.pairs.store import labelled_rows
    from linguist.splits import SPLITS

    places = files_of_references(spec["sides"], files["sides"])
    pairs = match_records(spec["kind"], spec["sides"], places, tallies["records"])
    halves = {split: spec["sizes"][split] // 2 for split in SPLITS}
    splits = assign_families(pairs, halves, spec["seed"], LARGEST_FAMILY, words=WORDS)
    tallies["pairs"].read = len(pairs)
    tallies["pairs"].leave(UNUSED, len(pairs) - sum(map(len, splits.values())))
    return {
        split: labelled_rows(
            chosen,
            exchange_partners(spec["kind"], chosen, spec["rules"]),
            random.Random(f"order {split} {spec['seed']}"),
        )
        for split, chosen in splits.items()
    }


def match_records(kind, names, paths, tally):
    """The records of two FASTA files that have the same name, as Homologs; others are counted in `tally` (a Tally).

    Raises LinguistError if there are none.
    """
    from linguist.errors import LinguistError, show
    from linguist.pairs.families import word_families
    from linguist.pairs.homologs import Homologs

    one, two = (read_known(path, kind, tally) for path in paths)
    shared = [name for name in one if name in two]
    if not shared:
        raise LinguistError(
            f"{paths[0]} and {paths[1]} have no record of the same name ({show(next(iter(one), None))}, "
            f"{show(next(iter(two), None))}, …); give the two sides of a pair one name"
        )
    tally.leave("of a name that the other file lacks", len(one) + len(two) - 2 * len(shared))
    family = word_families([(one[name], two[name]) for name in shared], FAMILY_WORD[kind], kind)
    return [
        Homologs(
            f"{names[0]}:{name}:0-{len(one[name])}",
            f"{names[1]}:{name}:0-{len(two[name])}",
            one[name],
            two[name],
            name,
            number,
        )
        for name, number in zip(shared, family, strict=True)
    ]


def read_known(path, kind, tally):
    """{name: upper-case sequence} of a FASTA file, without sequences of unknown letters alone, counted in `tally`."""
    from linguist.sequences.fasta import UNKNOWN_LETTERS, is_known, read_sequences

    records = {}
    for found in read_sequences(path, kind):
        tally.read += 1
        if is_known(found.sequence.upper(), kind):
            records[found.name] = found.sequence.upper()
        else:
            tally.drop(UNKNOWN_LETTERS, f"{path}, record {found.name}")
    return records
