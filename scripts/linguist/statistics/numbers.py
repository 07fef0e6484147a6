"""Numbers as they stand in sentences and tables: three decimals, percentages, points, p-values."""

import pandas as pd


def _with_minus(text):
    """A formatted number with a true minus sign; without a sign if it is zero after rounding."""
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def format_number(value):
    """Three decimals, or a dash where there is no value."""
    return "–" if pd.isna(value) else _with_minus(f"{value:.3f}")


def format_interval(row, name):
    """A metric with its interval, as 0.812 [0.790–0.834]; the ends of accuracy's are in the columns low and high."""
    prefix = "" if name == "accuracy" else f"{name}_"
    return f"{row[name]:.3f} [{row[f'{prefix}low']:.3f}–{row[f'{prefix}high']:.3f}]"


def percent(share, digits=2):
    """A share as 20.30 %."""
    return f"{100 * share:.{digits}f} %"


def signed(value):
    """A difference with three decimals and its sign, as −0.012; without a sign if it rounds to zero."""
    return _with_minus(f"{value:+.3f}")


def format_points(difference, sign=False):
    """A difference of shares in percentage points, as −3.2, or with `sign` as +3.2."""
    return _with_minus(f"{100 * difference:{'+' if sign else ''}.1f}")


def format_p(p):
    """A p-value as p = 0.031 or p < 0.001."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def format_difference(row, other, p):
    """A difference in accuracy in words, from a row with difference, low and high: "3.2 points better than `other`
    (95 % CI 1.0 to 5.4, p = 0.01)"."""
    if row["difference"] == row["low"] == row["high"] == 0:
        return f"no difference from {other}"
    points = format_points(row["difference"])
    said = (
        "as accurate as"
        if points == "0.0"
        else f"{points.lstrip('−')} points {'worse' if '−' in points else 'better'} than"
    )
    return f"{said} {other} (95 % CI {format_points(row['low'])} to {format_points(row['high'])}, {format_p(p)})"


def counted(n, noun):
    """A number with its noun, as 1 seed or 3 seeds."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def whole_percent(share):
    """A share in whole percent, without the sign."""
    return f"{100 * share:.0f}"


def format_range(least, most, form=format_number):
    """The range of a value over seeds, as 0.412–0.604; one number where both ends look the same."""
    return "–".join(dict.fromkeys((form(least), form(most))))
