"""The audit page of a pair set or task, and its findings: sentences computed from the audit's numbers."""

from math import sqrt
from statistics import NormalDist

import numpy as np

from linguist.errors import show
from linguist.files import read_json
from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES
from linguist.report.page import SEVERITIES
from linguist.report.rows import row_findings
from linguist.statistics import thresholds
from linguist.statistics.numbers import counted, format_interval, percent
from linguist.tasks.recipes import RECIPES as TASK_RECIPES

CONTRADICTIONS = "equal rows with different labels"


def best_baseline(audit):
    """The baseline without order information that has the highest test accuracy: {"name", "accuracy", "low", "high"}.

    Named "none", with NaN, if none was scored.
    """
    best = max(order_free(audit), key=lambda baseline: baseline["accuracy"], default={"name": "none"})
    return {"name": best["name"]} | {key: best.get(key, np.nan) for key in ("accuracy", "low", "high")}


def read_audits(tests, paths):
    """{test: its audit}; `paths` are the audit.json files of the tests, in the same order."""
    return {test: read_json(path) for test, path in zip(tests, paths, strict=True)}


def best_baselines(audits):
    """{test: its `best_baseline`} of {test: its audit}."""
    return {test: best_baseline(audit) for test, audit in audits.items()}


def find_problems(audits):
    """{test: its problems in sentences} of the tests that have any, of {test: its audit}."""
    found = {
        test: [text for severity, text in audit_findings(audit) if severity == "flaw"] for test, audit in audits.items()
    }
    return {test: texts for test, texts in found.items() if texts}


def problem_sentence(tests, problems):
    """How many of a study's tests have `problems` (see `find_problems`), and which; "" if none has."""
    if not (bad := [test for test in tests if test in problems]):
        return ""
    return f"The data of {len(bad)} of {counted(len(tests), 'test set')} have problems: {', '.join(bad)}."


def scored(audit):
    return [baseline for baseline in audit["baselines"] if baseline["accuracy"] is not None]


def order_free(audit):
    """The scored baselines that do not use the order of letters beyond short words."""
    return [baseline for baseline in scored(audit) if not baseline["uses_order"]]


def _majority_accuracy(split):
    """Accuracy of always predicting the larger class of a split; NaN if the split is empty."""
    return max(split["classes"]) / split["rows"] if split["rows"] else np.nan


def audit_findings(audit):
    """What an audit shows: [(severity, sentence)], severity one of SEVERITIES. The first says whether there is a shortcut.

    Every check gives a sentence: what it found, that it found nothing ("fine"), or that it was not made ("unknown").
    """
    splits = audit["splits"]

    def counts(key):
        return {split: found[key] for split, found in splits.items() if found["rows"] and key in found}

    lines = [shortcut_finding(audit), *word_findings(audit), *solvable_findings(audit), *split_findings(audit)]
    lines += row_findings(audit.get("rows", {}))
    lines += [
        count_finding("repeated rows", counts("repeated_rows")),
        count_finding(CONTRADICTIONS, counts("contradictions"), example=first_of("contradiction", splits)),
        count_finding("near-duplicates within a split", counts("near_duplicates"), "note"),  # homologs may be similar
    ]
    if is_of_pairs(audit):
        equal = f"negatives of two equal {shared_counts(audit)['sentences']}"
        lines.append(count_finding(equal, counts("equal_negatives"), example=first_of("equal_negative", splits)))
        lines.append(count_finding("near-identical negatives", counts("near_copy_negatives")))
    shared = shared_counts(audit)
    for key, what in shared.items():
        found = {name.replace("-", " and "): overlap[key] for name, overlap in audit["overlaps"].items()}
        example = first_of("contradiction", audit["overlaps"]) if key == "contradictions" else None
        lines.append(count_finding(f"{what} in two splits", found, example=example))
    for key, what in shared.items():
        if found := {name: overlap[key] for name, overlap in audit["trained_on"].items()}:
            example = first_of("contradiction", audit["trained_on"]) if key == "contradictions" else None
            lines.append(count_finding(f"{what} shared by test and a training set", found, example=example))
    lines += token_findings(audit["tokens"]) + identity_findings(audit.get("identity", {}))
    return lines + similar_findings(audit.get("similar"))


def is_of_pairs(audit):
    """Whether the rows are pairs; those of a task are single sequences."""
    return all("near_copy_negatives" in split for split in audit["splits"].values())


def shared_counts(audit):
    """What two splits may share: {key of an overlap: its name on the page}."""
    sides = "sentences" if KINDS[audit["kind"]].is_text else "sequences"
    found = {"sentences": sides, "pairs": "pairs", "contradictions": CONTRADICTIONS}
    found |= {"near_duplicates": "near-duplicates"}
    if not is_of_pairs(audit):
        del found["pairs"]  # a row is a sequence
    if any(KINDS[kind].both_strands for kind in KINDS[audit["kind"]].sides):
        found |= {"other_strand": "sequences on the other strand only"}
    return found


def first_of(key, parts):
    """The first example of a flaw in the parts of an audit, as a list of sequences; None if there is none."""
    example = next((part[key] for part in parts.values() if part.get(key)), None)
    return [example] if isinstance(example, str) else example


def count_finding(what, counts, severity="flaw", example=None):
    """A problem (or note) if any of the `counts` {place: number, None if not counted} is above 0, with an example."""
    found = ", ".join(f"{number} in {place}" for place, number in counts.items() if number)
    unseen = [place for place, number in counts.items() if number is None]
    if len(unseen) == len(counts):
        return "unknown", f"{what[0].upper()}{what[1:]}: not counted."
    rest = f" (not counted in {', '.join(unseen)})" if unseen else ""
    shown = f" Example: {' | '.join(map(show, example))}." if example else ""
    return (severity, f"{what[0].upper()}{what[1:]}: {found}{rest}.{shown}") if found else ("fine", f"No {what}{rest}.")


def shortcut_finding(audit):
    """Whether lengths, composition or one sequence alone predict the label, by a threshold or else by ranking."""
    sources = "length, composition, complexity or one sequence" if is_of_pairs(audit) else "length or composition"
    single, share = [b for b in order_free(audit) if b["each_side_alone"]], _majority_accuracy(audit["splits"]["test"])
    if not single:
        return (
            "unknown",
            f"Not tested for shortcuts: no baseline on {sources} was scored on the test split.",
        )
    best = max(single, key=lambda baseline: baseline["accuracy"])
    ranking = max(single, key=lambda baseline: baseline["auroc_low"] or 0)
    numbers = f"(accuracy {format_interval(best, 'accuracy')}, majority class {share:.3f}"
    if best["accuracy"] - widening(len(single)) * (best["accuracy"] - best["low"]) > share:
        gain = best["accuracy"] - share
        text = f"{best['name']} alone predicts the label {numbers}). A model must exceed this to show more."
        also = [f"{b['name']} {b['accuracy']:.3f}" for b in single if b is not best and b["low"] > share]
        text += f" Also above the majority class: {', '.join(also)}." if also else ""
    elif (ranking["auroc_low"] or 0) > thresholds.RANKING_ABOVE:
        gain = ranking["auroc"] - 0.5
        text = f"{ranking['name']} alone ranks the test rows: AUROC {format_interval(ranking, 'auroc')}."
        text += f" Its threshold does not transfer: the most accurate baseline is {best['name']} {numbers})."
    elif not audit["splits"]["train"]["rows"]:
        names = ", ".join(baseline["name"] for baseline in single)
        return "unknown", f"Partly tested for shortcuts: without a train split, only {names} could be scored."
    else:
        luck = f"; within chance for the best of {len(single)} baselines" if best["low"] > share else ""
        return (
            "fine",
            f"No shortcut found. The best baseline on {sources} is {best['name']} {numbers}{luck}).",
        )
    text = text[0].upper() + text[1:]
    return ("shortcut", text) if gain >= thresholds.STRONG_SHORTCUT else ("note", f"Weak shortcut. {text}")


def word_findings(audit):
    """Baselines above the majority class that compare both sides, but not the order of their letters, or a part of them only."""
    lines, share = [], _majority_accuracy(audit["splits"]["test"])
    for found in scored(audit):
        without, more = "without the order of letters beyond short words", "uses their order"
        if found["uses_order"]:
            without, more = "from the first and last letters alone", "reads the rest"
        if found["low"] > share and (found.get("in_part") or not (found["uses_order"] or found["each_side_alone"])):
            text = f"The baseline {found['name']} has accuracy {format_interval(found, 'accuracy')} {without}."
            lines.append(("note", f"{text} A model must exceed this to show that it {more}."))
    return lines


def widening(n):
    """The factor by which a 95 % interval must grow to hold for the best of `n` (Bonferroni)."""
    quantile = NormalDist().inv_cdf
    return quantile(1 - 0.025 / n) / quantile(0.975)


def solvable_findings(audit):
    """Whether alignment or translation recovers the labels; and baselines whose threshold saw the test split."""
    lines, share = [], _majority_accuracy(audit["splits"]["test"])
    full = [baseline for baseline in scored(audit) if baseline["uses_order"] and not baseline.get("in_part")]
    best = max(full, key=lambda baseline: baseline["accuracy"], default=None)
    if best and best["low"] > share and best["accuracy"] >= thresholds.SOLVABLE_FROM:
        text = f"The labels can be recovered: {best['name']} has accuracy {format_interval(best, 'accuracy')}."
        lines.append(("fine", text))
    elif best:
        text = f"It is not shown that the labels can be recovered: {best['name']} has accuracy"
        lines.append(("note", f"{text} {format_interval(best, 'accuracy')} only."))
    if seen := [baseline["name"] for baseline in audit["baselines"] if baseline["threshold_from"] == "test"]:
        lines.append(("note", f"Threshold chosen on the test split, which is optimistic: {', '.join(seen)}."))
    return lines


def split_findings(audit):
    """Empty splits, unbalanced labels, rows sorted by label, start codons at one offset."""
    splits, names = audit["splits"], audit["labels"]
    lines, full = [], {split: found for split, found in splits.items() if found["rows"]}
    if empty := [split for split in splits if split not in full]:
        lines.append(("flaw" if "test" in empty else "note", f"No rows in {', '.join(empty)}."))
    for label, name in list(enumerate(names))[1 if len(names) == 2 else 0 :]:
        shares = {split: found["classes"][label] / found["rows"] for split, found in full.items()}
        if any(abs(share - 1 / len(names)) > thresholds.UNBALANCED for share in shares.values()):
            text = ", ".join(f"{percent(share, 1)} of {split}" for split, share in shares.items())
            lines.append(("note", f"Unbalanced labels. Labelled {name}: {text}."))
    orders = {split: found["order"] for split, found in full.items() if found["order"] is not None}
    if sorts := [f"{order:.3f} in {split}" for split, order in orders.items() if not is_mixed(full[split])]:
        lines.append(("flaw", f"Rows are sorted by label (AUROC of the row number): {', '.join(sorts)}."))
    else:
        lines.append(("fine", "Rows are in random order.") if orders else ("unknown", "Order of rows: not checked."))
    codons = {split: found.get("start_codon") for split, found in full.items()}
    places = [
        f"offset {codon['offset']} in {codon['count']} pairs of {split} "
        f"({percent(codon['share'], 1)}; elsewhere {percent(codon['elsewhere'], 1)})"
        for split, codon in codons.items()
        if codon and codon["share"] > max(thresholds.CLUSTERED_CODON, thresholds.CLUSTERED_RATIO * codon["elsewhere"])
    ]
    if places:
        lines.append(("note", f"Start codons cluster at one offset in the DNA of positives: {', '.join(places)}."))
    return lines


def is_mixed(split):
    """Whether the AUROC of the row number for the label is within SORTED_ROWS standard deviations of chance
    (Mann and Whitney 1947)."""
    same = split["classes"][split["order_label"]]
    different = split["rows"] - same
    deviation = sqrt((same + different + 1) / (12 * same * different))
    return abs(split["order"] - 0.5) <= thresholds.SORTED_ROWS * deviation


def token_findings(tokens):
    """Truncated test inputs, and tokens that are [UNK]."""
    lines = []
    for key, what in (("truncated", "Test inputs truncated at max_length"), ("unknown", "Test tokens that are [UNK]")):
        shares = {name: splits["test"][key] for name, splits in tokens.items() if splits.get("test")}
        if found := ", ".join(f"{percent(share)} with {name}" for name, share in shares.items() if share):
            lines.append(("note", f"{what}: {found}."))
    return lines


def identity_findings(identity):
    """How many test rows are how near to a train row, {bin: rows}."""
    if not sum(identity.values()):
        return []
    shares = ", ".join(f"{name}: {rows} rows" for name, rows in identity.items())
    near = any(list(identity.values())[:-1])
    return [("note" if near else "fine", f"Identity of test rows to the nearest train row, by BLAST. {shares}.")]


def similar_findings(similar):
    """How many test rows of a task share words with train rows, as `tasks.audit.count_similar` counts them; None for pairs."""
    if not similar or not similar["of"]:
        return []
    text = f"{similar['rows']} of {counted(similar['of'], 'test row')} have at least {percent(similar['share'], 0)} of their words of "
    text += f"{similar['letters']} letters in train rows, on either strand."
    return [("note" if similar["rows"] else "fine", text)]


def limit_finding(spec, audit):
    """Whether the similarity limit for negatives lies above chance: (severity, text); None if nothing was compared.

    A limit within the range of shuffled sequences calls some unrelated sequences related.
    """
    random, limit = audit["random_similarity"], spec.get("rules", {}).get("max_negative_similarity")
    if random is None or limit is None:
        return None
    text = f"After shuffling the letters of each sequence, {random['pairs']} pairs have a mean local similarity of"
    text += f" {random['mean']:.3f} (99 % below {random['p99']:.3f}, maximum {random['max']:.3f})."
    if random["max"] < limit:
        return "fine", f"{text} The limit for negatives, {limit}, is higher: chance alone does not exceed it."
    return (
        "flaw",
        f"{text} The limit for negatives, {limit}, is not higher: it also excludes unrelated pairs.",
    )


def audit_page(spec, audit):
    """What the audit page of a pair set shows, as values for its template.

    Args: `spec` is the pair set's part of the config, `audit` its audit.json.
    """
    first, *others = audit_findings(audit)
    others += filter(None, [limit_finding(spec, audit)])
    return {
        "spec": spec,
        "audit": audit,
        "kind": KINDS[audit["kind"]],
        "recipe": (RECIPES if is_of_pairs(audit) else TASK_RECIPES)[spec["recipe"]],
        "of_pairs": is_of_pairs(audit),
        "result": first,
        "findings": {severity: [text for found, text in others if found == severity] for severity in SEVERITIES},
        "ranking_above": thresholds.RANKING_ABOVE,
        "strong": thresholds.STRONG_SHORTCUT,
        "shared": shared_counts(audit),
        "pair_types": list(
            dict.fromkeys(kind for split in audit["splits"].values() for kind in split.get("kinds", ()))
        ),
        "sides": {
            side: f"{column}labelled {audit['labels'][int(label)]}"
            for split in audit["splits"].values()
            for side in split["lengths"]
            for column, _, label in [side.rpartition("label ")]
        },
    }
