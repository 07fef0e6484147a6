"""Unpack a resource that is an archive."""

from linguist.logs import start_log
from linguist.sequences.unpacking import unpack


def main(smk):
    start_log(smk.log[0])
    unpack(smk.input[0], smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
