"""Predict the test split of a task with its baselines."""

from linguist.logs import start_log
from linguist.splits import SPLITS
from linguist.tasks.baselines import score_task_baselines
from linguist.tasks.store import read_task


def main(smk):
    start_log(smk.log[0])
    frames = {split: read_task(smk.input[split]) for split in SPLITS}
    score_task_baselines(frames, len(smk.params.answers), smk.input.hits, smk.output.predictions, smk.output.about)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
