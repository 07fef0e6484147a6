"""Put a pretrained model and its tokenizer in their place."""

from linguist.logs import start_log
from linguist.training.models import fetch_model


def main(smk):
    start_log(smk.log[0])
    # The mirror is not a param: it says from where, the revision or folder says what.
    fetch_model(smk.wildcards.model, smk.output[0], mirror=smk.config["mirror"], **smk.params.source)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
