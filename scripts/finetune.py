"""Fine-tune a model on a pair set or task, with one seed or with several, one after another, and score the tests of each run if
the rule asks for predictions."""

import logging
import shutil
from pathlib import Path

from linguist.logs import start_log
from linguist.training.devices import forget_models, own_gpus
from linguist.training.finetuning import CLASSES, SavedClassifier, finetune, write_predictions
from linguist.training.finished import Finished, digest_sources
from linguist.training.tuning import Run

logger = logging.getLogger("linguist")


def main(smk):
    start_log(smk.log[0])
    folders = [Path(metrics).parent for metrics in smk.output.metrics]
    made_from = digest_sources(smk.input, **dict(smk.params.items()))
    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu):
        for number, folder in enumerate(folders, 1):
            logger.info("run %d of %d: %s", number, len(folders), folder)
            finished = Finished.in_folder(folder, made_from)
            if len(folders) > 1 and finished.restore():
                logger.info("finished before: it stays (to make it again, delete its folder)")
                continue
            make_run(smk, folder, finished)
            forget_models()


def make_run(smk, folder, finished):
    seed, options, classes = int(folder.name.removeprefix("seed-")), smk.params.options, smk.params.classes or CLASSES
    outputs = {"metrics": folder / "metrics.json", "curve": folder / "curve.tsv", "weights": folder / "weights"}
    run = Run(smk.input.model, seed, options, outputs, folder / "checkpoint.pt", smk.threads, smk.params.code)

    def score_tests():
        if smk.output.predictions:
            classifier = SavedClassifier(
                run.outputs["weights"], seed, classes, options["precision"], options["attention"]
            )
            tests = dict(zip(smk.params.tests, smk.input.tests, strict=True))
            write_predictions(classifier, tests, folder / "predictions.tsv.gz", smk.threads)
            finished.keep()
        if not smk.output.weights:
            shutil.rmtree(run.outputs["weights"])

    finetune(run, (smk.input.train, smk.input.dev), classes, smk.params.change, after=score_tests)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
