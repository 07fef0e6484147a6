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
def read_classes(spec, files):
    """Sequences of FASTA files, one file for each class, assigned to splits at random.

    The files stand in the order of the answers. Equal sequences of a class, also on the other strand, are taken once.
    Sequences that stand in the files of several classes are dropped. No two splits have sequences that share 30 bases in a row,
    on either strand. The log says how many sequences were dropped.
    """
    import logging

    from linguist.sequences.fasta import read_sequences
    from linguist.tasks.cutting import drop_repeats, split_windows

    rows = []
    for label, path in enumerate(files_of_references(spec["classes"], files["classes"])):
        for record in read_sequences(path, "dna"):
            rows.append((f"{spec['classes'][label]}:{record.name}", record.sequence.upper(), label))
    kept, dropped = drop_repeats(rows)
    words = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items()) or "none"
    logging.getLogger("linguist").info("%d of %d sequences (dropped: %s)", len(kept), len(rows), words)
    return split_windows([(name, 0, 1, sequence, label) for name, sequence, label in kept], spec)
