"""The page and the table of a study of tasks."""

from linguist.config.published import read_published
from linguist.files import read_json, write_table
from linguist.logs import start_log
from linguist.report.facts import collect_facts
from linguist.report.tasks import read_summary, write_task_page


def main(smk):
    start_log(smk.log[0])
    summary, comparisons = read_summary(smk.input.metrics, smk.input.comparisons)
    sets = {name: read_json(path) for name, path in zip(smk.params.sets, smk.input.instructions, strict=True)}
    baselines = {task: read_json(path) for task, path in zip(smk.params.tests, smk.input.baselines, strict=True)}
    tokens = {name: read_json(path) for name, path in zip(smk.params.readings, smk.input.tokens, strict=True)}
    write_task_page(
        smk.output.page,
        smk.wildcards.task_study,
        smk.params.config,
        summary,
        comparisons,
        {"baselines": baselines, "instructions": sets},
        smk.input.figure,
        read_published(smk.input.published)["tasks"],
        read_json(smk.input.overlaps),
        collect_facts([read_json(path) for path in smk.input.runs], tokens),
        template=smk.input.template,
    )
    write_table(smk.output.table, summary)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
