"""A study's table, with verdicts, and its claims."""

import pandas as pd

from linguist.files import write_table
from linguist.logs import start_log
from linguist.report.audit import best_baselines, read_audits
from linguist.statistics.verdicts import control_rows, read_study_tables


def main(smk):
    start_log(smk.log[0])
    baselines = best_baselines(read_audits(smk.params.tests, smk.input.audits))
    tables = read_study_tables(smk.input.metrics, smk.input.comparisons, baselines)
    write_table(smk.output.table, pd.concat([tables.judged, control_rows(tables.summary)]))
    write_table(smk.output.claims, tables.claims)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
