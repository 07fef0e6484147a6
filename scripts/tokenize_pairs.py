"""Encode a pair set with a tokenizer."""

from pathlib import Path

from linguist.logs import start_log
from linguist.splits import SPLITS
from linguist.tokenization import tokenize_pairs


def main(smk):
    start_log(smk.log[0])
    paths = {split: smk.input[split] for split in SPLITS}
    tokenize_pairs(smk.input.tokenizer, paths, smk.params.max_length, Path(smk.output.report).parent)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
