"""The metrics of all studies in one table."""

import pandas as pd

from linguist.files import write_table
from linguist.logs import start_log
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])
    table = pd.concat([read_results(path) for path in smk.input])
    write_table(smk.output[0], table)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
