"""The page of a study of tasks: findings computed from differences, and tables of accuracy."""

from dataclasses import dataclass
from textwrap import fill

import numpy as np

from linguist.report.page import REPORTS, inline, render
from linguist.statistics.numbers import format_number, format_p, format_points
from linguist.statistics.summaries import summarize_tasks
from linguist.statistics.tables import read_results
from linguist.statistics.thresholds import ALPHA, FOLLOWS_INSTRUCTION
from linguist.statistics.ways import CLASSIFICATION, RULES
from linguist.tasks.baselines import KMERS, NEIGHBOURS
from linguist.tasks.prompts import TRAINED, VARIANTS, prompt_text
from linguist.tasks.recipes import RECIPES
from linguist.training.controls import RANDOM_ENDING

SHOWN = ("class", "prefix")  # rules of the main table and figure
QUESTIONS = {  # by the column question of `compare_ways`
    "instructing": "One instruction-tuned model, or one classifier per task?",
    "baseline": "Better than k-mers or BLAST?",
    "pretraining": "Does pretraining help?",
    "sets": "Does the form of the instructions matter?",
    "phrasing": "Does an unseen wording matter?",
}
FOLLOWING = "Does the model follow the instruction, or only the sequence?"
TAGS = {"above": "higher", "below": "lower", "chance": "not significant"}  # codes of differences, on the page
FOLLOWING_TAGS = {"above": "yes", "below": "no", "chance": "undecided"}


@dataclass(frozen=True)
class Finding:
    """One line of the result: `code` is "above", "below" or "chance", `tag` its word on the page."""

    code: str
    tag: str
    text: str


def method_name(model, method):
    """A model with its method, in words."""
    if model in (KMERS, NEIGHBOURS):
        return {KMERS: "k-mer logistic regression", NEIGHBOURS: "best BLAST hit"}[model]
    name = f"{model.removesuffix(RANDOM_ENDING)} with random weights" if model.endswith(RANDOM_ENDING) else model
    return f"{name} (classifier per task)" if method == CLASSIFICATION else f"{name} (instruction-tuned: {method})"


def difference_finding(row):
    """What a difference between two methods shows (Finding). The corrected p-value alone decides whether it is significant.

    `row` is one of `compare_ways`, as a dict.
    """
    code = "chance" if row["p_holm"] >= ALPHA else "above" if row["difference"] > 0 else "below"
    says = {"above": "is more accurate than", "below": "is less accurate than"}
    says["chance"] = "does not differ significantly from"
    one, other = (method_name(row[f"{side}model"], row[f"{side}method"]) for side in ("", "against_"))
    if row["question"] == "phrasing":
        one, other = f"{one} with a trained wording", "the same model with an unseen wording"
    ends = [format_points(row[end], sign=True) for end in ("low", "high")]
    notes = [f"95 % CI {' to '.join(ends)}", format_p(row["p_holm"])]
    notes.append(f"average of {row['tasks']} tasks" if row["tasks"] > 1 else "one task")
    notes += ["one seed"] if row["seeds"] == 1 else []
    text = f"{one} {says[code]} {other}: {format_points(row['difference'], sign=True)} points ({', '.join(notes)})."
    return Finding(code, TAGS[code], text)


def task_findings(summary, comparisons):
    """The findings of a study by question: {question in words: list of Findings}.

    Args: tables of `summarize_tasks` and `compare_ways`.
    """
    found = {}
    for row in comparisons.to_dict("records"):
        found.setdefault(QUESTIONS[row["question"]], []).append(difference_finding(row))
    for row in over_all_tasks(summary[summary["rule"] == "obeys"]).to_dict("records"):
        low, high = row["accuracy_low"], row["accuracy_high"]
        code = "above" if low > FOLLOWS_INSTRUCTION else "below" if high < FOLLOWS_INSTRUCTION else "chance"
        text = f"Given the instruction of another task, {method_name(row['model'], row['method'])} follows the instruction "
        text += f"rather than the sequence in {100 * row['accuracy']:.0f} % of the rows "
        text += f"(95 % CI {100 * low:.0f} % to {100 * high:.0f} %)."
        found.setdefault(FOLLOWING, []).append(Finding(code, FOLLOWING_TAGS[code], text))
    return found


def over_all_tasks(summary):
    """The rows over all tasks: "average", or of the one task there is."""
    return summary[summary["test"] == ("average" if "average" in set(summary["test"]) else summary["test"])]


def main_rows(summary):
    """The rows of the main table and figure: classifiers, and instruction-tuned models with trained wordings, read by the
    paper's rule (prefix)."""
    return summary[summary["rule"].isin(SHOWN) & summary["variant"].isin(["", TRAINED])]


def task_study_text(summary, comparisons):
    """A study of tasks as text for a terminal, at most 110 columns: accuracy by task, the average, and the findings."""
    shown = main_rows(summary)
    tests = [test for test in shown["test"].unique() if test != "average"]
    methods = {key: rows.set_index("test") for key, rows in shown.groupby(["model", "method"], sort=False)}
    names = {key: key[0] if key[0] in (KMERS, NEIGHBOURS) else ", ".join(key) for key in methods}
    wide = min(30, max(map(len, names.values())))
    heads = [f"{test[:9]:>9}" for test in tests[:4]]
    lines = [f"{'accuracy':<{wide}}  {' '.join(heads)}  {'average [95 % CI]':>19}  {'MCC':>5}  no answer"]
    for key, rows in methods.items():
        name = names[key] if len(names[key]) <= wide else names[key][: wide - 1] + "…"
        cells = [f"{format_number(rows['accuracy'].get(test, np.nan)):>9}" for test in tests[:4]]
        last = rows.loc["average"] if "average" in rows.index else rows.iloc[0] if len(tests) == 1 else None
        ends = "–"
        if last is not None:
            ends = (
                f"{last['accuracy']:.3f} [{last['accuracy_low']:.3f}–{last['accuracy_high']:.3f}]  {last['mcc']:5.3f}"
            )
            ends += f"  {100 * last['no_answer']:>7.0f} %" if key[1] != CLASSIFICATION else ""
        lines.append(f"{name:<{wide}}  {' '.join(cells)}  {ends}")
    majority = shown.drop_duplicates("test").set_index("test")["majority"]
    cells = [f"{format_number(majority.get(test, np.nan)):>9}" for test in tests[:4]]
    lines.append(f"{'majority class':<{wide}}  {' '.join(cells)}")
    if shown["rule"].eq("prefix").any():
        lines.append("A reply counts as the answer that it begins with; a reply that begins with no answer is wrong.")
    if len(tests) > 4:
        lines.append(f"({len(tests) - 4} more tasks on the page)")
    if comparisons["seeds"].eq(1).any():
        lines.append("One seed: the intervals ignore variation between seeds.")
    for question, findings in task_findings(summary, comparisons).items():
        texts = (fill(finding.text, 108, initial_indent="  ", subsequent_indent="    ") for finding in findings)
        lines += ["", question, *texts]
    return "\n".join([*lines, ""])


def published_rows(summary, published):
    """Published results beside ours, a row each: task, method, mcc, accuracy (NaN if not given) and ours (bool).

    `published` maps tasks to records of method, mcc or accuracy; tasks without records get no rows.
    """
    rows, mine = [], main_rows(summary)
    for task, records in published.items():
        ours = mine[mine["test"] == task].to_dict("records") if records else []
        rows += [r | {"task": task, "method": method_name(r["model"], r["method"]), "ours": True} for r in ours]
        rows += [{"task": task, "ours": False, "mcc": np.nan, "accuracy": np.nan} | record for record in records]
    return rows


def write_task_page(path, study, tables, reports, figure, template=REPORTS / "tasks.html.j2"):
    """Write the page of a study of tasks: one HTML file without references to the network.

    Args: `study` is a StudyDesign; `tables` are those of `summarize_tasks` and `compare_ways`; `reports` has, by task, what its
    baselines chose ("baselines"), by instruction set, its rows and dropped rows ("instructions"), the records of
    `count_overlaps` ("overlaps"), `collect_facts` ("facts"), and what `read_published` gives ("published"); `figure` is an
    SVG file.
    """
    summary, comparisons = tables
    tasks = {test: study.sets[test].spec for test in study.tests}
    records = {task: reports["published"]["tasks"].get(spec.get("published"), []) for task, spec in tasks.items()}
    dropped = [part["dropped"] for part in reports["instructions"].values()]
    compared = study.instructions and not tasks.keys().isdisjoint(study.trainsets)
    render(
        path,
        template,
        study=study,
        tasks=tasks,
        findings=task_findings(summary, comparisons),
        averages=reports["published"]["averages"]["dnahlm"] if compared else None,
        rows=[row | {"name": method_name(row["model"], row["method"])} for row in summary.to_dict("records")],
        rules={rule: text for rule, text in RULES.items() if rule in set(summary["rule"])},
        variants={variant: text for variant, text in VARIANTS.items() if variant in set(summary["variant"])},
        reports=reports,
        published=published_rows(summary, records),
        overlaps=[record for record in reports["overlaps"] if record["test"].partition(" ")[0] in tasks],
        dropped=sum(number for parts in dropped for splits in parts.values() for number in splits.values()),
        prompts={
            name: example_prompt(spec, study.sets[spec["tasks"][0]].spec) for name, spec in study.instructions.items()
        },
        recipes={task: RECIPES[spec["recipe"]].description for task, spec in tasks.items()},
        figure=inline(figure, "figure-tasks"),
    )


def example_prompt(spec, task):
    """A prompt of an instruction set with its answer, dots for sequences; `spec` and `task` are parts of the config."""
    solved = [("ACGT…", answer) for answer in task["answers"][: spec["examples"]]]
    wording = "Task 1" if spec["style"] == "ids" else task["phrasings"][0]
    return prompt_text(wording, "ACGT…", solved) + task["answers"][0]


def read_task_tables(metrics, comparisons):
    """The tables of a study of tasks from their files: (summary as of `summarize_tasks`, comparisons)."""
    return summarize_tasks(read_results(metrics)), read_results(comparisons)
