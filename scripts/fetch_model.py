"""Put a pretrained model and its tokenizer in their place."""

from linguist.logs import start_log
from linguist.models import fetch_model


def main(smk):
    start_log(smk.log[0])
    source = {key: smk.params.source[key] for key in ("hub", "revision", "path") if key in smk.params.source}
    fetch_model(smk.wildcards.model, smk.output[0], mirror=smk.params.mirror, **source)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
