"""Write the answers of an instruction-tuned model to all test rows."""

from linguist.logs import start_log
from linguist.tasks.instruction_tuning import write_answers
from linguist.training.devices import own_gpus


def main(smk):
    start_log(smk.log[0])
    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu):
        write_answers(
            smk.input.weights, smk.input.rows, smk.params.answers, smk.params.options, smk.output[0], smk.threads
        )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
