"""What the audit of a pair set says: findings in words, computed from its numbers."""

from math import sqrt
from statistics import NormalDist

import numpy as np

from linguist.files import read_json
from linguist.report.page import REPORTS, inline, render
from linguist.statistics.numbers import format_interval

RANKS = 0.52  # AUROC's low end must clear chance by a margin: a sound interval touches 0.5 from above quite often
HOLDS = 0.8  # the biologist's own method must get so many right, or the labels are in doubt
STRONG = 0.05  # a baseline that gains less than this over a guess is a weak shortcut
MIXED = 3  # standard deviations of chance by which the order of the rows may lean to one label
ORIGINS = {
    "grammar": "SYNTHETIC: sentences of this project's grammar, not natural language",
    "table": "read from the resources named in the config",
    "homologs": "windows of real sequences paired by BLAST",
    "coding": "windows of real coding sequences with the protein they code for",
    "hard": "positives of another set, and negatives that match them in length and composition",
    "evolved": "sequences of another set with copies evolved by simulation",
    "splice-sites": "windows around the splice sites of annotated human genes, and decoys with the same middle",
    "gene-starts": "windows around the 5' ends of annotated human genes, and windows elsewhere",
    "repeats": "windows in and outside of what RepeatMasker found",
    "reverse-complement": "another set with one side read from the other strand",
    "union": "rows of other sets together",
}
SEVERITIES = ("shortcut", "flaw", "note", "unknown", "fine")


def shortcut_of(audit):
    """The shallow baseline that gets most of the test pairs right, as {"name", "accuracy", "low", "high"}.

    Named "none", with NaN, where none was scored.
    """
    best = max(shallow(audit), key=lambda baseline: baseline["accuracy"], default={"name": "none"})
    return {"name": best["name"]} | {key: best.get(key, np.nan) for key in ("accuracy", "low", "high")}


def read_shortcuts(tests, paths):
    """{test: its best shallow baseline}; `paths` are the tests' audit.json, in their order."""
    return {test: shortcut_of(read_json(path)) for test, path in zip(tests, paths, strict=True)}


def shallow(audit, is_shallow=True):
    """The scored baselines that are shallow (or those that are not)."""
    return [b for b in audit["baselines"] if b["shallow"] == is_shallow and b["accuracy"] is not None]


def majority(split):
    """The share of the larger class; NaN for an empty split."""
    return max(split["positives"], split["rows"] - split["positives"]) / split["rows"] if split["rows"] else np.nan


def findings(audit):
    """What an audit shows, a line each: [(severity, text)], severity one of SEVERITIES; first, whether there is a shortcut.

    Every check says something: what it found, that it found nothing ("fine"), or that it was not made ("unknown").
    """
    splits = audit["splits"]

    def count(key):
        return {split: found[key] for split, found in splits.items() if found["rows"]}

    lines = [shortcut_line(audit), *word_lines(audit), *ceiling_lines(audit), *split_lines(splits)]
    lines += [
        tally("repeated rows", count("repeated_rows")),
        tally("pairs with both labels", count("pairs_with_both_labels")),
        tally("near-duplicates within a split", count("near_duplicates"), "note"),  # homologs may well be alike
        tally("near-copy negatives", count("near_copy_negatives")),
    ]
    kinds = {"sentences": "sentences", "pairs": "pairs", "near_duplicates": "near-duplicates"}
    for key, what in kinds.items():
        found = {name.replace("-", " and "): overlap[key] for name, overlap in audit["overlaps"].items()}
        lines.append(tally(f"{what} that two splits share", found))
    for key, what in kinds.items():
        found = {name: overlap[key] for name, overlap in audit["trained_on"].items()}
        if found:
            lines.append(tally(f"{what} of test in a set that models are trained on", found))
    return lines + token_lines(audit["tokens"])


def tally(what, counts, severity="flaw"):
    """A flaw (or note) if any of the `counts` {place: number, None where there is none to tell} is above 0."""
    found = ", ".join(f"{number} in {place}" for place, number in counts.items() if number)
    unseen = [place for place, number in counts.items() if number is None]
    if len(unseen) == len(counts):
        return "unknown", f"{what[0].upper()}{what[1:]}: not counted."
    rest = f" (not counted in {', '.join(unseen)})" if unseen else ""
    return (severity, f"{what[0].upper()}{what[1:]}: {found}{rest}.") if found else ("fine", f"No {what}{rest}.")


def shortcut_line(audit):
    """Whether a blind baseline can tell the label: by its threshold, or else by ranking."""
    scored, share = [b for b in shallow(audit) if b["blind"]], majority(audit["splits"]["test"])
    if not scored:
        return "unknown", "Whether there is a shortcut is not known: no blind baseline was scored on the test split."
    best = max(scored, key=lambda baseline: baseline["accuracy"])
    ranking = max(scored, key=lambda baseline: baseline["auroc_low"] or 0)
    numbers = f"{format_interval(best, 'accuracy')} of the test pairs right (majority share {share:.3f})"
    if best["accuracy"] - widening(len(scored)) * (best["accuracy"] - best["low"]) > share:
        gain = best["accuracy"] - share
        text = f"{best['name']} alone gets {numbers}: a model that gets no further has shown no more than that."
        also = [f"{b['name']} {b['accuracy']:.3f}" for b in scored if b is not best and b["low"] > share]
        text += f" Also above the share: {', '.join(also)}." if also else ""
    elif (ranking["auroc_low"] or 0) > RANKS:
        gain = ranking["auroc"] - 0.5
        text = f"{ranking['name']} alone ranks the test pairs with AUROC {format_interval(ranking, 'auroc')}, although no blind"
        text += f" baseline's threshold holds (best: {best['name']}, {numbers})."
    else:
        if not audit["splits"]["train"]["rows"]:
            names = ", ".join(b["name"] for b in scored)
            return (
                "unknown",
                f"Whether there is a shortcut is partly known: without a train split only {names} could be scored.",
            )
        luck = f", no more than luck gives the best of {len(scored)}" if best["low"] > share else ""
        return "fine", f"No shortcut found: the best blind baseline is {best['name']}, which gets {numbers}{luck}."
    return ("shortcut", f"SHORTCUT: {text}") if gain >= STRONG else ("note", f"A weak shortcut: {text}")


def word_lines(audit):
    """What is reached by a baseline that compares the two sides, but not the order of their letters."""
    return [
        (
            "note",
            f"{b['name']}, which compares words and not their order, gets {format_interval(b, 'accuracy')} of the test pairs right: "
            "only a figure above that shows more.",
        )
        for b in shallow(audit)
        if not b["blind"] and b["low"] > majority(audit["splits"]["test"])
    ]


def widening(n):
    """The factor by which a 95 % interval must grow to hold for the best of `n` (Bonferroni)."""
    quantile = NormalDist().inv_cdf
    return quantile(1 - 0.025 / n) / quantile(0.975)


def ceiling_lines(audit):
    """Whether the pairs hold the answer for a method that is not shallow; and thresholds that saw the test split."""
    lines, share = [], majority(audit["splits"]["test"])
    deep = max(shallow(audit, False), key=lambda baseline: baseline["accuracy"], default=None)
    if deep and deep["low"] > share and deep["accuracy"] >= HOLDS:
        lines.append(
            ("fine", f"The pairs hold the answer: {deep['name']} gets {format_interval(deep, 'accuracy')} right.")
        )
    elif deep:
        text = f"{deep['name']}, which is not shallow, gets only {format_interval(deep, 'accuracy')} right: do they hold it?"
        lines.append(("note", f"It is not shown that the pairs hold the answer: {text}"))
    seen = [b["name"] for b in audit["baselines"] if b["threshold_from"] == "test"]
    if seen:
        lines.append(("note", f"Threshold chosen on the test split itself, which flatters: {', '.join(seen)}."))
    return lines


def split_lines(splits):
    """Empty splits, labels out of balance, rows in the order of their label, start codons in one place."""
    lines, full = [], {split: found for split, found in splits.items() if found["rows"]}
    if empty := [split for split in splits if split not in full]:
        lines.append(("flaw" if "test" in empty else "note", f"No rows in {', '.join(empty)}."))
    shares = {split: found["positives"] / found["rows"] for split, found in full.items()}
    if any(abs(share - 0.5) > 0.02 for share in shares.values()):
        said = ", ".join(f"{share:.1%} of {split} are same" for split, share in shares.items())
        lines.append(("note", f"Labels are not in balance: {said}."))
    orders = {split: found["order"] for split, found in full.items() if found["order"] is not None}
    if sorts := [f"{order:.3f} in {split}" for split, order in orders.items() if not mixed(full[split])]:
        lines.append(
            ("flaw", f"Rows stand in the order of their labels (AUROC of the row number): {', '.join(sorts)}.")
        )
    else:
        lines.append(("fine", "Labels are mixed along the rows.") if orders else ("unknown", "Order: not looked at."))
    codons = {split: found.get("start_codon") for split, found in full.items()}
    places = [
        f"at {codon['offset']} in {codon['count']} of {split} ({codon['share']:.1%}; elsewhere {codon['elsewhere']:.1%})"
        for split, codon in codons.items()
        if codon and codon["share"] > max(0.05, 3 * codon["elsewhere"])
    ]
    if places:
        lines.append(("note", f"Start codons gather at one offset of the positives' DNA: {', '.join(places)}."))
    return lines


def mixed(split):
    """Whether the AUROC of the row number for the label is within MIXED standard deviations of chance (Mann & Whitney)."""
    same, different = split["positives"], split["rows"] - split["positives"]
    return abs(split["order"] - 0.5) <= MIXED * sqrt((same + different + 1) / (12 * same * different))


def token_lines(tokens):
    """Test inputs that are cut, and tokens that are [UNK]."""
    lines = []
    for key, what in (("truncated", "Test inputs cut at max_length"), ("unknown", "Tokens of test that are [UNK]")):
        shares = {name: splits["test"][key] for name, splits in tokens.items() if splits.get("test")}
        if found := ", ".join(f"{share:.2%} with {name}" for name, share in shares.items() if share):
            lines.append(("note", f"{what}: {found}."))
    return lines


def similarity_line(spec, audit):
    """What the bound on a negative's similarity means: (severity, text), or None where no sequences were compared.

    A bound within what chance gives would call unrelated sequences related.
    """
    random, bound = audit["random_similarity"], spec["rules"].get("max_negative_similarity")
    if random is None or bound is None:
        return None
    text = f"By chance alone, with the letters of its sequences shuffled, {random['pairs']} pairs of this set have a local "
    text += f"similarity of {random['mean']:.3f} on average, 99 % of them below {random['p99']:.3f}, at most {random['max']:.3f}"
    if random["max"] < bound:
        return (
            "fine",
            f"{text}. Negatives stay below {bound}, which chance alone does not reach: the bound bars relatives.",
        )
    return "flaw", f"{text}. That reaches the bound for negatives, {bound}: it cannot tell relatives from chance."


def write_audit(path, name, spec, audit, figure, template=REPORTS / "audit.html.j2"):
    """Write the page of a pair set's audit: one HTML file that holds all it shows and asks nothing of the network.

    Args: `spec` is the pair set's part of the config, `audit` its audit.json, `figure` the SVG file of
    `figures.audit_figure`.
    """
    lines, bound = findings(audit), similarity_line(spec, audit)
    render(
        path,
        template,
        name=name,
        spec=spec,
        audit=audit,
        lead=lines[0],
        findings={severity: [text for found, text in lines[1:] if found == severity] for severity in SEVERITIES},
        bound=bound,
        origin=ORIGINS.get(spec["recipe"], spec["recipe"]),
        kinds=list(dict.fromkeys(kind for split in audit["splits"].values() for kind in split["kinds"])),
        sides=list(dict.fromkeys(side for split in audit["splits"].values() for side in split["lengths"])),
        figure=inline(figure, "figure-audit"),
    )
