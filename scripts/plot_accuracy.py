"""The main figure of a study: accuracy of every model on every test."""

from linguist.logs import start_log
from linguist.report.plots.study import accuracy_figure
from linguist.report.plots.style import save
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])
    metrics = read_results(smk.input[0])
    save(accuracy_figure(summarize_pairs(metrics), metrics), smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
