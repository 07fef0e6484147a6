"""Made-up runs with their abstracts, where the truth is known."""

import platform
import re
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from linguist.files import write_table
from linguist.report.abstract_folder import save_abstract
from linguist.statistics.comparisons import compare_arms
from linguist.statistics.scores import compute_metrics
from linguist.training.controls import CONTROLS

SETS = {
    "en": ("sentence", None, None),
    "fr": ("sentence", None, None),
    "de": ("sentence", None, None),
    "dna50": ("dna", None, None),
    "dna50-hard": ("dna", "matched", "dna50"),
    "protein50": ("protein", None, None),
    "coding": ("coding", None, None),
}
GROUPS = {
    "sentences": ["fr", "de"],
    "DNA": ["dna50"],
    "DNA, matched": ["dna50-hard"],
    "protein": ["protein50"],
    "DNA with protein": ["coding"],
}
LEARNED = {"en": 3, "fr": 3, "de": 3}
CEILING = {"dna50": 3, "dna50-hard": 1}
BASELINE = {"name": "none", "accuracy": 0.5, "low": 0.4, "high": 0.6}


def study_tables(folder, name, arm, skills, seeds, tests, controls):
    """Write the metrics and comparisons of one arm with controls at chance; `skills` by test, 0 for those not named."""
    label, draws, scores = np.tile([0, 1], 100), count(), {}
    for at in [arm, *(CONTROLS[control].arm(*arm) for control in controls)]:
        for test in tests:
            skill = skills.get(test, 0) if at == arm else 0
            by_seed = {
                seed: np.random.default_rng(next(draws)).normal(size=200) + skill * (label - 0.5)
                for seed in range(1, seeds + 1)
            }
            scores.setdefault(at, {})[test] = label, by_seed
    groups = {group: [t for t in members if t in tests and t != arm[1]] for group, members in GROUPS.items()}
    spec = {
        "arm": list(arm),
        "controls": {control: list(CONTROLS[control].arm(*arm)) for control in controls},
        "groups": {group: members for group, members in groups.items() if members},
        "balanced": list(tests),
        "across": [test for test in tests if arm[1] == "en" and SETS[test][0] != "sentence"],
        "primary": "DNA" if arm[1] == "en" else None,
    }
    paths = folder / f"{name}.metrics.tsv", folder / f"{name}.comparisons.tsv"
    for path, table in zip(paths, (compute_metrics(name, scores), compare_arms(scores, [spec])), strict=True):
        write_table(path, table)
    return paths


def made_up_abstract(folder, skills, seeds=10, ceiling=CEILING, tests=tuple(SETS), controls=("untrained", "shuffled")):
    """The folder of the abstract of a run whose model has these `skills` by test; without `ceiling`, of one study only."""
    folder.mkdir(exist_ok=True)
    arms = {"transfer": (("m", "en"), skills, tests)}
    if ceiling is not None:
        arms["ceiling"] = (("m", "dna50"), ceiling, [test for test in tests if SETS[test][0] == "dna"])
    tables = {
        name: study_tables(folder, name, arm, known, seeds, of, controls) for name, (arm, known, of) in arms.items()
    }
    run = {
        "studies": {
            name: {
                "title": name.capitalize(),
                "question": "Does it?",
                "models": ["m"],
                "trainsets": [arm[1]],
                "tests": list(of),
                "seeds": list(range(1, seeds + 1)),
                "controls": list(controls),
            }
            for name, (arm, _, of) in arms.items()
        },
        "models": {"m": "a hub at a revision"},
        "sets": {name: dict(zip(("kind", "variant", "base"), about, strict=True)) for name, about in SETS.items()},
        "baselines": dict.fromkeys(SETS, BASELINE),
        "trained": {
            "runs": seeds * 2,
            "hours": 1.5,
            "minutes": 90,
            "pairs": {"en": 8600, "dna50": 600},
            "device": ["cpu"],
        },
        "machine": {"cpu": "a processor", "cores": 8, "memory": 32},
        "day": "2026-11-28",
    }
    save_abstract(folder / "abstract", tables, run, {"seed": 1})
    return folder / "abstract"


# An absolute path: no part of a name, an address or a tag stands before it.
PLACE = re.compile(r"(?<![\w.:/<~…])/[\w.-]+/[\w./-]+")
NUMBER = r"[+−]?\d+(?:\.\d+)?"
CONSTANTS = {"95", "4", "5", "0.03", "0.001"}  # of intervals, power, the assumed sd over seeds, and the smallest p


def strange_numbers(text, folder):
    """The numbers of an abstract that do not stand in the tables of its folder, as they are written there.

    Accuracies, differences, their intervals and p are looked for in their columns, ends of an interval in one row; others in all
    columns and in run.json. Numbers within names, links and the date are no numbers of the text.
    """
    tables = [pd.read_csv(path, sep="\t") for path in sorted(Path(folder).glob("*.tsv")) if "metrics" not in path.name]
    tables = [table for table in tables if "level" not in table]  # claims and tests
    text = re.sub(r"\]\([^)]*\)|\d{4}-\d\d-\d\d|Model|\S*[A-Za-z_]-?\d[\w.-]*", " ", text)

    def columns(*names):
        return [
            value for t in tables for name in names if name in t for value in pd.to_numeric(t[name], errors="coerce")
        ]

    def said(values, number, scale=1):
        # A table has six digits: a number that it ends in a 5 may have been rounded from either side of that.
        value, half = float(number.lstrip("+−")), 0.500001 * 10.0 ** -len(number.partition(".")[2])
        return any(abs(abs(scale * other) - value) <= half for other in values)

    strange = []
    for pattern, names, scale in (
        (rf"[Aa]ccuracy ({NUMBER}) on", ("accuracy",), 1),
        (rf"; ({NUMBER}) on", ("accuracy",), 1),
        (rf"majority class ({NUMBER})\)", ("majority",), 1),
        (rf"({NUMBER}) points (?:better|worse)", ("difference",), 100),
        (rf"differences? of ({NUMBER})", ("detectable",), 100),
    ):
        strange += [n for n in re.findall(pattern, text) if not said(columns(*names), n, scale)]
    for low, high in re.findall(rf"CI ({NUMBER}) to ({NUMBER})", text):
        rows = [row for t in tables for row in t.filter(["low", "high"]).itertuples(index=False)]
        if not any(said([row.low], low, s) and said([row.high], high, s) for row in rows for s in (1, 100)):
            strange.append(f"{low} to {high}")
    for p in re.findall(r"p = ([\d.e-]+\d)", text):
        if not any(f"{value:.2g}" == p for value in columns("p_claim", "difference_p")):
            strange.append(p)
    run = Path(folder, "run.json").read_text(encoding="utf-8")
    known = {*CONSTANTS, *re.findall(NUMBER, run)}
    every = [v for t in tables for name in t for v in pd.to_numeric(t[name], errors="coerce")]
    rest = [n for n in re.findall(rf"(?<![\w.]){NUMBER}(?!\w)", re.sub(r"p = [\d.e-]+\d", "", text)) if n not in known]
    return strange + [n for n in rest if not said(every, n) and not said(every, n, 100)]


def named_places(folder):
    """What the files of a folder name of this machine: absolute paths, and its name."""
    found = []
    for path in sorted(Path(folder).iterdir()):
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name}: {place}" for place in PLACE.findall(text)]
        if re.search(rf"(?<![\w-]){re.escape(platform.node())}(?![\w-])", text):
            found.append(f"{path.name}: {platform.node()}")
    return found
