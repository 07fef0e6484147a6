"""Tune a language model on an instruction set, with one seed."""

from pathlib import Path

from linguist.logs import start_log
from linguist.tasks.instruction_tuning import instruct
from linguist.tasks.prompts import phrasings


def main(smk):
    start_log(smk.log[0])
    # What is held out is no parameter: it is just kept for who asks the model, and another one must train nothing anew.
    known = smk.config["tasks"]
    tasks = {task: about | {"held_out": known[task]["held_out"]} for task, about in smk.params.tasks.items()}
    instruct(
        smk.input.model,
        smk.input.train,
        smk.input.dev,
        seed=int(smk.wildcards.seed),
        options=smk.params.options,
        outputs=smk.output,
        checkpoint=Path(smk.params.checkpoint) / "checkpoint.pt",
        threads=smk.threads,
        code=smk.params.code,
        loss=smk.params.loss,
        told=phrasings(smk.params.spec, tasks),
        answers={task: about["answers"] for task, about in smk.params.tasks.items()},
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
