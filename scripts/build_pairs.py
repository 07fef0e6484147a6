"""Make a pair set by its recipe."""

from pathlib import Path

from linguist.logs import start_log
from linguist.pairs import build_pairs


def main(smk):
    start_log(smk.log[0])
    files = dict(smk.input.items())
    build_pairs(smk.wildcards.pairset, smk.params.spec, files, Path(smk.output.train).parent)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
