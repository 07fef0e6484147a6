"""Audit a task."""

from linguist.files import read_json, write_json
from linguist.logs import start_log
from linguist.splits import SPLITS
from linguist.tasks.audit import audit_task
from linguist.tasks.store import read_task


def main(smk):
    start_log(smk.log[0])
    frames = {split: read_task(smk.input[split]) for split in SPLITS}
    write_json(smk.output[0], audit_task(frames, smk.params.answers, smk.input.hits) | read_json(smk.input.record))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
