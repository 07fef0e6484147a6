"""The pages and the figures of the audits of pair sets or tasks."""

import json

from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.audit import audit_page
from linguist.report.page import inline, render
from linguist.report.plots.audit import audit_figure
from linguist.report.plots.style import save


def main(smk):
    start_log(smk.log[0])
    files = zip(smk.params.sets.items(), smk.input.audits, smk.output.pages, smk.output.figures, strict=True)
    for (name, spec), path, page, figure in files:
        audit = read_json(path)
        save(audit_figure(audit), figure)
        shown = inline(figure, "figure-audit")
        render(page, smk.input.template, name=name, figure=shown, **audit_page(json.loads(spec), audit))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
