"""The formulas of the methods page (reports/formulas.yaml), each with the library function that computes it."""

import re
from dataclasses import dataclass
from pathlib import Path

from latex2mathml.converter import convert
from markupsafe import Markup

from linguist.files import read_yaml
from linguist.intervals import LEVEL
from linguist.provenance import file_of
from linguist.statistics.scores import RESAMPLES


@dataclass(frozen=True)
class Formula:
    """A formula in LaTeX, what its letters mean, who published it, and the library function that computes it.

    Raises LookupError for a function that does not exist: a formula that nothing computes must not reach the page. The
    function is looked up in its file and not imported, since the job that writes the page may lack a package.
    """

    name: str
    latex: str
    letters: str
    function: str  # "statistics.comparisons.holm"
    source: str = ""

    def __post_init__(self):
        module, _, name = self.function.rpartition(".")
        path = file_of(f"linguist.{module}")
        if path is None or not re.search(rf"^def {name}\(", Path(path).read_text(encoding="utf-8"), re.M):
            raise LookupError(
                f"formula {self.name!r}: no function linguist.{self.function}; name the one that computes it"
            )

    @property
    def mathml(self):
        """The formula as a <math> element, which browsers show by themselves."""
        return Markup(convert(self.latex, display="block").replace(' xmlns="http://www.w3.org/1998/Math/MathML"', ""))


def read_formulas(path):
    """The Formulas of a YAML file, with the level of intervals and the number of resamples filled in."""
    entries = read_yaml(path)
    numbers = {"level": f"{100 * LEVEL:g} %", "resamples": f"{RESAMPLES:,}"}
    return [Formula(**entry | {"letters": entry["letters"].format(**numbers)}) for entry in entries]
