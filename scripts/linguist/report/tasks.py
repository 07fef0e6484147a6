"""The page of a study of tasks: its findings, and tables of accuracy."""

import numpy as np

from linguist.config.published import dnahlm_accuracies
from linguist.report.identity import identity_rows
from linguist.report.page import name_constant
from linguist.report.ways import method_name, task_findings
from linguist.statistics.summaries import summarize_tasks
from linguist.statistics.tables import read_results
from linguist.statistics.thresholds import ONE_CLASS, SEEDS_FOR_CLAIM
from linguist.statistics.ways import DECIDING, PAPER, RULES
from linguist.tasks.prompts import TRAINED, VARIANTS, prompt_text
from linguist.tasks.recipes import RECIPES


def main_rows(summary, rules=DECIDING):
    """The rows of the main table and figure: classifiers, and instruction-tuned models with trained wordings, read by the rules
    that decide, or by others."""
    return summary[summary["rule"].isin(rules) & summary["variant"].isin(["", TRAINED])]


def rule_rows(summary):
    """The `main_rows`, each with its accuracy by the paper's rule: prefix_accuracy, prefix_accuracy_low, prefix_accuracy_high, and
    prefix_no_answer (NaN for methods that generate no text)."""
    way = ["model", "method", "test"]
    paper = main_rows(summary, ["prefix"]).set_index(way)[["accuracy", "accuracy_low", "accuracy_high", "no_answer"]]
    return main_rows(summary).join(paper.add_prefix("prefix_"), on=way)


def published_rows(summary, published, stated, trained):
    """Published results beside ours, a row each: task, method, mcc, accuracy (NaN if not given), train and test (rows; None
    if not stated), ours and partial (bool): whether we trained or tested on fewer rows than are stated. Ours are read by the
    paper's rule.

    Args: `published` maps tasks to records of method, mcc or accuracy, and `stated` to the {"train", "test"} rows of the
    records with mcc; tasks without records get no rows. `trained` maps tasks and instruction sets to their train rows.
    """
    rows, mine = [], main_rows(summary, PAPER)
    for task, records in published.items():
        unknown, theirs = {"train": None, "test": None}, stated.get(task, {})
        for row in mine[mine["test"] == task].to_dict("records") if records else []:
            # Of an instruction set the rows of all its tasks are known together; they say nothing of one task.
            train = trained[task] if row["method"] not in trained else None
            used = {"train": train, "test": row["n"]}
            partial = any(used[split] is not None and used[split] < number for split, number in theirs.items())
            name = method_name(row["model"], row["method"])
            rows.append(row | used | {"task": task, "method": name, "ours": True, "partial": partial})
        for record in records:
            row = {"task": task, "ours": False, "partial": False, "mcc": np.nan, "accuracy": np.nan}
            rows.append(row | (theirs if "mcc" in record else unknown) | record)
    return rows


def task_page(study, tables, reports):
    """What the page of a study of tasks shows, as values for its template.

    Args: `study` is a StudyDesign; `tables` are those of `summarize_tasks` and `compare_ways`; `reports` has, by task, what its
    baselines chose ("baselines"), by instruction set, its rows and dropped rows ("instructions"), the table of
    `accuracy_by_identity` ("identity"), the records of `count_overlaps` ("overlaps"), `collect_facts` ("facts"), and what
    `read_published` gives ("published").
    """
    summary, comparisons = tables
    tasks = {test: study.sets[test].spec for test in study.tests}
    records = {task: reports["published"]["tasks"].get(spec.get("published"), []) for task, spec in tasks.items()}
    stated = {task: reports["published"]["task_rows"].get(spec.get("published"), {}) for task, spec in tasks.items()}
    trained = {task: about["rows"]["train"] for task, about in reports["baselines"].items()}
    trained |= {name: about["rows"]["train"] for name, about in reports["instructions"].items()}
    dropped = [part["dropped"] for part in reports["instructions"].values()]
    compared = study.instructions and not tasks.keys().isdisjoint(study.trainsets)
    return {
        "study": study,
        "tasks": tasks,
        "findings": task_findings(summary, comparisons),
        "dnahlm": dnahlm_accuracies(reports["published"]) if compared else None,
        "rows": [row | {"name": method_name(row["model"], row["method"])} for row in summary.to_dict("records")],
        "by_rule": [
            row | {"name": method_name(row["model"], row["method"])}
            for row in rule_rows(summary).to_dict("records")
            if row["rule"] == "scored"
        ],
        "constant": name_constant(
            (method_name(row["model"], row["method"]), row["test"], row["constant"], row["runs"])
            for row in main_rows(summary).to_dict("records")
            if row["test"] != "average"
        ),
        "rules": {rule: text for rule, text in RULES.items() if rule in set(summary["rule"])},
        "variants": {variant: text for variant, text in VARIANTS.items() if variant in set(summary["variant"])},
        "one_class": ONE_CLASS,
        "seeds_for_claim": SEEDS_FOR_CLAIM,
        "reports": reports,
        "published": published_rows(summary, records, stated, trained),
        "identity": identity_rows(reports["identity"], lambda row: method_name(row["model"], row["method"])),
        "overlaps": [record for record in reports["overlaps"] if record["test"].partition(" ")[0] in tasks],
        "dropped": sum(number for parts in dropped for splits in parts.values() for number in splits.values()),
        "prompts": {
            name: example_prompt(spec, study.sets[spec["tasks"][0]].spec) for name, spec in study.instructions.items()
        },
        "recipes": {task: RECIPES[spec["recipe"]].description for task, spec in tasks.items()},
    }


def example_prompt(spec, task):
    """A prompt of an instruction set with its answer, dots for sequences; `spec` and `task` are parts of the config."""
    solved = [("ACGT…", answer) for answer in task["answers"][: spec["examples"]]]
    wording = "Task 1" if spec["style"] == "ids" else task["phrasings"][0]
    return prompt_text(wording, "ACGT…", solved) + task["answers"][0]


def read_task_tables(metrics, comparisons):
    """The tables of a study of tasks from their files: (summary as of `summarize_tasks`, comparisons)."""
    return summarize_tasks(read_results(metrics)), read_results(comparisons)
