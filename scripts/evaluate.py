"""Score all tests of a run."""

from linguist.logs import start_log
from linguist.training.devices import own_gpus
from linguist.training.finetuning import CLASSES, SavedClassifier, write_predictions


def main(smk):
    start_log(smk.log[0])
    seed, options, classes = int(smk.wildcards.seed), smk.params.options, smk.params.classes or CLASSES
    classifier = SavedClassifier(smk.input.weights, seed, classes, options["precision"], options["attention"])
    tests = dict(zip(smk.params.tests, smk.input.tests, strict=True))
    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu):
        write_predictions(classifier, tests, smk.output[0], smk.threads)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
