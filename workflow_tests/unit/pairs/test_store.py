"""The one file format of all pair sets: what is written is what is read, and a damaged file gets one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linguist.errors import LinguistError
from linguist.pairs.building import build_pairs
from linguist.pairs.store import COLUMNS, read_pairs, write_pairs

SCRIPTS = Path(__file__).parents[3] / "scripts"
HEADER = "\t".join(COLUMNS) + "\n"
AWKWARD = [
    'He said "no" , twice',
    '"',
    "'",
    "NA",
    "null",
    "nan",
    "",
    "0",
    "-1",
    "1e5",
    "True",
    "彼は東京で生まれた。",
    "\ufeff",
    " x ",
]

texts = st.sampled_from(AWKWARD) | st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]))
rows = st.lists(st.tuples(texts, texts, texts, st.integers(0, 1)), min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows)
def test_what_is_written_is_read(tmp_path, rows):
    path = tmp_path / "rows.tsv"
    write_pairs(path, rows)
    frame = read_pairs(path)
    assert list(frame.columns) == COLUMNS
    assert [tuple(row) for row in frame.itertuples(index=False)] == rows
    assert path.read_bytes().decode() == HEADER + "".join("\t".join(map(str, row)) + "\n" for row in rows) + "\n"


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("break_", ["\t", "\n", "\r"])
def test_a_field_with_a_tab_or_line_break_is_refused_and_nothing_written(tmp_path, at, break_):
    row = ["id", "one", "two", 1]
    row[at] += f"{break_}more"
    with pytest.raises(LinguistError, match="a tab or line break") as caught:
        write_pairs(tmp_path / "rows.tsv", [("a", "b", "c", 0), row])
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("label", [2, -1, "", None, 1.0, "yes"])
def test_a_label_other_than_0_and_1_is_not_written(tmp_path, label):
    with pytest.raises(LinguistError, match="the label is not 0 or 1"):
        write_pairs(tmp_path / "rows.tsv", [("a", "b", "c", label)])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "its end is missing"),
        ("id\ttext\tlabel\n", "without the column sentence1"),
        ("a\tb\tc\t1\n", "without the column id"),
        (HEADER.encode() + b"a\tb\tc\t1", "its end is missing"),
        (f"{HEADER}a\tb\tc\t1\na\tb\tc\t2\n", "line 3: label '2' is not 0 or 1"),
        (f"{HEADER}a\tb\tc\tsame\n", "line 2: label 'same' is not 0 or 1"),
        (f"{HEADER}a\tb\tc\t1\n\na\tb\tc\t1\n", "line 3: label '' is not 0 or 1"),
        (f"{HEADER}a\tb\tc\t1\na\tb", "its end is missing"),
        (f"{HEADER}a\tb\tc\t1\na\tb\n", "line 3: label '' is not 0 or 1"),
        (f"{HEADER}a\tb\tc\t1\na\tb\tc\td\t1\n", "Expected 4 fields in line 3, saw 5"),
        (f"{HEADER}a\tb\tc\t0\t1\n", "rows have more fields than the header"),
        (b"\xff\xfe\x00\x01", "its end is missing"),
        (HEADER.encode() + b"a\tb\xff\tc\t1\n\n", "UnicodeDecodeError"),
    ],
)
def test_a_damaged_file_gets_one_line(tmp_path, content, said):
    path = tmp_path / "rows.tsv"
    path.write_bytes(content if isinstance(content, bytes) else f"{content}\n".encode() if content else b"")
    with pytest.raises(LinguistError, match=said) as caught:
        read_pairs(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_pair_set_is_built_by_its_recipe():
    spec = {
        "kind": "sentence",
        "recipe": "grammar",
        "language": "fr",
        "sizes": {"train": 6, "dev": 4, "test": 2},
        "seed": 1,
        "rules": {"negatives": None},
    }
    splits = build_pairs("fr", spec, {})
    assert {split: len(rows) for split, rows in splits.items()} == spec["sizes"]
    assert all(sum(row[3] for row in rows) == len(rows) / 2 for rows in splits.values())


def test_an_error_of_a_recipe_names_the_pair_set(tmp_path):
    (tmp_path / "rows.tsv").write_text("1\ta\tb\tx\n")
    files = dict.fromkeys(("train", "dev", "test"), [tmp_path / "rows.tsv"])
    spec = {
        "kind": "sentence",
        "recipe": "table",
        "files": dict.fromkeys(files, ["rows"]),
        "rules": {"disjoint": False, "conflicts": "keep", "negatives": None},
    }
    spec["sizes"] = dict.fromkeys(files, 5)
    with pytest.raises(LinguistError, match=r"^pairs/mine: .*rows\.tsv, line 1: label 'x' is not 0 or 1"):
        build_pairs("mine", spec, files)
    (tmp_path / "rows.tsv").write_text("id\tsentence1\tsentence2\tlabel\n")
    with pytest.raises(LinguistError, match=r"^pairs/mine: split 'train' is empty: 0 rows found, 5 wanted"):
        build_pairs("mine", spec, files)


def test_what_reads_pairs_knows_nothing_of_the_recipes():
    """A new line in RECIPES must not rerun what is made of pair sets."""
    code = "import sys, linguist.{}; print(*sys.modules)"
    modules = {
        name: subprocess.run(
            [sys.executable, "-c", code.format(name)], capture_output=True, text=True, check=True, cwd=SCRIPTS
        ).stdout.split()
        for name in ("pairs.store", "pairs.recipes")
    }
    assert "linguist.pairs.recipes" not in modules["pairs.store"]
    assert not {"pandas", "numpy", "pysam", "Bio"} & set(modules["pairs.recipes"])
