"""What a comparison of word vectors says: each change after fine-tuning with its interval over seeds, and the page."""

from textwrap import fill

import numpy as np
import pandas as pd
from scipy.stats import t as student

from linguist.files import read_json, write_table
from linguist.report.facts import collect_facts, describe_model, learned_grammar
from linguist.report.page import REPORTS, inline, render

BEFORE = -1  # the seed of the rows before fine-tuning, which have none
NAMES = {"dna": "DNA", "protein": "protein", "english": "English"}
QUANTITIES = {  # what is compared, by column of the table
    "mnnd": "",
    "relative": ", relative to the spacing of English words",
    "ratio": ", relative to shuffled classes",
}
MEASURES = [  # (words, metric, quantity), in the order of the page
    ("dna", "euclidean", "mnnd"),
    ("dna", "cosine", "mnnd"),
    *(("dna", metric, quantity) for quantity in ("relative", "ratio") for metric in ("euclidean", "cosine")),
    *(("english", metric, "mnnd") for metric in ("euclidean", "cosine")),
    *(("protein", metric, quantity) for quantity in ("mnnd", "relative") for metric in ("euclidean", "cosine")),
]
CODES = {"fell": "fine", "rose": "flaw", "level": "unknown", "one seed": "note"}  # and their severities
SURE = 0.05  # p below which the classes are apart


def rows_of(report):
    """Rows of one distances.json: layer, metric, words, mnnd, spacing, relative; in the last layer DNA has the control."""
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
    """The distances of a comparison as one table: model, trainset, seed (BEFORE: the model itself), layer, metric, words,
    mnnd, spacing, relative; of DNA words in the last layer also sample_mnnd, shuffled_mean, _low and _high, ratio and p.

    Args: `runs` lists (model, trainset, seed); `before` has a distances.json for each model, `after` one for each run.
    """
    models = dict.fromkeys(model for model, _, _ in runs)
    places = [*((model, "", BEFORE) for model in models), *map(tuple, runs)]
    frames = [
        pd.DataFrame(rows_of(read_json(path))).assign(model=model, trainset=trainset, seed=seed)
        for (model, trainset, seed), path in zip(places, [*before, *after], strict=True)
    ]
    first = ["model", "trainset", "seed", "layer", "metric", "words"]
    table = pd.concat(frames, ignore_index=True)
    return table[[*first, *(column for column in table if column not in first)]]


def change(before, after):
    """How a figure changed: dict with before, mean, sd and range (least, most) over seeds, share (of before), low and high
    (95 % interval of the mean difference, Student's t over seeds), seeds, direction and code.

    Args: a number, and a sequence of one for each seed; a seed is paired with the model that all seeds start from.
    direction is "fell" or "rose" where the interval does not hold 0, else "level"; with one seed the sign alone decides,
    and the code is "one seed".
    """
    after = np.asarray(after, float)
    mean, seeds = after.mean(), len(after)
    sd = after.std(ddof=1) if seeds > 1 else np.nan
    reach = student.ppf(0.975, seeds - 1) * sd / np.sqrt(seeds) if seeds > 1 else 0.0
    low, high = mean - before - reach, mean - before + reach
    direction = "fell" if high < 0 else "rose" if low > 0 else "level"
    return {
        "before": float(before),
        "mean": float(mean),
        "sd": float(sd),
        "least": float(after.min()),
        "most": float(after.max()),
        "share": float(mean / before - 1) if before else np.nan,
        "low": float(low) if seeds > 1 else np.nan,
        "high": float(high) if seeds > 1 else np.nan,
        "seeds": seeds,
        "direction": direction,
        "code": direction if seeds > 1 else "one seed",
    }


def changes(table, model):
    """{(words, metric, quantity): `change`} of a model in its last layer, in the order of MEASURES; without what is not
    there, as protein words in a vocabulary that has none."""
    rows = table[(table["model"] == model) & (table["layer"] == table.loc[table["model"] == model, "layer"].max())]
    found = {}
    for words, metric, quantity in MEASURES:
        part = rows[(rows["words"] == words) & (rows["metric"] == metric)]
        if len(part) and not part[quantity].isna().any():
            is_before = part["seed"] == BEFORE
            found[words, metric, quantity] = change(
                part.loc[is_before, quantity].item(), part.loc[~is_before, quantity]
            )
    return found


def label(words, metric, quantity):
    """A measure in words."""
    how = {"euclidean": "Euclidean", "cosine": "cosine"}[metric]
    if words == "english":
        return f"{how}, spacing of English words (each to its nearest other)"
    return f"{how}, {NAMES[words]} to English{QUANTITIES[quantity]}"


def describe(found):
    """A change in words, without its code."""
    numbers = f"{found['before']:.4g} before, {found['mean']:.4g}"
    numbers += f" ± {found['sd']:.2g}" if found["seeds"] > 1 else ""
    numbers += f" after ({found['share']:+.1%}; " if np.isfinite(found["share"]) else " after ("
    if found["seeds"] == 1:
        return f"{found['direction']}, {numbers}one seed)"
    spread = f"{found['least']:.4g}–{found['most']:.4g} over {found['seeds']} seeds"
    return f"{numbers}{spread}; difference [{found['low']:+.3g}, {found['high']:+.3g}])"


def verdict(found):
    """The claim of a model, as (code, text): whether the Euclidean distance of DNA words fell, and whether that remains under
    the others. Codes are those of `claims.CLAIMS`, or "in part"."""
    raw = found["dna", "euclidean", "mnnd"]
    others = {key: value for key, value in found.items() if key[0] == "dna" and key != ("dna", "euclidean", "mnnd")}
    kept = [label(*key) for key, value in others.items() if value["direction"] == "fell"]
    lost = [f"{label(*key)} ({value['direction']})" for key, value in others.items() if value["direction"] != "fell"]
    if raw["direction"] != "fell":
        text = "No: the Euclidean distance of DNA words from English ones rose after fine-tuning"
        if raw["direction"] == "level":
            text = f"No: a fall of the Euclidean distance of DNA words from English ones ({raw['share']:+.1%}) is not shown"
        text += f", though these fell: {'; '.join(kept)}" if kept else ", nor one by another measure"
        return "not supported", text + (", with one seed." if raw["code"] == "one seed" else ".")
    if raw["code"] == "one seed":
        return (
            "unrepeated",
            "The Euclidean distance of DNA words from English ones fell, with one seed, which says nothing of others.",
        )
    if not lost:
        return (
            "supported",
            "Yes: DNA words moved nearer to English ones, by Euclidean distance and under every control.",
        )
    only = f"It also fell by: {'; '.join(kept)}. It does not remain by" if kept else "It remains by none of the others"
    return (
        "in part",
        f"Only in part: the Euclidean distance of DNA words from English ones fell. {only}: {'; '.join(lost)}.",
    )


def headline(table):
    """What a comparison says, as (code, text): the claim of its model, or those of its models one after the other."""
    said = {model: verdict(changes(table, model)) for model in table["model"].unique()}
    codes = {code for code, _ in said.values()}
    text = " ".join(text if len(said) == 1 else f"{model}: {text}" for model, (_, text) in said.items())
    return codes.pop() if len(codes) == 1 else "in part", text


def text_vectors(table):
    """The summary of a comparison for a terminal: at most 110 columns; the claim, then a line for each measure."""
    lines = []
    for model in table["model"].unique():
        found = changes(table, model)
        lines += [fill(f"{model}: {verdict(found)[1]}", 108), ""]
        texts = (f"{value['code']}: {label(*key)}: {describe(value)}" for key, value in found.items())
        lines += [*(fill(text, 108, initial_indent="  ", subsequent_indent="    ") for text in texts), ""]
    return "\n".join(lines)


def place(row):
    """Where a distance lies against those with shuffled classes."""
    if row["p"] <= SURE:
        return "apart"
    return "nearer" if row["sample_mnnd"] < row["shuffled_low"] else "mixed"


def control_lines(table, model):
    """What the shuffled classes say, a line for each metric: [(severity, text)]."""
    said = {"apart": "farther from English ones than", "mixed": "as far as", "nearer": "nearer to English ones than"}
    lines = []
    for metric, rows in controls(table, model).groupby("metric", sort=False):
        first, runs = rows.iloc[0], rows.iloc[1:]
        text = f"{metric}: DNA words were {said[place(first)]} shuffled classes would have it before fine-tuning"
        text += f" ({first['sample_mnnd']:.4g} against {first['shuffled_mean']:.4g}, p = {first['p']:.3g})"
        counts = runs.apply(place, axis=1).value_counts()
        after = ", ".join(f"{name} in {counts[name]} of {len(runs)} seeds" for name in said if name in counts)
        lines.append(("note", f"{text}; after it they were: {after}."))
    return lines


def controls(table, model):
    """The rows of a model that hold the control of shuffled classes, the model itself first."""
    return table[(table["model"] == model) & table["p"].notna()]


def layers_of(table, model):
    """A row for each layer and metric: DNA to English before and after (mean over seeds), as it is and relative."""
    rows = table[(table["model"] == model) & (table["words"] == "dna")]
    for (layer, metric), part in rows.groupby(["layer", "metric"], sort=False):
        is_before = part["seed"] == BEFORE
        found = {
            quantity: change(part.loc[is_before, quantity].item(), part.loc[~is_before, quantity])
            for quantity in ("mnnd", "relative")
        }
        yield {"layer": layer, "metric": metric, **found}


def write_vectors_table(table, path):
    """Write the table of `read_distances` as tab-separated text; the rows of the models themselves say "before"."""
    shown = table.assign(seed=table["seed"].astype(str).replace(str(BEFORE), "before"))
    write_table(path, shown)


def read_vectors_table(path):
    """The table of `read_distances`, from its file."""
    table = pd.read_csv(
        path,
        sep="\t",
        keep_default_na=False,
        na_values=dict.fromkeys(["p", "ratio", "relative"], [""]),
        dtype=dict.fromkeys(["model", "trainset", "seed"], str),
    )
    return table.assign(seed=table["seed"].replace("before", str(BEFORE)).astype(int))


def conditions(record, report, block, spec):
    """What differs between a published figure and ours, where it does: rows (what, there, here)."""
    there = record["conditions"]
    seeds = len(block["seeds"])
    synthetic = " (synthetic sentences)" if spec["recipe"] == "grammar" else ""
    here = {
        "vocabulary": report["vocabulary"],
        "layers": report["layers"],
        "width": report["width"],
        "trainset": f"{block['trainset']}{synthetic}, {spec['sizes']['train']:,} rows at most",
        "runs": f"{seeds} seed{'s' if seeds > 1 else ''}",
    }
    show = {True: lambda value: f"{value:,}", False: str}
    rows = [(what, there[what], here[what]) for what in there if there[what] != here[what]]
    rows = [(what, *(show[isinstance(value, int)](value) for value in sides)) for what, *sides in rows]
    return [*rows, ("words", "not told whether a text is counted once", "each text once, without the mark of a space")]


def write_vectors_page(
    path, name, config, table, reports, runs, published, figures, template=REPORTS / "vectors.html.j2"
):
    """Write the page of a comparison: one HTML file that holds all it shows and asks nothing of the network.

    Args: the `config`, or its `design.page_config`; `table` as from `read_distances`; `reports` maps each model to its distances.json before
    fine-tuning; `runs` are the runs' metrics.json; `published` the vectors of resources/published.yaml; `figures` maps
    words and distances to SVG files.
    """
    block = config["vectors"][name]
    spec = config["pairsets"][block["trainset"]]
    found = {model: changes(table, model) for model in block["models"]}
    facts = collect_facts(runs, {})
    render(
        path,
        template,
        name=name,
        block=block,
        leads={model: verdict(mine) for model, mine in found.items()},
        claims={
            model: [
                (
                    value["code"],
                    "unknown" if key[0] == "english" else CODES[value["code"]],
                    f"{label(*key)}: {describe(value)}",
                )
                for key, value in mine.items()
            ]
            for model, mine in found.items()
        },
        controls={model: control_lines(table, model) for model in found},
        control_rows={model: controls(table, model).to_dict("records") for model in found},
        measures={model: [(label(*key), value) for key, value in mine.items()] for model, mine in found.items()},
        layers={model: list(layers_of(table, model)) for model in found},
        reports=reports,
        options=next(iter(reports.values()))["options"],
        published=[
            (record, {model: conditions(record, reports[model], block, spec) for model in found})
            for record in published.get(block.get("published"), [])
        ],
        synthetic=spec["recipe"] == "grammar",
        grammarians=[model for model in block["models"] if learned_grammar(config, model)],
        models={model: describe_model(config["models"][model]) for model in block["models"]},
        figures={figure: inline(file, f"figure-{figure}") for figure, file in figures.items()},
        facts={key: facts[key] for key in ("fine-tuning", "device", "arithmetic", "training time", "versions")},
        before=BEFORE,
    )
