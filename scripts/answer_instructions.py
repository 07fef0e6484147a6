"""Write the answers of an instruction-tuned model to all test rows."""

from linguist.logs import start_log
from linguist.tasks.instruction_tuning import write_answers


def main(smk):
    start_log(smk.log[0])
    write_answers(smk.input.weights, smk.input.rows, smk.params.answers, smk.params.options, smk.output[0], smk.threads)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
