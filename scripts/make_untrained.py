"""The control of a run that is not trained: its model with a fresh head."""

from linguist.finetuning import make_untrained
from linguist.logs import start_log


def main(smk):
    start_log(smk.log[0])
    make_untrained(smk.input[0], int(smk.wildcards.seed), smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
