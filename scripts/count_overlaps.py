"""Count the overlaps between the splits of all tasks."""

from linguist.files import write_json
from linguist.logs import start_log
from linguist.tasks.overlaps import count_overlaps
from linguist.tasks.store import read_tasks


def main(smk):
    start_log(smk.log[0])
    frames = read_tasks(smk.params.answers, smk.input)
    tasks = {task: frames[task] | {"answers": answers} for task, answers in smk.params.answers.items()}
    write_json(smk.output[0], count_overlaps(tasks))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
