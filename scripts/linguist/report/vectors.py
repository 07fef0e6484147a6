"""The page of a comparison of token vectors: how distances change after fine-tuning, with intervals over seeds.

MNND: mean nearest-neighbour distance. In tables, the column words is the class of the tokens.
"""

import numpy as np
import pandas as pd
from scipy.stats import t as student

from linguist.files import read_json, read_table
from linguist.report.page import collect_facts
from linguist.report.tokenizer import CLASS_LABELS
from linguist.statistics.numbers import counted, format_p, format_points
from linguist.statistics.thresholds import SEEDS_FOR_CLAIM, SEPARATE_CLASSES

BEFORE = "before"  # stands in the column seed, which is text, for the model before fine-tuning
METRICS = {"euclidean": "Euclidean", "cosine": "cosine"}
QUANTITIES = {  # by column of the table
    "mnnd": "",
    "relative": ", relative to the MNND among English tokens",
    "ratio": ", relative to shuffled labels",
}
MEASURES = [  # (class of tokens, metric, quantity), in the order of the page
    ("dna", "euclidean", "mnnd"),
    ("dna", "cosine", "mnnd"),
    *(("dna", metric, quantity) for quantity in ("relative", "ratio") for metric in ("euclidean", "cosine")),
    *(("english", metric, "mnnd") for metric in ("euclidean", "cosine")),
    *(("protein", metric, quantity) for quantity in ("mnnd", "relative") for metric in ("euclidean", "cosine")),
]
CODES = {
    "fell": "fine",
    "rose": "flaw",
    "level": "unknown",
    "differ": "note",
    "one seed": "note",
}  # of a change; colours
TAGS = {"fell": "fell", "rose": "rose", "level": "no change shown", "differ": "seeds differ", "one seed": "one seed"}


def _distance_rows(report):
    """Rows of one distances.json: layer, metric, words, mnnd, spacing, relative; DNA rows of the last layer have the control."""
    spacing = {(row["layer"], row["metric"]): row["mnnd"] for row in report["rows"] if row["words"] == "english"}
    for row in report["rows"]:
        if row["mnnd"] is None:
            continue
        own = spacing[row["layer"], row["metric"]]
        found = row | {"spacing": own, "relative": row["mnnd"] / own if own else np.nan}
        if row["layer"] == report["layers"] and row["words"] == "dna":
            control = report["control"][row["metric"]]
            found |= {"sample_mnnd": control["observed"], "p": control["p"]}
            found |= {f"shuffled_{key}": control[key] for key in ("mean", "low", "high")}
            found["ratio"] = control["observed"] / control["mean"] if control["mean"] else np.nan
        yield found


def read_distances(runs, before, after):
    """The distances of a comparison as one table: model, trainset, seed (text; BEFORE for the model before fine-tuning), layer,
    metric, words (class of tokens), mnnd, spacing (MNND among English tokens), relative (mnnd / spacing); DNA rows of the last
    layer also have sample_mnnd, shuffled_mean, shuffled_low, shuffled_high, ratio and p.

    Args: `runs` lists (model, trainset, seed); `before` has a distances.json for each model, `after` one for each run.
    """
    models = dict.fromkeys(model for model, _, _ in runs)
    places = [*((model, "", BEFORE) for model in models), *((*arm, str(seed)) for *arm, seed in runs)]
    frames = [
        pd.DataFrame(_distance_rows(read_json(path))).assign(model=model, trainset=trainset, seed=seed)
        for (model, trainset, seed), path in zip(places, [*before, *after], strict=True)
    ]
    first = ["model", "trainset", "seed", "layer", "metric", "words"]
    table = pd.concat(frames, ignore_index=True)
    return table[[*first, *(column for column in table if column not in first)]]


def change_over_seeds(before, after):
    """How a value changed after fine-tuning: a dict with before, after (of each seed), fell and rose (numbers of seeds), mean,
    sd, least and most over seeds, share (relative change of the mean), low and high (95 % interval of the mean difference,
    Student's t over seeds), seeds, direction and code.

    Args: a number, and one number for each seed; all seeds start from the same model.
    direction is "fell" or "rose" if the interval excludes 0. Else it is "differ" if the value fell in some seeds and rose in
    others, so that the mean describes none of them, and "level" otherwise. With one seed the sign decides, and code is
    "one seed".
    """
    after = np.asarray(after, float)
    mean, seeds = float(after.mean()), len(after)
    found = {"before": float(before), "after": after.tolist(), "fell": int((after < before).sum())}
    found |= {
        "rose": int((after > before).sum()),
        "mean": mean,
        "sd": np.nan,
        "least": after.min(),
        "most": after.max(),
    }
    found |= {"share": mean / before - 1 if before else np.nan, "low": np.nan, "high": np.nan, "seeds": seeds}
    low = high = mean - before
    if seeds > 1:
        found["sd"] = after.std(ddof=1)
        half_width = student.ppf(0.975, seeds - 1) * found["sd"] / np.sqrt(seeds)
        low, high = low - half_width, high + half_width
        found |= {"low": low, "high": high}
    apart = "differ" if found["fell"] and found["rose"] else "level"
    direction = "fell" if high < 0 else "rose" if low > 0 else apart
    return found | {"direction": direction, "code": direction if seeds > 1 else "one seed"}


def change_of(rows, quantity):
    """`change_over_seeds` of a quantity, from rows of one model, layer, metric and class."""
    is_before = rows["seed"] == BEFORE
    return change_over_seeds(rows.loc[is_before, quantity].item(), rows.loc[~is_before, quantity])


def last_layer_changes(table, model):
    """The changes of a model in its last layer, {(class of tokens, metric, quantity): `change_over_seeds`}, in the order of
    MEASURES; without measures that the vocabulary has no tokens for."""
    rows = table[(table["model"] == model) & (table["layer"] == table.loc[table["model"] == model, "layer"].max())]
    found = {}
    for words, metric, quantity in MEASURES:
        part = rows[(rows["words"] == words) & (rows["metric"] == metric)]
        if len(part) and not part[quantity].isna().any():
            found[words, metric, quantity] = change_of(part, quantity)
    return found


def measure_name(words, metric, quantity):
    """A measure in words."""
    how = METRICS[metric]
    if words == "english":
        return f"{how} MNND among English tokens"
    return f"{how} MNND from {CLASS_LABELS[words]} to English tokens{QUANTITIES[quantity]}"


def seeds_moved(found):
    """In how many seeds a value fell or rose: "fell in 2 of 3 seeds, rose in 1"."""
    ways = {way: found[way] for way in ("fell", "rose") if found[way]}
    if not ways:
        return f"the same in {counted(found['seeds'], 'seed')}"
    (first, count), *others = ways.items()
    return ", ".join(
        [f"{first} in {count} of {counted(found['seeds'], 'seed')}", *(f"{way} in {n}" for way, n in others)]
    )


def change_text(found):
    """A change in words, without its code. Where seeds differ, it has no mean."""
    share = f", {format_points(found['share'], sign=True)} %" if np.isfinite(found["share"]) else ""
    if found["seeds"] == 1:
        return f"{found['direction']}, {found['before']:.4g} before, {found['mean']:.4g} after (one seed{share})"
    numbers = f"{seeds_moved(found)}: {found['before']:.4g} before, {found['least']:.4g}–{found['most']:.4g} after"
    if found["direction"] == "differ":
        return numbers
    ends = " to ".join(f"{found[end]:+.3g}".replace("-", "−") for end in ("low", "high"))
    return f"{numbers} (mean {found['mean']:.4g}{share}; 95 % CI of the difference {ends})"


def approach_statement(found):
    """Whether DNA tokens of a model moved closer to English ones, as (code, text): by Euclidean distance, by the measures that
    control for shrinking, and in how many seeds. `found` is as from `last_layer_changes`; codes are those of `claims.CLAIMS`,
    or "in part"."""
    raw = found["dna", "euclidean", "mnnd"]
    dna = {key: value for key, value in found.items() if key[0] == "dna"}
    others = {key: value for key, value in dna.items() if key != ("dna", "euclidean", "mnnd")}
    fell = "; ".join(measure_name(*key) for key, value in others.items() if value["direction"] == "fell")
    others = {key: value for key, value in others.items() if value["direction"] != "fell"}
    not_fell = "; ".join(f"{measure_name(*key)} ({TAGS[value['direction']]})" for key, value in others.items())
    distance = "the mean nearest-neighbour distance (MNND, Euclidean) from DNA to English tokens"
    if raw["code"] == "one seed" and raw["direction"] == "fell":
        return "exploratory", f"T{distance[1:]} fell in the only seed; not replicated."
    approached = np.all([np.less(value["after"], value["before"]) for value in dna.values()], axis=0).sum()
    seeds = (
        ""
        if raw["seeds"] == 1
        else f" By every measure, DNA tokens moved closer in {approached} of {raw['seeds']} seeds."
    )
    if raw["direction"] != "fell":
        text = {
            "rose": f"No: {distance} rose after fine-tuning",
            "differ": f"Not shown: {distance} {seeds_moved(raw)}",
            "level": f"Not shown: {distance} did not change significantly ({seeds_moved(raw)})",
        }[raw["direction"]]
        text += f". These measures fell: {fell}" if fell else ". No other measure of DNA tokens fell significantly"
        return "not supported", text + (" (one seed)." if raw["code"] == "one seed" else ".") + seeds
    enough = raw["seeds"] >= SEEDS_FOR_CLAIM
    seeds += "" if enough else f" This is exploratory: a claim needs {SEEDS_FOR_CLAIM} seeds."
    if not not_fell:
        said = "Yes: DNA tokens moved closer to English tokens, by Euclidean distance and under every control."
        return "supported" if enough else "exploratory", said + seeds
    kept = f"These measures fell too: {fell}. These" if fell else "The other measures"
    return "in part" if enough else "exploratory", f"In part: {distance} fell. {kept} did not: {not_fell}.{seeds}"


def vectors_headline(table):
    """The result of a comparison as (code, text): the statement of its model, or of its models one after the other."""
    said = {model: approach_statement(last_layer_changes(table, model)) for model in table["model"].unique()}
    codes = {code for code, _ in said.values()}
    text = " ".join(text if len(said) == 1 else f"{model}: {text}" for model, (_, text) in said.items())
    if len(codes) > 1:
        codes = {"in part" if codes & {"supported", "in part"} else "exploratory"}
    return codes.pop(), text


def compare_with_shuffled(row):
    """Whether DNA tokens are "farther" from English ones than after shuffling the labels, "nearer", or "no different"."""
    if row["p"] <= SEPARATE_CLASSES:
        return "farther"
    return "nearer" if row["sample_mnnd"] < row["shuffled_low"] else "no different"


def shuffled_statements(table, model):
    """What the shuffled labels show, a sentence for each metric."""
    said = {"farther": "farther from English tokens than", "no different": "as far from English tokens as"}
    said["nearer"] = "nearer to English tokens than"
    lines = []
    for metric, rows in shuffled_rows(table, model).groupby("metric", sort=False):
        first, runs = rows.iloc[0], rows.iloc[1:]
        text = f"{METRICS[metric]}: before fine-tuning, DNA tokens were {said[compare_with_shuffled(first)]} with shuffled labels"
        text += f" ({first['sample_mnnd']:.4g} against {first['shuffled_mean']:.4g}, {format_p(first['p'])})"
        counts = runs.apply(compare_with_shuffled, axis=1).value_counts()
        after = ", ".join(f"{name} in {counts[name]} of {len(runs)} seeds" for name in said if name in counts)
        lines.append(f"{text}. After fine-tuning: {after}.")
    return lines


def shuffled_rows(table, model):
    """The rows of a model that have the control of shuffled labels, the model before fine-tuning first."""
    return table[(table["model"] == model) & table["p"].notna()]


def layer_changes(table, model):
    """For each layer and metric the change of the MNND from DNA to English tokens, as it is and relative: dicts."""
    rows = table[(table["model"] == model) & (table["words"] == "dna")]
    for (layer, metric), part in rows.groupby(["layer", "metric"], sort=False):
        yield {"layer": layer, "metric": metric} | {name: change_of(part, name) for name in ("mnnd", "relative")}


def read_vectors_table(path):
    """The table of `read_distances`, from its file."""
    return read_table(
        path,
        ["words", "metric", "layer"],
        keep_default_na=False,
        na_values=dict.fromkeys(["p", "ratio", "relative"], [""]),
        dtype=dict.fromkeys(["model", "trainset", "seed"], str),
    )


def differing_conditions(record, report, study):
    """The conditions of a published result that differ from ours: rows (what, published, ours).

    Args: a record of published.yaml, a distances.json before fine-tuning, a StudyDesign.
    """
    there, seeds, trainset = record["conditions"], len(study.spec["seeds"]), study.sets[study.trainsets[0]]
    synthetic = " (synthetic sentences)" if trainset.synthetic else ""
    here = {
        "vocabulary": report["vocabulary"],
        "layers": report["layers"],
        "width": report["width"],
        "trainset": f"{trainset.name}{synthetic}, at most {trainset.spec['sizes']['train']:,} rows",
        "runs": f"{seeds} seed{'s' if seeds > 1 else ''}",
    }
    rows = [(what, there[what], here[what]) for what in there if there[what] != here[what]]
    rows = [(what, *(f"{side:,}" if isinstance(side, int) else side for side in sides)) for what, *sides in rows]
    return [
        *rows,
        ("tokens", "not stated whether equal texts count once", "equal texts count once, space marks removed"),
    ]


def vectors_page(study, table, reports):
    """What the page of a comparison shows, as values for its template.

    Args: `study` is a StudyDesign; `table` as from `read_distances`; `reports` has the distances.json of each model before
    fine-tuning ("before", by model), the metrics.json of the runs ("runs") and what `read_published` gives ("published").
    """
    before, facts = reports["before"], collect_facts(reports["runs"], {})
    changes = {model: last_layer_changes(table, model) for model in study.models}
    return {
        "study": study,
        "results": {model: approach_statement(mine) for model, mine in changes.items()},
        "changes": changes,
        "tags": TAGS,
        "colours": CODES,
        "measure_name": measure_name,
        "change_text": change_text,
        "seeds_moved": seeds_moved,
        "shuffled": {model: shuffled_statements(table, model) for model in changes},
        "shuffled_rows": {model: shuffled_rows(table, model).to_dict("records") for model in changes},
        "layers": {model: list(layer_changes(table, model)) for model in changes},
        "reports": before,
        "options": next(iter(before.values()))["options"],
        "published": [
            (record, {model: differing_conditions(record, before[model], study) for model in changes})
            for record in reports["published"]["vectors"].get(study.spec.get("published"), [])
        ],
        "facts": {label: value for label, value in facts.items() if value != "none"},
        "before": BEFORE,
        "seeds_needed": SEEDS_FOR_CLAIM,
    }
