"""Score all tests of a run."""

from linguist.logs import start_log
from linguist.training.evaluation import evaluate
from linguist.training.finetuning import CLASSES


def main(smk):
    start_log(smk.log[0])
    tests = dict(zip(smk.params.tests, smk.input.tests, strict=True))
    evaluate(
        smk.input.weights,
        tests,
        smk.params.options,
        int(smk.wildcards.seed),
        smk.output[0],
        smk.threads,
        smk.params.classes or CLASSES,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
