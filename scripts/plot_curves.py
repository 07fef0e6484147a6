"""Accuracy of a study along divergence and length."""

from linguist.logs import start_log
from linguist.report.plots.study import curves_figure
from linguist.report.plots.style import save
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])
    curves = {(key, group): places for key, group, places in smk.params.curves}
    save(curves_figure(summarize_pairs(read_results(smk.input[0])), curves), smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
