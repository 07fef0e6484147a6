"""Audit a task."""

from linguist.files import read_json, write_json, write_table
from linguist.logs import start_log
from linguist.sequences.neighbours import count_bins
from linguist.splits import SPLITS
from linguist.tasks.audit import audit_task, identity_of_rows
from linguist.tasks.store import read_task


def main(smk):
    start_log(smk.log[0])
    frames = {split: read_task(smk.input[split]) for split in SPLITS}
    identity = identity_of_rows(frames, smk.input.hits)
    found = audit_task(frames, smk.params.answers) | {"identity": count_bins(identity["identity"])}
    write_table(smk.output.identity, identity)
    write_json(smk.output.audit, found | read_json(smk.input.record))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
