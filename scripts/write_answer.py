"""The report's front page, and the figure of all hypotheses."""

from linguist.logs import start_log
from linguist.report.front import AnswerTables, write_answer
from linguist.report.plots.front import closest_control_figure
from linguist.report.plots.style import save
from linguist.report.vectors import read_vectors_table
from linguist.statistics.tables import read_results


def main(smk):
    start_log(smk.log[0])

    def read(names, paths, reader=read_results):
        return dict(zip(names, map(reader, paths), strict=True))

    tables = AnswerTables(
        titles=smk.params.titles,
        claims=read(smk.params.pair_studies, smk.input.claims),
        comparisons=read(smk.params.pair_studies, smk.input.tables),
        tasks=read(smk.params.task_studies, smk.input.comparisons),
        vectors=read(smk.params.vectors, smk.input.vectors, read_vectors_table),
        kinds=smk.params.kinds,
    )
    save(closest_control_figure(tables.claims), smk.output.figure)
    figure = smk.output.figure if tables.claims else None
    write_answer(smk.output.page, tables, smk.params.caveats, figure, smk.input.template)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
