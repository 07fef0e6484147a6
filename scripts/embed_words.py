"""Distances between the words of a vocabulary in the hidden layers of a model, before or after a run."""

from linguist.logs import start_log
from linguist.vectors.distances import embed_words


def main(smk):
    start_log(smk.log[0])
    embed_words(smk.input[0], smk.params.options, smk.output, smk.threads)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
