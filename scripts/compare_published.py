"""A paper's accuracies and those of a study: a table and a figure."""

import json

from linguist.config.published import read_published
from linguist.files import write_table
from linguist.logs import start_log
from linguist.report.plots.published import published_figure
from linguist.report.plots.style import save
from linguist.report.published import compare_published
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])
    published = read_published(smk.input.published)
    rows = compare_published(summarize_pairs(read_results(smk.input.metrics)), json.loads(smk.params.study), published)
    write_table(smk.output.table, rows)
    save(published_figure(rows), smk.output.figure)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
