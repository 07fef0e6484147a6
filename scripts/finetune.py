"""Fine-tune a model on a pair set or task, with one seed or several, and score the tests if the rule asks for predictions."""

import shutil

from linguist.logs import start_log
from linguist.training.devices import own_gpus
from linguist.training.finetuning import CLASSES, SavedClassifier, finetune, write_predictions
from linguist.training.finished import digest_sources, make_runs
from linguist.training.tuning import Run


def main(smk):
    start_log(smk.log[0])
    options, classes = smk.params.options, smk.params.classes or CLASSES

    def make(folder, seed, keep):
        outputs = {"metrics": folder / "metrics.json", "curve": folder / "curve.tsv", "weights": folder / "weights"}
        run = Run(smk.input.model, seed, options, outputs, folder / "checkpoint.pt", smk.threads, smk.params.code)

        def score_tests():
            if smk.output.predictions:
                classifier = SavedClassifier(outputs["weights"], classes, options["precision"], options["attention"])
                tests = dict(zip(smk.params.tests, smk.input.tests, strict=True))
                write_predictions(classifier, tests, {seed: folder / "predictions.tsv.gz"}, smk.threads)
                keep()
            if not smk.output.weights:
                shutil.rmtree(outputs["weights"])

        finetune(run, (smk.input.train, smk.input.dev), classes, smk.params.change, after=score_tests)

    made_from = digest_sources(smk.input, **dict(smk.params.items()))
    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu):
        make_runs(smk.output.metrics, made_from, make)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
