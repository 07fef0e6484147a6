"""Check a FASTA file and write it so that any region can be read."""

from linguist.logs import start_log
from linguist.sequences.indexed import index_sequences


def main(smk):
    start_log(smk.log[0])
    index_sequences(smk.input[0], smk.output.fasta, smk.wildcards.kind)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
