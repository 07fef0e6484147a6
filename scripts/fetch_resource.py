"""Put a resource in its place, verified."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.sequences.fetching import fetch


def main(smk):
    start_log(smk.log[0])
    # The mirror is not a param: it says from where, the checksum says what.
    about = fetch(smk.wildcards.resource, smk.output.file, mirror=smk.config["mirror"], **smk.params.source)
    write_json(smk.output.record, about)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
