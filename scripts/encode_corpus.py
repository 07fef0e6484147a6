"""Encode the splits of a corpus with a tokenizer."""

import os

from linguist.logs import start_log
from linguist.tokenizers.packed import encode_corpus


def main(smk):
    start_log(smk.log[0])
    os.environ["RAYON_NUM_THREADS"] = str(smk.threads)  # else tokenizers takes all cores of the machine
    for files in zip(smk.input.texts, smk.input.sources, smk.output.ids, smk.output.about, strict=True):
        encode_corpus(smk.input.tokenizer, *files)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
