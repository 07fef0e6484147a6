"""How a page is made: a template, its filters, and figures as parts of it."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from linguist.files import ROOT, write_text
from linguist.statistics.numbers import format_interval, format_number, percent, signed

REPORTS = ROOT / "reports"
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
    svg = Path(path).read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :].replace("*{stroke-linejoin", f"#{prefix} *{{stroke-linejoin")
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
    world.filters |= {"number": format_number, "plain": plain, "percent": percent, "signed": signed, "legible": legible}
    world.globals |= {"interval": format_interval, "severities": SEVERITIES}
    write_text(path, world.get_template(Path(template).name).render(**values))
