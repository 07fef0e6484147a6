"""How the runs and models of a page were made."""

from linguist.statistics.numbers import percent


def collect_facts(runs, tokens):
    """How the runs of a study were made: {label: value}.

    Args: `runs` are the metrics.json of the runs; `tokens` maps "test, model" to the tokens.json of that test.
    """

    def seen(key):
        return sorted({str(run[key]) for run in runs})

    def seen_option(key):
        return ", ".join(sorted({str(run["options"][key]) for run in runs}))

    return {
        "fine-tuning": {key: seen_option(key) for key in runs[0]["options"]},
        "tokens that are [UNK]": shares(tokens, "unknown", "tokens"),
        "inputs truncated at max_length": shares(tokens, "truncated", "inputs"),
        "device": seen("device"),
        "precision": seen("precision"),
        "attention": seen("attention"),
        "training time": f"{sum(run['seconds'] for run in runs):.0f} s in {len(runs)} runs",
        "versions": runs[0]["versions"],
    }


def shares(tokens, part, whole):
    """The tests in which a share of `whole` above 0 is `part`, with that share; "none" if there are none."""
    found = {name: report["test"][part] / report["test"][whole] for name, report in tokens.items()}
    return {name: percent(share) for name, share in found.items() if share > 0} or "none"


def synthetic_sources(manifest, synthetic):
    """The sources of a corpus that hold sentences of the synthetic pair sets."""
    sources = manifest["sources"].items()
    return [name for name, about in sources if not set(synthetic).isdisjoint(about.get("pairsets", []))]
