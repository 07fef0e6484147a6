"""What a study of tasks says: claims computed from differences, its tables and its page."""

from textwrap import fill

import numpy as np
import pandas as pd

from linguist.config.plan import all_models
from linguist.report.facts import describe_model, learned_grammar
from linguist.report.page import REPORTS, inline, render
from linguist.report.pairset import ORIGINS
from linguist.statistics.claims import ALPHA, p_value
from linguist.statistics.numbers import format_number
from linguist.statistics.task_metrics import CLASSIFICATION, KMERS, NEIGHBOURS, RULES
from linguist.tasks.prompts import SWAPPED, TRAINED, VARIANTS, prompt_text
from linguist.training.controls import RANDOM_ENDING

PAPER = {CLASSIFICATION: 0.81, "instruction": 0.78}  # DNAHLM, section 3: average accuracies
READS = 0.5  # share of swapped instructions that a model obeys, above which it reads more of them than not
SHOWN = ("class", "prefix")  # rules of the main table and figure
QUESTIONS = {
    "instructing": "One model that is told the task, or a classifier for each?",
    "baseline": "More than counting words of letters, or looking up the nearest neighbour?",
    "pretraining": "Does pretraining matter?",
    "sets": "Does the way of telling matter?",
    "phrasing": "Does the phrasing matter?",
}


def way_of(model, method):
    """A way to answer in words: model and method."""
    if model in (KMERS, NEIGHBOURS):
        return {KMERS: "k-mer logistic regression", NEIGHBOURS: "the label of the best BLAST hit"}[model]
    name = f"{model.removesuffix(RANDOM_ENDING)} with random weights" if model.endswith(RANDOM_ENDING) else model
    if method == CLASSIFICATION:
        return f"{name}, a classifier a task"
    return f"{name}, instructed ({method})"


def judge_difference(row):
    """What may be said of a difference between two ways: (code, text); decided by its corrected p-value alone."""
    code = "chance" if row["p_holm"] >= ALPHA else "above" if row["difference"] > 0 else "below"
    said = {"above": "gets more right than", "below": "gets less right than", "chance": "is not told apart from"}[code]
    one = way_of(row["model"], row["method"])
    if row["question"] == "phrasing":
        one, other = f"{one}, asked with a trained phrasing,", "itself with a phrasing never trained"
    else:
        other = way_of(row["against_model"], row["against_method"])
    tasks = f"average of {row['tasks']} tasks" if row["tasks"] > 1 else "one task"
    tasks += "; of one seed: the interval covers the items alone" if row["seeds"] == 1 else ""
    ends = f"[{row['low']:+.3f} to {row['high']:+.3f}]"
    return code, f"{one} {said} {other}: {row['difference']:+.3f} {ends}, p {p_value(row['p_holm'])}, {tasks}."


def claims(summary, comparisons):
    """The claims of a study by question: {question in words: [(code, text)]}."""
    found = {}
    for row in comparisons.to_dict("records"):
        found.setdefault(QUESTIONS[row["question"]], []).append(judge_difference(row))
    obeys = overall(summary[summary["rule"] == "obeys"])  # random weights, too: what they obey is no sign of reading
    for row in obeys.to_dict("records"):
        code = "above" if row["accuracy_low"] > READS else "below" if row["accuracy_high"] < READS else "chance"
        text = f"{way_of(row['model'], row['method'])}: given {VARIANTS[SWAPPED]}, it answers in that task's words for "
        text += f"{row['accuracy']:.0%} of the sequences [{row['accuracy_low']:.0%}–{row['accuracy_high']:.0%}]."
        found.setdefault("Is the instruction read, or only the sequence?", []).append((code, text))
    return found


def overall(summary):
    """The rows over all tasks: "average", or of the one task there is."""
    return summary[summary["test"] == ("average" if "average" in set(summary["test"]) else summary["test"])]


def main_rows(summary):
    """The rows of the main table and figure: classifiers, and told models by the paper's rule with trained phrasings."""
    return summary[summary["rule"].isin(SHOWN) & summary["variant"].isin(["", TRAINED])]


def text_task_table(summary, comparisons):
    """A study of tasks for a terminal: at most 110 columns; accuracy by task, the average with its interval, claims."""
    shown = main_rows(summary)
    tests = [test for test in shown["test"].unique() if test != "average"]
    ways = {key: rows.set_index("test") for key, rows in shown.groupby(["model", "method"], sort=False)}
    names = {key: way_of(*key) for key in ways}
    wide = min(30, max(map(len, names.values())))
    heads = [f"{test[:9]:>9}" for test in tests[:4]]
    lines = [f"{'accuracy':<{wide}}  {' '.join(heads)}  {'average [95 %]':>19}  {'MCC':>5}  no answer"]
    for key, rows in ways.items():
        name = names[key] if len(names[key]) <= wide else names[key][: wide - 1] + "…"
        cells = [f"{format_number(rows['accuracy'].get(test, np.nan)):>9}" for test in tests[:4]]
        last = rows.loc["average"] if "average" in rows.index else rows.iloc[0] if len(tests) == 1 else None
        ends = "–"
        if last is not None:
            ends = (
                f"{last['accuracy']:.3f} [{last['accuracy_low']:.3f}–{last['accuracy_high']:.3f}]  {last['mcc']:5.3f}"
            )
            ends += f"  {last['no_answer']:>9.0%}" if key[1] != CLASSIFICATION else ""
        lines.append(f"{name:<{wide}}  {' '.join(cells)}  {ends}")
    majority = shown.drop_duplicates("test").set_index("test")["majority"]
    cells = [f"{format_number(majority.get(test, np.nan)):>9}" for test in tests[:4]]
    lines.append(f"{'majority share':<{wide}}  {' '.join(cells)}")
    if shown["rule"].eq("prefix").any():
        lines.append("A reply is read by how it begins; one that is no answer of the task counts as wrong.")
    if len(tests) > 4:
        lines.append(f"(and {len(tests) - 4} more tasks: see the page)")
    for question, said in claims(summary, comparisons).items():
        lines += ["", question, *(fill(text, 108, initial_indent="  ", subsequent_indent="    ") for _, text in said)]
    return "\n".join([*lines, ""])


def beside_published(summary, tasks, published):
    """Others' figures beside ours, a row each: task, method, mcc, accuracy (NaN where there is none).

    `published` maps the names that tasks give to records of method, mcc or accuracy.
    """
    rows = []
    for task, spec in tasks.items():
        figures = published.get(spec.get("published"), [])
        mine = main_rows(summary)
        ours = mine[mine["test"] == task].to_dict("records") if figures else []
        rows += [r | {"task": task, "method": way_of(r["model"], r["method"]), "ours": True} for r in ours]
        rows += [{"task": task, "ours": False, "mcc": np.nan, "accuracy": np.nan} | record for record in figures]
    return rows


def write_task_page(
    path,
    study_name,
    config,
    summary,
    comparisons,
    about,
    figure,
    published,
    overlaps,
    facts,
    template=REPORTS / "tasks.html.j2",
):
    """Write the page of a study of tasks: one HTML file that holds all it shows and asks nothing of the network.

    Args: the `config`, or its `design.page_config`; tables of `summarize_tasks` and `compare`; `about` has, by task, what its baselines chose
    ("baselines"), and by instruction set, its rows and those dropped ("instructions"); `figure` is an SVG file;
    `published` as for `beside_published`; `overlaps` the records of `count_overlaps`; `facts` as of
    `report.collect_facts`.
    """
    study = config["studies"][study_name]
    tasks = {test: config["tasks"][test] for test in study["tests"]}
    sets = {name: config["instructions"][name] for name in study["trainsets"] if name in config["instructions"]}
    render(
        path,
        template,
        name=study_name,
        study=study,
        tasks=tasks,
        sets=sets,
        claims=claims(summary, comparisons),
        paper=PAPER if {CLASSIFICATION, *sets} <= set(summary["method"]) and sets else None,
        rows=[row | {"way": way_of(row["model"], row["method"])} for row in summary.to_dict("records")],
        rules={rule: text for rule, text in RULES.items() if rule in set(summary["rule"])},
        variants={variant: text for variant, text in VARIANTS.items() if variant in set(summary["variant"])},
        about=about,
        published=beside_published(summary, tasks, published),
        overlaps=[record for record in overlaps if record["test"].partition(" ")[0] in tasks],
        dropped=sum(
            n for part in about["instructions"].values() for task in part["dropped"].values() for n in task.values()
        ),
        prompts={name: example_prompt(spec, config["tasks"]) for name, spec in sets.items()},
        models={
            model: describe_model(config["models"][model]) if "random_of" not in config["models"][model] else None
            for model in all_models(study)
        },
        grammarians=[model for model in study["models"] if learned_grammar(config, model)],
        figure=inline(figure, "figure-tasks"),
        facts=facts,
        origins=ORIGINS,
    )


def example_prompt(spec, tasks):
    """What a prompt of an instruction set looks like, with dots for sequences."""
    task = tasks[spec["tasks"][0]]
    solved = [("ACGT…", answer) for answer in task["answers"][: spec["examples"]]]
    return (
        prompt_text("Task 1" if spec["style"] == "ids" else task["phrasings"][0], "ACGT…", solved) + task["answers"][0]
    )


def read_task_comparisons(path):
    """The table of `task_metrics.compare`, from its file."""
    names = dict.fromkeys(["question", "model", "method", "against_model", "against_method"], str)
    return pd.read_csv(path, sep="\t", dtype=names, keep_default_na=False)


def read_summary(metrics, comparisons):
    """The tables of a study from their files: (summary, comparisons)."""
    from linguist.statistics.task_metrics import read_task_metrics, summarize_tasks

    return summarize_tasks(read_task_metrics(metrics)), read_task_comparisons(comparisons)
