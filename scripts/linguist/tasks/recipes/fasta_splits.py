"""Recipe `fasta-splits`."""

from linguist.layout import files_of_references
from linguist.recipe import recipe, table_files, table_resources
from linguist.splits import SPLITS


@recipe("fasta-splits", kinds=("dna",), needs=("files",), files=table_files, resources=table_resources)
def read_fasta_splits(spec, files, tallies):
    """Sequences of FASTA files that have splits of their own.

    A split has one file for each class, in the order of the answers, or one file whose headers end with the class after a
    blank or `|` (">seq1 1", ">seq1|promoter"). Rows keep their order.
    """
    from linguist.errors import LinguistError
    from linguist.sequences.fasta import UNKNOWN_LETTERS, is_known, read_sequences
    from linguist.tasks.store import read_class

    answers, splits = spec["answers"], {}
    for split in SPLITS:
        references = spec["files"][split]
        if len(references) not in (1, len(answers)):
            raise LinguistError(
                f"split '{split}' has {len(references)} FASTA files for {len(answers)} answers; give one for each answer, or "
                "one with the class at the end of each header"
            )
        splits[split] = rows = []
        for number, path in enumerate(files_of_references(references, files[split])):
            for record in read_sequences(path, "dna"):
                label, sequence = number, record.sequence.upper()
                tallies[split].read += 1
                if not is_known(sequence, "dna"):
                    tallies[split].drop(UNKNOWN_LETTERS, f"{path}, record {record.name}")
                    continue
                if len(references) == 1:
                    words = f"{record.name} {record.description}".replace("|", " ").split()
                    label = read_class(f"{path}, record {record.name}", words[-1], answers)
                rows.append((f"{references[number]}:{record.name}", sequence, label))
    return splits
