"""How much a run brings from outside, before and after."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from linguist.config.settings import model_settings
from linguist.sequences.fetching import Origin, measure
from linguist.sequences.lockfile import LockFile
from linguist.training.hub import measure_model

ASKED_AT_ONCE = 8


def announce(config, names):
    """A line that says how much is to be fetched. The names are of resources and models, as "models/gpt2"."""
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        sizes = list(pool.map(lambda name: _size_before(config, name), names))
    return f"To fetch: {_amount(names, sizes)}"


def account(places):
    """A line that says how much was fetched; `places` maps the same names to where each lies."""
    return f"Fetched: {_amount(places, [_size(Path(path)) for path in places.values()])}"


def _size_before(config, name):
    section, _, key = name.partition("/")
    if section == "models":
        return measure_model(**model_settings(config, key), mirror=config["mirror"])
    return measure(key, Origin(**LockFile(**config["lock"]).pin(config[section][key])), config["mirror"])


def _size(path):
    """Bytes of a file, or of all files in a folder."""
    return (
        sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else path.stat().st_size
    )


def _amount(names, sizes):
    """Sizes in bytes (None: unknown) in words: number of resources and models, and gigabytes in all."""
    counts = {what: sum(name.startswith(f"{what}s/") for name in names) for what in ("resource", "model")}
    things = " and ".join(f"{n} {what}{'s' * (n > 1)}" for what, n in counts.items() if n)
    total = sum(size or 0 for size in sizes) / 1e9
    text = f"{things}, {total:.2f} GB" if total >= 0.01 else f"{things}, less than 0.01 GB"
    unknown = ", ".join(name for name, size in zip(names, sizes, strict=True) if size is None)
    return f"{text}, and {unknown} of unknown size" if unknown else text
