"""Make a model with random weights: of a given shape, or like another model."""

from linguist.logs import start_log
from linguist.training.models import initialize_model, randomize_model


def main(smk):
    start_log(smk.log[0])
    model, seed = smk.params.source, smk.params.source.get("seed", 0)
    if "random_of" in model:
        randomize_model(smk.input[0], seed, smk.output[0])
    else:
        initialize_model(smk.wildcards.model, model["architecture"], model["shape"], smk.input[0], seed, smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
