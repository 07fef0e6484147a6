"""Write the test rows of an instruction set, each with several instructions, and its unseen wordings."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.tasks.instruction_sets import build_instructions
from linguist.tasks.prompts import UNSEEN, wordings_of, write_prompt_rows
from linguist.tasks.store import paths_by_task, read_tasks


def main(smk):
    start_log(smk.log[0])
    spec, tasks = smk.params.spec, smk.params.tasks
    hits = paths_by_task(tasks, smk.input.hits) if smk.input.get("hits") else {}
    splits, _ = build_instructions(
        smk.wildcards.instructions, spec, tasks, read_tasks(tasks, smk.input.rows), hits, ["test"]
    )
    write_prompt_rows(smk.output.rows, splits["test"])
    write_json(smk.output.unseen, {task: texts.get(UNSEEN, []) for task, texts in wordings_of(spec, tasks).items()})


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
