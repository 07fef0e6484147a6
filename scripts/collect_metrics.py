"""One table of all studies."""

import pandas as pd

from linguist.files import write_text
from linguist.logs import start_log
from linguist.metrics import read_metrics


def main(smk):
    start_log(smk.log[0])
    table = pd.concat([read_metrics(path) for path in smk.input])
    write_text(smk.output[0], table.to_csv(sep="\t", index=False, float_format="%.6g"))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
