"""Recipe `fasta`."""

from linguist.layout import files_of_references, resource_or_archive
from linguist.recipe import recipe


@recipe(
    "fasta",
    kinds=("dna",),
    needs=("classes", "sizes"),
    files=lambda spec, name: {"classes": [resource_or_archive(reference) for reference in spec["classes"]]},
    resources=lambda spec: spec["classes"],
)
def read_classes(spec, files, tallies):
    """Sequences of FASTA files, one file for each class, assigned to splits at random.

    The files stand in the order of the answers. Equal sequences of a class, also on the other strand, are taken once.
    Sequences that stand in the files of several classes are dropped. No two splits have sequences that share 30 bases in a row,
    on either strand.
    """
    from linguist.sequences.fasta import UNKNOWN_LETTERS, is_known, read_sequences
    from linguist.tasks.cutting import drop_repeats, split_windows

    rows, tally = [], tallies["sequences"]
    for label, path in enumerate(files_of_references(spec["classes"], files["classes"])):
        for record in read_sequences(path, "dna"):
            tally.read += 1
            sequence, name = record.sequence.upper(), f"{spec['classes'][label]}:{record.name}"
            if is_known(sequence, "dna"):
                rows.append((name, sequence, label))
            else:
                tally.drop(UNKNOWN_LETTERS, f"{path}, record {record.name}")
    windows = [(name, 0, 1, sequence, label) for name, sequence, label in drop_repeats(rows, tally)]
    return split_windows(windows, spec, tally)
