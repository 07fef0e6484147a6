"""Check a FASTA file and write it with an index, so that any region can be read by its coordinates."""

from linguist.logs import start_log
from linguist.sequences.fasta import read_sequences
from linguist.sequences.indexed import write_indexed_fasta


def main(smk):
    start_log(smk.log[0])
    write_indexed_fasta(read_sequences(smk.input[0], smk.wildcards.kind), smk.output.fasta)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
