"""Tune a language model on an instruction set, with one seed, and answer the test questions if the rule asks for predictions."""

from pathlib import Path

from linguist.logs import start_log
from linguist.tasks.instruction_tuning import tune_instructions, write_answers
from linguist.tasks.prompts import TRAINED, wordings_of
from linguist.training.devices import own_gpus
from linguist.training.tuning import Run


def main(smk):
    start_log(smk.log[0])
    wordings = wordings_of(smk.params.spec, smk.params.tasks)
    tasks = {
        task: {"answers": about["answers"], "phrasings": wordings[task][TRAINED]}
        for task, about in smk.params.tasks.items()
    }
    checkpoint = Path(smk.params.checkpoint) / "checkpoint.pt"
    seed, code = int(smk.wildcards.seed), smk.params.code
    run = Run(smk.input.model, seed, smk.params.options, smk.output, checkpoint, smk.threads, code)

    def answer():
        if smk.output.predictions:
            answers = {task: about["answers"] for task, about in tasks.items()}
            weights, predictions = smk.output.weights, smk.output.predictions
            write_answers(weights, smk.input.rows, answers, smk.params.options, predictions, smk.threads)

    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu):
        tune_instructions(run, (smk.input.train, smk.input.dev), smk.params.loss, tasks, answer)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
