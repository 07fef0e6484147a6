"""Make a model with random weights: of a given shape, or like another model."""

from linguist.logs import start_log
from linguist.training.models import initialize_model, randomize_model


def main(smk):
    start_log(smk.log[0])
    model = smk.params.source
    if "random_of" in model:
        randomize_model(smk.input[0], model.get("seed", 0), smk.output[0])
    else:
        initialize_model(smk.wildcards.model, model, smk.input[0], smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
