"""Make the splits of a task with its recipe."""

from linguist.logs import start_log
from linguist.tasks.recipes import build_task
from linguist.tasks.store import write_task


def main(smk):
    start_log(smk.log[0])
    for split, rows in build_task(smk.wildcards.task, smk.params.spec, dict(smk.input.items())).items():
        write_task(smk.output[split], rows)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
