"""The digest of code changes with the code that a script reaches, and with nothing else."""

import os
from importlib.metadata import version

import pytest

from linguist import provenance
from linguist.files import write_lines
from linguist.provenance import code_digest, read_tool_versions, versions

FILES = {  # a script and a library in which each module reaches the next one in another way
    "top.py": "from linguist.pairs.middle import f\n\n\ndef g():\n    return f()\n",
    "linguist/__init__.py": '"""A library."""\n',
    "linguist/pairs/__init__.py": "SIZE = 1\n",
    "linguist/pairs/middle.py": "from linguist import bottom\n\n\ndef f():\n    return bottom.VALUE\n",
    "linguist/bottom.py": "import os\n\nVALUE = 1\n",
    "linguist/aside.py": "def f():\n    return 1\n",
    "linguist/deep/__init__.py": "from .inner import f as again\n",
    "linguist/deep/inner.py": "def f():\n    return 1\n",
    "linguist/deep/other.py": "def f():\n    return 1\n",
}
IMPORTS = {  # how a module may import: what stands in linguist/pairs/middle.py, and the file that it then depends on
    "a function": ("from linguist.aside import f", "linguist/aside.py"),
    "a function by another name": ("from linguist.aside import f as g", "linguist/aside.py"),
    "a module": ("from linguist import aside", "linguist/aside.py"),
    "a module of a package": ("from linguist.deep import other", "linguist/deep/other.py"),
    "plain": ("import linguist.deep.other", "linguist/deep/other.py"),
    "plain, by another name": ("import linguist.deep.other as o", "linguist/deep/other.py"),
    "among others": ("import os, linguist.aside", "linguist/aside.py"),
    "everything": ("from linguist.aside import *", "linguist/aside.py"),
    "relative, of a package above": ("from ..aside import f", "linguist/aside.py"),
    "relative, a module above": ("from .. import aside", "linguist/aside.py"),
    "relative, beside it": ("from .sibling import f", "linguist/pairs/sibling.py"),
    "the package of what is imported": ("from linguist.deep.other import f", "linguist/deep/__init__.py"),
    "a function that its package imports": ("from linguist.deep import again", "linguist/deep/inner.py"),
    "within a function": ("def h():\n    from linguist.aside import f\n    return f()", "linguist/aside.py"),
    "within a block": ("try:\n    import linguist.aside\nexcept ImportError:\n    pass", "linguist/aside.py"),
}


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A made-up library; gives a function that writes one of its files and returns the digest of `top`."""
    monkeypatch.setattr(provenance, "SCRIPTS", tmp_path)

    def write(name, source):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
        provenance.read_code.cache_clear()

    def digest_with(name, source):
        write(name, source)
        return code_digest("top")

    for name, source in FILES.items():
        write(name, source)
    write("linguist/pairs/sibling.py", FILES["linguist/aside.py"])
    yield digest_with
    provenance.read_code.cache_clear()


@pytest.mark.parametrize("way", IMPORTS)
def test_every_way_to_import_is_followed(library, way):
    statement, file = IMPORTS[way]
    source = FILES.get(file, FILES["linguist/aside.py"])
    edited = source + "\nMORE = 2\n"
    assert library(file, source) == library(file, edited)  # before it is imported
    before = library("linguist/pairs/middle.py", f"{statement}\n{FILES['linguist/pairs/middle.py']}")
    assert library(file, source) != before == library(file, edited)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("linguist/bottom.py", "# why\nimport os\n\n\nVALUE  =  1  # one\n"),
        ("linguist/bottom.py", '"""What it is."""\n\nimport os\n\nVALUE = 1\n'),
        ("top.py", FILES["top.py"].replace("    return", '    """Say what."""\n    return')),
        ("linguist/aside.py", "VALUE = 2\n"),
        ("linguist/new.py", "VALUE = 2\n"),
    ],
)
def test_comments_docstrings_layout_and_unused_modules_change_nothing(library, name, source):
    before = code_digest("top")
    assert library(name, source) == before


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("linguist/bottom.py", "import os\n\nVALUE = 2\n"),
        ("linguist/pairs/middle.py", FILES["linguist/pairs/middle.py"].replace("bottom.VALUE", "-bottom.VALUE")),
        ("linguist/pairs/__init__.py", "SIZE = 2\n"),
        ("linguist/__init__.py", "SIZE = 2\n"),
        ("top.py", FILES["top.py"].replace("f()", "f() + 1")),
    ],
)
def test_code_at_any_distance_changes_it(library, name, source):
    before = code_digest("top")
    assert library(name, source) != before


def test_a_module_that_is_loaded_by_name_counts_too(library, tmp_path):
    before = code_digest("top", "linguist.aside")
    assert before != code_digest("top")
    library("linguist/aside.py", "VALUE = 3\n")
    assert code_digest("top", "linguist.aside") != before


def test_imports_in_a_circle_end(library):
    library("linguist/bottom.py", "from linguist.pairs import middle\n")
    assert code_digest("top") == code_digest("top")


def test_a_touch_changes_nothing(library, tmp_path):
    before = code_digest("top")
    os.utime(tmp_path / "linguist/bottom.py", (1, 1))
    provenance.read_code.cache_clear()
    assert code_digest("top") == before


def test_every_script_of_ours_can_be_read():
    for path in provenance.SCRIPTS.glob("*.py"):
        assert code_digest(path.stem)


def test_versions_are_those_installed():
    assert versions(["numpy", "no-such-package"]) == {"numpy": version("numpy")}


def test_versions_of_tools_are_those_that_they_print(tmp_path):
    printed = ["blastn: 2.12.0+\n Package: blast 2.12.0, build Feb 17 2022\n", "blastn: 2.16.0+\n"]
    printed += ["windowmasker: 1.0.0\n Package: blast 2.16.0, build Jun 25 2024\n", printed[0]]
    paths = [tmp_path / str(i) for i in range(len(printed))]
    for path, text in zip(paths, printed, strict=True):
        write_lines(path, text.splitlines())
    assert read_tool_versions(paths) == {"blastn": ["2.12.0", "2.16.0"], "windowmasker": ["2.16.0"]}
    assert read_tool_versions([]) == {}
