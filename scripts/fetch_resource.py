"""Put a resource in its place, verified."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.sequences.fetching import Origin, fetch


def main(smk):
    start_log(smk.log[0])
    # The mirror is not a param, so that another one reruns nothing: the checksum says which file it must give.
    about = fetch(smk.wildcards.resource, smk.output.file, Origin(**smk.params.source), smk.config["mirror"])
    write_json(smk.output.record, about)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
