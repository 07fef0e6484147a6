"""Numbers as they stand in sentences and tables: three decimals, intervals in brackets, p-values."""

import pandas as pd


def format_number(value):
    """Three decimals, or a dash where there is no value."""
    return "–" if pd.isna(value) else f"{value:.3f}"


def format_interval(row, name):
    """A metric with its interval, as 0.812 [0.790–0.834]; the ends of accuracy's are in the columns low and high."""
    prefix = "" if name == "accuracy" else f"{name}_"
    return f"{row[name]:.3f} [{row[f'{prefix}low']:.3f}–{row[f'{prefix}high']:.3f}]"


def percent(share, digits=2):
    """A share as 20.30 %."""
    return f"{100 * share:.{digits}f} %"
