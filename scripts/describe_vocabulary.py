"""Describe the vocabulary of a tokenizer, and how it encodes the dev split of its corpus."""

from linguist.logs import start_log
from linguist.tokenizers.vocabulary import describe_tokenizer


def main(smk):
    start_log(smk.log[0])
    describe_tokenizer(
        smk.params.type, smk.input.tokenizer, smk.input.text, smk.input.sources, smk.params.sources, smk.output[0]
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
