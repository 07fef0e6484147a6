"""The digest of code changes with code, and with nothing else."""

import os
from importlib.metadata import version

import pytest

from linguist import provenance
from linguist.provenance import code_digest, versions

MODULES = {  # a script, and modules of the library
    "top": "from linguist.middle import f\n\n\ndef g():\n    return f()\n",
    "middle": "from linguist import bottom\n\n\ndef f():\n    return bottom.VALUE\n",
    "bottom": "import os\n\nVALUE = 1\n",
    "aside": "VALUE = 1\n",
}


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library of four modules; gives a function that rewrites one and returns the digest of `top`."""
    monkeypatch.setattr(provenance, "SCRIPTS", tmp_path)
    (tmp_path / "linguist").mkdir()

    def write(module, source):
        folder = tmp_path if module == "top" else tmp_path / "linguist"
        (folder / f"{module}.py").write_text(source)
        provenance.read_code.cache_clear()

    def digest_with(module, source):
        write(module, source)
        return code_digest("top")

    for module, source in MODULES.items():
        write(module, source)
    yield digest_with
    provenance.read_code.cache_clear()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("bottom", "# why\nimport os\n\n\nVALUE  =  1  # one\n"),
        ("bottom", '"""What it is."""\n\nimport os\n\nVALUE = 1\n'),
        ("top", MODULES["top"].replace("    return", '    """Say what."""\n    return')),
        ("aside", "VALUE = 2\n"),
    ],
)
def test_words_and_strangers_change_nothing(library, module, source):
    assert library(module, source) == library(module, MODULES[module])


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("bottom", "import os\n\nVALUE = 2\n"),
        ("middle", MODULES["middle"].replace("bottom.VALUE", "-bottom.VALUE")),
        ("top", MODULES["top"].replace("f()", "f() + 1")),
        ("middle", MODULES["middle"] + "\n\nfrom linguist.aside import VALUE\n"),
    ],
)
def test_code_at_any_distance_changes_it(library, module, source):
    assert library(module, source) != library(module, MODULES[module])


def test_a_touch_changes_nothing(library, tmp_path):
    before = library("bottom", MODULES["bottom"])
    os.utime(tmp_path / "linguist/bottom.py", (1, 1))
    provenance.read_code.cache_clear()
    assert code_digest("top") == before


def test_fine_tuning_reaches_what_it_uses():
    found, waiting = set(), ["finetune"]
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting.extend(provenance.read_code(name)[1] - found)
    assert {f"linguist.{name}" for name in ("training", "dropout", "models", "tokenization")} <= found


def test_versions_are_those_installed(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package"))
    assert versions() == {"numpy": version("numpy")}
