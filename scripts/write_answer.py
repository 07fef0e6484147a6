"""The report's front page, and the figure of all leads."""

from linguist.logs import start_log
from linguist.report.front import read_claims, write_answer
from linguist.report.plots.front import closest_control_figure
from linguist.report.plots.style import save
from linguist.report.tasks import read_task_comparisons
from linguist.report.vectors import read_vectors_table
from linguist.statistics.metrics import read_comparisons


def main(smk):
    start_log(smk.log[0])
    names = smk.params.pair_studies, smk.params.task_studies, smk.params.vectors
    claims = dict(zip(names[0], map(read_claims, smk.input.claims), strict=True))
    tables = dict(zip(names[0], map(read_comparisons, smk.input.tables), strict=True))
    comparisons = dict(zip(names[1], map(read_task_comparisons, smk.input.comparisons), strict=True))
    vectors = dict(zip(names[2], map(read_vectors_table, smk.input.vectors), strict=True))
    save(closest_control_figure(claims), smk.output.figure)
    write_answer(
        smk.output.page,
        smk.params.titles,
        claims,
        tables,
        comparisons,
        vectors,
        smk.params.kinds,
        smk.params.caveats,
        smk.output.figure if claims else None,
        smk.input.template,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
