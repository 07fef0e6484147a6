"""Recipe `repeats`."""

from linguist.recipe import CUTTING, recipe

MASKED, UNMASKED = 0.9, 0.0  # least share of lower case in a repeat, and largest in unique sequence


@recipe("repeats", classes=2, **CUTTING)
def cut_repeat_windows(spec, files, tallies):
    """Windows inside and outside of the repeats that a soft-masked genome marks in lower case (RepeatMasker).

    Classes: unique (0), repeat (1). A window of a repeat is at least nine tenths lower case, a window of unique sequence
    has no lower case. The rows are upper case.
    """
    from linguist.sequences.fasta import read_sequences
    from linguist.tasks.cutting import ODD_LETTERS, split_windows

    length, windows, tally = spec["length"], [], tallies["windows"]
    for record in read_sequences(files["sequences"], "dna"):
        for start in range(0, len(record.sequence) - length + 1, length):
            sequence = record.sequence[start : start + length]
            masked = sum(map(str.islower, sequence)) / length
            tally.read += 1
            if set(sequence.upper()) - set("ACGT"):
                tally.leave(ODD_LETTERS)
            elif UNMASKED < masked < MASKED:
                tally.leave("masked in part")
            else:
                windows.append((record.name, start, 1, sequence.upper(), int(masked >= MASKED)))
    return split_windows(windows, spec, tally)
