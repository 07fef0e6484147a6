"""Fine-tune a model on a pair set or task, with one seed, and score its tests if the run's predictions are asked for."""

from pathlib import Path

from linguist.logs import start_log
from linguist.training.evaluation import evaluate
from linguist.training.finetuning import CLASSES, finetune


def main(smk):
    start_log(smk.log[0])
    seed, options, classes = int(smk.wildcards.seed), smk.params.options, smk.params.classes or CLASSES

    def test():
        if smk.output.predictions:
            tests = dict(zip(smk.params.tests, smk.input.tests, strict=True))
            evaluate(smk.output.weights, tests, options, seed, smk.output.predictions, smk.threads, classes)

    finetune(
        smk.input.model,
        smk.input.train,
        smk.input.dev,
        seed=seed,
        options=options,
        outputs=smk.output,
        checkpoint=Path(smk.params.checkpoint) / "checkpoint.pt",
        threads=smk.threads,
        code=smk.params.code,
        classes=classes,
        labels=smk.params.labels,
        after=test,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
