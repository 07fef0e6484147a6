"""Write the train and dev rows of an instruction set."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.splits import CORPUS_SPLITS
from linguist.tasks.instruction_sets import build_instructions
from linguist.tasks.overlaps import count_similar
from linguist.tasks.prompts import write_prompt_rows
from linguist.tasks.store import paths_by_task, read_tasks


def main(smk):
    start_log(smk.log[0])
    spec, frames = smk.params.spec, read_tasks(smk.params.tasks, smk.input.rows)
    hits = paths_by_task(smk.params.tasks, smk.input.hits) if smk.input.get("hits") else {}
    name = smk.wildcards.instructions
    splits, dropped = build_instructions(name, spec, smk.params.tasks, frames, hits, CORPUS_SPLITS)
    for split, rows in splits.items():
        write_prompt_rows(smk.output[split], rows)
    tested = [text for task in spec["tasks"] for text in frames[task]["test"]["sequence"]]
    about = {"rows": {split: len(rows) for split, rows in splits.items()}, "dropped": dropped}
    write_json(smk.output.about, about | {"similar": count_similar(tested, [row["input"] for row in splits["train"]])})


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
