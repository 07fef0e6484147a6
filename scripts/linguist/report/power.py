"""The page "How sure is this?": errors and power of the studies of a run, by simulation of their designs."""

import numpy as np

from linguist.statistics.comparisons import seeds_needed
from linguist.statistics.power import COLLAPSE, SEED_SD
from linguist.statistics.simulation import (
    DIFFICULTY,
    LEADS,
    NULLS,
    REPLICATES,
    SEED_SDS,
    Truth,
    coverage,
    error_rate,
    group_test,
    lead_truth,
    least_lead,
    support_rate,
)
from linguist.statistics.thresholds import ALPHA


def groups_of(comparisons, seeds, sets):
    """The kinds of hypotheses of a study, each a dict: name (of the group of tests), tests, needed (seeds), count (how many
    hypotheses), primary (whether it is the primary hypothesis), test (a simulation.Hypothesis).

    Args: `comparisons` as from `design.comparisons_of`; `sets` maps each test to (number of pairs, majority-class accuracy).
    """
    found = {}
    for spec in comparisons:
        for name, tests in spec["groups"].items():
            primary = name == spec.get("primary")
            balanced = all(test in spec.get("balanced", []) for test in tests)
            test = group_test(
                *zip(*(sets[test] for test in tests), strict=True), balanced, seeds, len(spec["controls"])
            )
            group = {"name": name, "tests": tests, "needed": seeds_needed(spec, tests), "count": 0}
            group |= {"primary": primary, "test": test}
            found.setdefault((primary, name, *tests), group)["count"] += 1
    return sorted(found.values(), key=lambda group: not group["primary"])


def study_power(comparisons, seeds, sets):
    """What the page says of a study, as a dict; None if it has no hypothesis. Args as for `groups_of`.

    errors and found are those of the hypotheses that can be supported with so many seeds; if none can, of all.
    """
    groups = groups_of(comparisons, seeds, sets)
    if not groups:
        return None
    able = [group for group in groups if group["needed"] <= seeds]
    judged, tests = able or groups, {}
    for group in judged:
        tests[group["test"]] = tests.get(group["test"], 0) + group["count"] * (not group["primary"])
    hypotheses, primary = sum(group["count"] for group in groups), sum(group["primary"] for group in groups)
    shared = max(1, hypotheses - primary)
    return {
        "groups": groups,
        "seeds": seeds,
        "hypotheses": hypotheses,
        "primary": bool(primary),
        "shared": shared,
        "controls": len(comparisons[0]["controls"]),
        "able": bool(able),
        "errors": [_errors(tests, shared, sd) for sd in SEED_SDS],
        "power": [_power(group, 1 if group["primary"] else shared) for group in _shown(judged, shared)],
    }


def _shown(groups, shared):
    """The primary hypothesis, if there is one, and of the other groups the one that needs the largest difference."""

    def least(group):
        return np.nan_to_num(least_lead(group["test"], SEED_SD, shared), nan=np.inf)

    others = [group for group in groups if not group["primary"]]
    return [group for group in groups if group["primary"]] + sorted(others, key=least, reverse=True)[:1]


def _errors(tests, shared, sd):
    """A row of the table of errors: without and with seeds that collapse."""
    row = {"sd": sd}
    for collapse in (0.0, COLLAPSE):
        rates = {null: error_rate(tests, shared, null, sd, collapse) for null in NULLS}
        held = [coverage(test, Truth(0.65, (0.6,) * test.controls, sd, collapse)) for test in tests]
        row[collapse > 0] = rates | dict(zip(("difference", "accuracy"), np.min(held, axis=0).tolist(), strict=True))
    return row


def _power(group, shared):
    """A table of power: for each sd how often each of LEADS is found, and the smallest lead that is found often enough."""
    test = group["test"]
    rows = []
    for sd in SEED_SDS:
        rates = [support_rate(test, lead_truth(test, lead, sd), ALPHA / shared) for lead in LEADS]
        rows.append({"sd": sd, "rates": rates, "least": least_lead(test, sd, shared)})
    return {"group": group, "rows": rows}


def power_page(studies):
    """What the page shows, as values for its template. `studies` maps the titles of studies to what `study_power` gives."""
    shown = {title: study for title, study in studies.items() if study}
    able = [study for study in shown.values() if study["able"]]
    worst = [max(row[c][null] for row in study["errors"] for c in (False, True) for null in NULLS) for study in able]
    return {
        "studies": shown,
        "able": len(able),
        "worst": max(worst, default=None),
        "alpha": ALPHA,
        "leads": LEADS,
        "collapse": COLLAPSE,
        "replicates": REPLICATES,
        "difficulty": DIFFICULTY,
        "nulls": NULLS,
    }
