"""Make a pair set by its recipe."""

from linguist.logs import start_log
from linguist.pairs.recipes import build_pairs
from linguist.pairs.store import write_pairs


def main(smk):
    start_log(smk.log[0])
    for split, rows in build_pairs(smk.wildcards.pairset, smk.params.spec, dict(smk.input.items())).items():
        write_pairs(smk.output[split], rows)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
