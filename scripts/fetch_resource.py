"""Put a resource in its place, verified."""

from linguist.logs import start_log
from linguist.resources import fetch


def main(smk):
    start_log(smk.log[0])
    # The mirror is not a param: it says from where, the checksum says what.
    fetch(smk.wildcards.resource, smk.output[0], mirror=smk.config["mirror"], **smk.params.source)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
