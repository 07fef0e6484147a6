"""Put a resource in its place, verified; in a preview, its beginning."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.sequences.beginnings import fetch_beginning, origin_of
from linguist.sequences.fetching import fetch
from linguist.sequences.lockfile import LockFile


def main(smk):
    start_log(smk.log[0])
    # The mirror is not a param, so that another one reruns nothing: the checksum says which file it must give. Nor is the lock
    # file, which gets its entry from this job.
    name, mirror, source = smk.wildcards.resource, smk.config["mirror"], smk.params.source
    if cut := source.get("cut"):
        copied = [((other, origin_of(smk.config["resources"][other])), letters) for other, letters in cut["copies"]]
        about = fetch_beginning(name, smk.output.file, origin_of(source), mirror, cut["bytes"], copied)
    else:
        lock = LockFile(**smk.config["lock"])
        about = fetch(name, smk.output.file, origin_of(lock.pin(source)), mirror, lock)
    write_json(smk.output.record, about)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
