"""Distances between token vectors in the hidden layers of a model, before or after fine-tuning."""

from linguist.logs import start_log
from linguist.training.devices import own_gpus
from linguist.vectors.distances import measure_distances


def main(smk):
    start_log(smk.log[0])
    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu):
        measure_distances(smk.input[0], smk.params.options, smk.output, smk.threads)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
