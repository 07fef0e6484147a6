"""Make the splits of a task with its recipe."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.tasks.building import build_task
from linguist.tasks.store import write_task


def main(smk):
    start_log(smk.log[0])
    record = {}
    splits = build_task(smk.wildcards.task, smk.params.spec, dict(smk.input.items()), record)
    for split, rows in splits.items():
        write_task(smk.output[split], rows)
    write_json(smk.output.record, record)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
