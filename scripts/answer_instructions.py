"""Ask an instructed model all test rows."""

from linguist.instructing import answer_rows
from linguist.logs import start_log


def main(smk):
    start_log(smk.log[0])
    answer_rows(smk.input.weights, smk.input.rows, smk.params.answers, smk.params.options, smk.output[0], smk.threads)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
