"""Keep the weights of the seed with the best dev metric."""

from linguist.logs import start_log
from linguist.training.selection import keep_best_weights


def main(smk):
    start_log(smk.log[0])
    keep_best_weights(smk.input.metrics, smk.input.weights, smk.params.select_by, smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
