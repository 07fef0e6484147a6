"""Tune a language model on an instruction set, with one seed."""

from pathlib import Path

from linguist.logs import start_log
from linguist.tasks.instruction_tuning import tune_instructions
from linguist.tasks.prompts import TRAINED, wordings_of


def main(smk):
    start_log(smk.log[0])
    wordings = wordings_of(smk.params.spec, smk.params.tasks)
    tune_instructions(
        smk.input.model,
        (smk.input.train, smk.input.dev),
        seed=int(smk.wildcards.seed),
        options=smk.params.options,
        outputs=smk.output,
        checkpoint=Path(smk.params.checkpoint) / "checkpoint.pt",
        threads=smk.threads,
        code=smk.params.code,
        loss=smk.params.loss,
        tasks={
            task: {"answers": about["answers"], "phrasings": wordings[task][TRAINED]}
            for task, about in smk.params.tasks.items()
        },
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
