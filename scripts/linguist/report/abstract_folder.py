"""The folder of a run's abstract: its tables, figure and text, and how it is shown in a README."""

import json
import os
import re
import shutil
from pathlib import Path

import pandas as pd
import yaml

from linguist.errors import LinguistError
from linguist.files import atomic_path, read_json, reading, write_table, write_text
from linguist.report.abstract import Abstract, abstract_lines
from linguist.report.plots.abstract import abstract_figure
from linguist.report.plots.style import save
from linguist.statistics.numbers import counted
from linguist.statistics.verdicts import control_rows, read_study_tables

TEXT, FIGURE, RUN, CONFIG = "abstract.md", "figure.svg", "run.json", "config.yaml"
MADE_FROM = ("metrics", "comparisons")  # the tables of a study from which the others are made


def read_abstract(folder):
    """The Abstract of a folder, from its tables and its record of the run."""
    run = read_json(Path(folder, RUN))
    tables = {
        study: read_study_tables(*(Path(folder, f"{study}.{name}.tsv") for name in MADE_FROM), run["baselines"])
        for study in run["studies"]
    }
    return Abstract(run, tables)


def save_abstract(folder, tables, run, config):
    """Write the folder of an abstract, whole or not at all.

    Args: `tables` maps each study to its files of metrics and comparisons, the main study first; `run` as from
    `describe_run`; `config` as from `public_config`.
    """
    if not tables:
        raise LinguistError("no study of pair sets: an abstract needs one; add it to the study file")
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for study, paths in tables.items():
            for name, path in zip(MADE_FROM, paths, strict=True):
                shutil.copyfile(path, temporary / f"{study}.{name}.tsv")
        write_text(temporary / RUN, json.dumps(run, indent=1, ensure_ascii=False) + "\n")
        write_text(temporary / CONFIG, yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=120))
        finish_abstract(temporary)


def finish_abstract(folder):
    """Write what is made from the tables of an abstract's folder: the hypotheses, the tests, the figure and the text."""
    abstract = read_abstract(folder)
    for study, found in abstract.tables.items():
        write_table(Path(folder, f"{study}.claims.tsv"), found.claims)
        tests = pd.concat([found.judged.drop(columns="text"), control_rows(found.summary)])
        write_table(Path(folder, f"{study}.tests.tsv"), tests)
    save(abstract_figure(abstract), Path(folder, FIGURE))
    write_text(Path(folder, TEXT), abstract_text(abstract))


def abstract_text(abstract, place=""):
    """The abstract as Markdown: the figure with its caption, the paragraphs, and how the run was made. `place` is the path of
    the folder as the text sees it, with a slash at its end."""
    study, trained, machine = abstract.study, abstract.run["trained"], abstract.run["machine"]
    seeds = counted(len(study["seeds"]), "seed")
    title = as_text(study["title"])
    caption = (
        f"*{title}: accuracy on each test minus the closest control, mean over {seeds}, with 95 % intervals. "
        "Filled: significantly better than the majority class and every control. Black bar: majority class.*"
    )
    origins = [f"{name} is {as_text(origin).rstrip('.')}." for name, origin in abstract.run["models"].items()]
    took = f"{trained['hours']} hours" if trained["hours"] >= 1 else counted(trained["minutes"], "minute")
    devices = ", ".join(machine["cpu"] if name == "cpu" else name for name in trained["device"])
    made = (
        f"[Tables, configuration and versions]({place or './'}) of the run: {abstract.run['day']}, "
        f"{counted(trained['runs'], 'fine-tuning')} in {took} on {devices}, {machine['cores']} cores."
    )
    alt = f"Difference in accuracy from the closest control on each test, with intervals: {title}"
    figure = f"![{alt}]({place}{FIGURE})"
    head, *points = abstract_lines(abstract)
    return "\n\n".join([figure, caption, head, "\n".join(points), " ".join([*origins, made])]) + "\n"


def as_text(text):
    """A text of a study file as Markdown that shows it as it is written."""
    return re.sub(r"([\\`*\[\]<>])", r"\\\1", text)


def publish_abstract(source, folder, page):
    """Copy an abstract to a folder of the source tree, and show it on a page of Markdown between two comments with the folder's
    name: `<!-- first answer -->` and `<!-- end of first answer -->` for reports/first-answer. What is made from its tables is
    made again, so that `source` may be the folder itself."""
    source, folder, page = Path(source), Path(folder), Path(page)
    if not (source / RUN).is_file():
        raise LinguistError(f"{source}: no abstract there; type snakemake write_abstract with your --configfile first")
    if folder.exists() and not (folder / RUN).is_file():
        raise LinguistError(f"{folder}: there is something else than an abstract; name a new folder")
    with reading(page) as handle:
        text = handle.read()
    marks = block_marks(folder)
    if any(text.count(mark) != 1 for mark in marks):
        raise LinguistError(
            f"{page}: write each of these lines once, where the abstract shall stand: {' and '.join(marks)}"
        )
    if source.resolve() != folder.resolve():
        with atomic_path(folder) as temporary:
            shutil.copytree(source, temporary)
    finish_abstract(folder)
    place = f"{os.path.relpath(folder, page.parent)}/"
    before, after = text.partition(marks[0])[0], text.partition(marks[1])[2]
    block = abstract_text(read_abstract(folder), place)
    write_text(page, f"{before}{marks[0]}\n\n{block}\n{marks[1]}{after}")


def block_marks(folder):
    """The two comments between which a page shows the abstract of a folder."""
    name = Path(folder).name.replace("-", " ")
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def shown_block(folder, page):
    """What stands on a page between the two comments of a folder."""
    start, end = block_marks(folder)
    found = re.search(f"{re.escape(start)}\n(.*){re.escape(end)}", Path(page).read_text(encoding="utf-8"), re.S)
    return found and found[1].strip()
