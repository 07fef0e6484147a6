"""A study's table, with verdicts, and its claims."""

import pandas as pd

from linguist.files import write_table
from linguist.logs import start_log
from linguist.report.pairset import read_shortcuts
from linguist.report.study import controls_of, read_study


def main(smk):
    start_log(smk.log[0])
    shortcuts = read_shortcuts(smk.params.tests, smk.input.audits)
    _, summary, judged, claims, _ = read_study(smk.input.metrics, smk.input.comparisons, shortcuts)
    write_table(smk.output.table, pd.concat([judged, controls_of(summary)]))
    write_table(smk.output.claims, claims)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
