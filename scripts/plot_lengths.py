"""Lengths of a study's test sequences by label."""

from linguist.logs import start_log
from linguist.pairs.store import read_pairs
from linguist.report.plots.study import length_figure
from linguist.report.plots.style import save


def main(smk):
    start_log(smk.log[0])
    kinds = smk.params.kinds.items()
    save(
        length_figure({test: (kind, read_pairs(path)) for (test, kind), path in zip(kinds, smk.input, strict=True)}),
        smk.output[0],
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
