"""Formulas as MathML: what is known is well-formed, what is not is refused."""

import re
from xml.etree import ElementTree

import pytest

from linguist.report import methods
from linguist.report.mathml import THIN, mathml


def shape(formula):
    """A formula's elements without its frame."""
    return re.sub(r'^<math display="block"><mrow>|</mrow></math>$', "", mathml(formula))


@pytest.mark.parametrize(
    ("formula", "elements"),
    [
        ("a", "<mi>a</mi>"),
        ("12.5-x", "<mn>12.5</mn><mo>−</mo><mi>x</mi>"),
        ("a<b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"\text{a & b}", "<mtext>a &amp; b</mtext>"),
        ("s_i^2", "<msubsup><mi>s</mi><mi>i</mi><mn>2</mn></msubsup>"),
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        (r"\sum_k^n", "<munderover><mo>∑</mo><mi>k</mi><mi>n</mi></munderover>"),
        (r"\max_k", "<munder><mi>max</mi><mi>k</mi></munder>"),
        (r"\frac{1}{n}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>n</mi></mrow></mfrac>"),
        ("TP", "<mi>TP</mi>"),
        ("(n)", '<mo stretchy="false">(</mo><mi>n</mi><mo stretchy="false">)</mo>'),
        (r"\left(n\right)", "<mrow><mo>(</mo><mrow><mi>n</mi></mrow><mo>)</mo></mrow>"),
        (r"\left(n\right)^2", "<msup><mrow><mo>(</mo><mrow><mi>n</mi></mrow><mo>)</mo></mrow><mn>2</mn></msup>"),
        (r"\max n", f"<mi>max</mi>{THIN}<mi>n</mi>"),
        (r"\max_k\min[n]", f"<munder><mi>max</mi><mi>k</mi></munder>{THIN}<mi>min</mi>{shape('[n]')}"),
        (r"\sqrt n", "<msqrt><mi>n</mi></msqrt>"),
        (r"\bar{a}", '<mover accent="true"><mrow><mi>a</mi></mrow><mo stretchy="false">¯</mo></mover>'),
    ],
)
def test_a_formula_becomes_elements(formula, elements):
    assert shape(formula) == elements


@pytest.mark.parametrize(
    "formula", [r"\beta", "{a", "a}", r"\frac{1}", "a_", r"\left(a", r"a\right)", r"{\left(a}\right)"]
)
def test_what_is_not_known_is_refused(formula):
    with pytest.raises(ValueError, match="formula"):
        mathml(formula)


@pytest.mark.parametrize("formula", [*methods.FORMULAS, methods.SIMILARITY], ids=lambda formula: formula.name)
def test_every_formula_is_well_formed(formula):
    ElementTree.fromstring(formula.set)
