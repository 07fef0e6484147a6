"""How a page is made: a template, its filters, figures as parts of it, and facts that several pages state."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from linguist.files import reading_result, write_text
from linguist.statistics.numbers import counted, format_interval, format_number, percent, signed
from linguist.statistics.thresholds import UNREADABLE

SEVERITIES = {  # of a finding, the worst first; and the word for it on a page
    "shortcut": "shortcut",
    "flaw": "problem",
    "note": "note",
    "unknown": "not tested",
    "fine": "ok",
}


def plain(value):
    """A value as text: a mapping as "key value, key value", a list with commas."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items())
    return ", ".join(map(plain, value)) if isinstance(value, list | tuple) else str(value)


def legible(word):
    """A token as it can be shown: blanks and letters without a shape as escapes."""
    return "".join(letter if letter.isprintable() and letter != " " else ascii(letter)[1:-1] for letter in word)


def inline(path, prefix):
    """An SVG file as an element of a page: no prologue, and ids of its own, since several share the page."""
    with reading_result(path):
        svg = Path(path).read_text(encoding="utf-8")
        svg = svg[svg.index("<svg") : svg.rindex("</svg>") + len("</svg>")]
    svg = svg.replace("*{stroke-linejoin", f"#{prefix} *{{stroke-linejoin")
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r' (xmlns(:xlink)?|version)="[^"]*"', "", svg).replace("xlink:href", "href")
    return Markup(svg.replace("<svg", f'<svg id="{prefix}" role="img" aria-labelledby="{prefix}-caption"', 1))


def render(path, template, **values):
    """Write a page from a template, with the templates that it extends or includes in the same folder."""
    world = Environment(
        loader=FileSystemLoader(Path(template).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    world.filters |= {
        "number": format_number,
        "plain": plain,
        "percent": percent,
        "signed": signed,
        "legible": legible,
        "counted": counted,
    }
    world.globals |= {"interval": format_interval, "severities": SEVERITIES}
    write_text(path, world.get_template(Path(template).name).render(**values))


def collect_facts(runs, tokens):
    """How the runs of a study were made: {label: value}.

    Args: `runs` are the metrics.json of the runs; `tokens` maps "test, model" to the tokens.json of that test.
    """

    def seen(key, parts=runs):
        return ", ".join(sorted({str(part[key]) for part in parts}))

    return {
        "fine-tuning": {key: seen(key, [run["options"] for run in runs]) for key in runs[0]["options"]},
        "tokens that are [UNK]": shares(tokens, "unknown", "tokens"),
        "inputs truncated at max_length": shares(tokens, "truncated", "inputs"),
        "device": seen("device"),
        "precision": seen("precision"),
        "attention": seen("attention"),
        "training time": f"{sum(run['seconds'] for run in runs):.0f} s in {len(runs)} runs",
        "versions": runs[0]["versions"],
    }


def unreadable_tests(tokens):
    """{"test, model": share} of the tests of which the tokenizer turns more than UNREADABLE of the tokens into [UNK].

    `tokens` is as for `collect_facts`.
    """
    found = {name: report["test"]["unknown"] / max(1, report["test"]["tokens"]) for name, report in tokens.items()}
    return {name: percent(share) for name, share in found.items() if share > UNREADABLE}


def name_constant(rows):
    """{name: {test: "3 of 4"}}: the runs of a method that give nearly all rows of a test one answer, of all of its runs.

    `rows` yields (name, test, number of such runs, number of runs).
    """
    found = {}
    for name, test, constant, runs in rows:
        if constant:
            found.setdefault(name, {})[test] = f"{constant} of {runs}"
    return found


def shares(tokens, part, whole):
    """The tests in which a share of `whole` above 0 is `part`, with that share; "none" if there are none."""
    found = {name: report["test"][part] / max(1, report["test"][whole]) for name, report in tokens.items()}
    return {name: percent(share) for name, share in found.items() if share > 0} or "none"


def synthetic_sources(manifest, synthetic):
    """The sources of a corpus that hold sentences of the synthetic pair sets."""
    sources = manifest["sources"].items()
    return [name for name, about in sources if not set(synthetic).isdisjoint(about.get("pairsets", []))]
