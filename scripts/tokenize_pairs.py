"""Encode pair sets with a tokenizer."""

from pathlib import Path

from linguist.logs import start_log
from linguist.pairs.store import read_pairs
from linguist.splits import SPLITS
from linguist.tokenizers.encoding import tokenize_splits


def main(smk):
    start_log(smk.log[0])
    for *paths, report in zip(*(smk.input[split] for split in SPLITS), smk.output.reports, strict=True):
        frames = {split: read_pairs(path) for split, path in zip(SPLITS, paths, strict=True)}
        tokenize_splits(smk.input.tokenizer, frames, smk.params.max_length, Path(report).parent)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
