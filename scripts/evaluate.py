"""Score all tests of a run, or of several runs that are not trained."""

from linguist.logs import start_log
from linguist.training.devices import own_gpus
from linguist.training.finetuning import CLASSES, SavedClassifier, write_predictions
from linguist.training.finished import seed_of


def main(smk):
    start_log(smk.log[0])
    options, classes = smk.params.options, smk.params.classes or CLASSES
    tests = dict(zip(smk.params.tests, smk.input.tests, strict=True))
    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu):
        classifier = SavedClassifier(smk.input.weights, classes, options["precision"], options["attention"])
        write_predictions(classifier, tests, {seed_of(path): path for path in smk.output.predictions}, smk.threads)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
