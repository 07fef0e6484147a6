r"""Formulas as MathML, which browsers set by themselves, from a small part of TeX's notation.

Known are letters, numbers, operators, `_`, `^`, `{}`, `\frac`, `\sqrt`, `\bar`, `\hat`, `\text`, names of SYMBOLS and of
FUNCTIONS; an index of a sum or product stands below it. Several capitals in a row are one name; brackets are as tall as
what they hold only after `\left` and `\right`, which come in pairs.
"""

import re

from markupsafe import Markup, escape

SYMBOLS = {
    "alpha": "α",
    "chi": "χ",
    "ell": "ℓ",
    "ge": "≥",
    "gets": "←",
    "in": "∈",
    "le": "≤",
    "lfloor": "⌊",
    "ne": "≠",
    "nu": "ν",
    "pm": "±",
    "prod": "∏",
    "sim": "∼",
    "sum": "∑",
    "times": "×",
    "dots": "…",
    "cdot": "⋅",
    "quad": "\u2003",
}
LETTERS = {"alpha", "chi", "ell", "nu"}
BELOW = {"sum", "prod", "max", "min"}
FUNCTIONS = {"max", "min"}
UNSPACED = ("(", ")", "[", "]", "}", ",", "\\left", "\\right")  # what a function stands close to, as in TeX
THIN = '<mspace width="0.167em"></mspace>'
ACCENTS = {"bar": "¯", "hat": "^"}
TOKEN = re.compile(r"\s*(\\text\{[^}]*\}|\\(?:left|right)[()\[\]]|\\[A-Za-z]+|[A-Z]{2,}|\d+(?:\.\d+)?|\S)")


def mathml(text):
    """A formula as a <math> element. Raises ValueError for what is not known."""
    tokens = TOKEN.findall(text)
    inner = _row(tokens)
    if tokens:
        raise ValueError(f"formula {text!r}: a closing brace or bracket too many")
    return Markup(f'<math display="block">{inner}</math>')


def _row(tokens):
    """Elements up to the end, or to the brace or bracket that closes the group."""
    found = []
    while tokens and not tokens[0].startswith(("}", "\\right")):
        function = tokens[0].removeprefix("\\") in FUNCTIONS
        found.append(_scripted(tokens))
        if function and tokens and not tokens[0].startswith(UNSPACED):
            found.append(THIN)
    return f"<mrow>{''.join(found)}</mrow>"


def _scripted(tokens):
    """One element with what stands below and above it."""
    below = tokens[0].removeprefix("\\") in BELOW
    base, scripts = _atom(tokens), {}
    while tokens and tokens[0] in "_^":
        mark = tokens.pop(0)
        scripts[mark] = _atom(tokens)
    if not scripts:
        return base
    sub, sup = ("under", "over") if below else ("sub", "sup")
    name = f"m{sub * ('_' in scripts)}{sup * ('^' in scripts)}"
    return f"<{name}>{base}{scripts.get('_', '')}{scripts.get('^', '')}</{name}>"


def _atom(tokens):
    """A group, a command with its arguments, or a single token."""
    if not tokens:
        raise ValueError("formula: something is missing at its end")
    token = tokens.pop(0)
    if token == "{":
        inner = _row(tokens)
        if not tokens or tokens.pop(0) != "}":
            raise ValueError("formula: a closing brace is missing")
        return inner
    if token.startswith("\\text"):
        return f"<mtext>{escape(token[6:-1])}</mtext>"
    if token.startswith("\\left"):
        inner = _row(tokens)
        if not tokens or not tokens[0].startswith("\\right"):
            raise ValueError(f"formula: {token} is not closed")
        return f"<mrow><mo>{token[-1]}</mo>{inner}<mo>{tokens.pop(0)[-1]}</mo></mrow>"
    if token in "()[]":
        return f'<mo stretchy="false">{token}</mo>'
    name = token.removeprefix("\\")
    if token != name:
        if name == "frac":
            return f"<mfrac>{_atom(tokens)}{_atom(tokens)}</mfrac>"
        if name == "sqrt":
            return f"<msqrt>{_atom(tokens)}</msqrt>"
        if name in ACCENTS:
            return f'<mover accent="true">{_atom(tokens)}<mo stretchy="false">{ACCENTS[name]}</mo></mover>'
        if name not in SYMBOLS.keys() | FUNCTIONS:
            raise ValueError(f"formula: {token} is not known")
        tag = "mi" if name in LETTERS | FUNCTIONS else "mo"
        return f"<{tag}>{SYMBOLS.get(name, name)}</{tag}>"
    if token[0].isdigit():
        return f"<mn>{token}</mn>"
    return f"<mi>{token}</mi>" if token.isalpha() else f"<mo>{escape('−' if token == '-' else token)}</mo>"
