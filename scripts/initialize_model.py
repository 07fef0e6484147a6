"""Make a model with random weights."""

from linguist.logs import start_log
from linguist.models import initialize_model


def main(smk):
    start_log(smk.log[0])
    model = smk.params.source
    initialize_model(
        smk.wildcards.model, model["architecture"], model["shape"], smk.input[0], model.get("seed", 0), smk.output[0]
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
