"""A study's table, with verdicts."""

from linguist.findings import read_shortcuts
from linguist.logs import start_log
from linguist.metrics import read_metrics, summarize
from linguist.report import write_table


def main(smk):
    start_log(smk.log[0])
    shortcuts = read_shortcuts(smk.params.tests, smk.input.audits)
    write_table(summarize(read_metrics(smk.input.metrics)), shortcuts, smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
