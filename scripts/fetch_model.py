"""Fetch a pretrained model and its tokenizer."""

from linguist.logs import start_log
from linguist.training.models import fetch_model


def main(smk):
    start_log(smk.log[0])
    # The mirror is not among the params: another mirror has the same model, so that nothing needs to rerun.
    fetch_model(smk.wildcards.model, smk.output[0], mirror=smk.config["mirror"], **smk.params.source)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
