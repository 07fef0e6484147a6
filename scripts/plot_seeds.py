"""Accuracy of a study's runs along its seeds."""

from linguist.logs import start_log
from linguist.report.plots.study import seeds_figure
from linguist.report.plots.style import save
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])
    save(seeds_figure(read_results(smk.input[0])), smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
