"""One table of all studies."""

import pandas as pd

from linguist.files import write_text
from linguist.logs import start_log


def main(smk):
    start_log(smk.log[0])
    tables = [pd.read_csv(path, sep="\t") for path in smk.input]
    write_text(smk.output[0], pd.concat(tables).to_csv(sep="\t", index=False, float_format="%.6g"))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
