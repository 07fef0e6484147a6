"""Put a resource in its place, verified."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.sequences.fetching import Origin, fetch
from linguist.sequences.lockfile import LockFile


def main(smk):
    start_log(smk.log[0])
    # The mirror is not a param, so that another one reruns nothing: the checksum says which file it must give. Nor is the lock
    # file, which gets its entry from this job.
    lock = LockFile(**smk.config["lock"])
    origin = Origin(**lock.pin(smk.params.source))
    about = fetch(smk.wildcards.resource, smk.output.file, origin, smk.config["mirror"], lock)
    write_json(smk.output.record, about)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
