"""The page and the figure of the audit of a pair set or task."""

import json

from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.audit import audit_page
from linguist.report.page import inline, render
from linguist.report.plots.audit import audit_figure
from linguist.report.plots.style import save


def main(smk):
    start_log(smk.log[0])
    audit, name = read_json(smk.input.audit), smk.params.name
    save(audit_figure(audit), smk.output.figure)
    figure = inline(smk.output.figure, "figure-audit")
    render(
        smk.output.page, smk.input.template, name=name, figure=figure, **audit_page(json.loads(smk.params.spec), audit)
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
