"""Tell the test rows of tasks as instructions, each in several ways."""

from linguist.logs import start_log
from linguist.tasks.instruction_sets import build_instructions
from linguist.tasks.prompts import write_rows
from linguist.tasks.store import by_task, read_splits


def main(smk):
    start_log(smk.log[0])
    spec, frames = smk.params.spec, read_splits(smk.params.tasks, smk.input.rows)
    hits = by_task(smk.params.tasks, smk.input.hits) if smk.input.get("hits") else {}
    splits, _ = build_instructions(smk.wildcards.instructions, spec, smk.params.tasks, frames, hits, ["test"])
    write_rows(smk.output[0], splits["test"])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
