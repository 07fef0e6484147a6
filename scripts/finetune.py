"""Fine-tune a model on a pair set or task with one seed, and score its tests if the rule asks for predictions."""

from pathlib import Path

from linguist.logs import start_log
from linguist.training.devices import own_gpus
from linguist.training.finetuning import CLASSES, SavedClassifier, finetune, write_predictions
from linguist.training.tuning import Run


def main(smk):
    start_log(smk.log[0])
    options, classes = smk.params.options, smk.params.classes or CLASSES
    checkpoint = Path(smk.params.checkpoint) / "checkpoint.pt"
    seed, code = int(smk.wildcards.seed), smk.params.code
    run = Run(smk.input.model, seed, options, smk.output, checkpoint, smk.threads, code)

    def score_tests():
        if smk.output.predictions:
            classifier = SavedClassifier(smk.output.weights, seed, classes, options["precision"], options["attention"])
            tests = dict(zip(smk.params.tests, smk.input.tests, strict=True))
            write_predictions(classifier, tests, smk.output.predictions, smk.threads)

    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu):
        finetune(run, (smk.input.train, smk.input.dev), classes, smk.params.change, after=score_tests)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
