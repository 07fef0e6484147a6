"""What is wrong with a study file as a file gets one line with its place; what Snakemake would pass over is refused."""

import json

import pytest
import yaml

from helpers.data import ROOT
from linguist.config.strict import check_file
from linguist.errors import LinguistError

STUDIES = "threads: 2\nstudies:\n  one: {title: t}\n  two:\n    title: t\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (STUDIES + "studies: {}\n", ", line 6: key 'studies' is in line 2, too"),
        (STUDIES + "    title: u\n", ", line 6: key 'title' is in line 5, too"),
        ("a: {b: 1,\n c: 2,\n b: 3}", ", line 3: key 'b' is in line 1, too"),
        ("a: [{b: 1},\n {c: 1,\n  c: 1}]", ", line 3: key 'c' is in line 2, too"),
        ('"a": 1\nb: 2\na: 3', ", line 3: key 'a' is in line 1, too"),
        ("one: &x {b: 1}\n<<: *x\n<<: *x", ", line 3: key '<<' is in line 2, too"),
        ('{\n\t"a": 1,\n\t"b": 2,\n\t"a": 3\n}', ", line 4: key 'a' is in line 2, too"),
        ("a: 1\nb: [1,\nc: 2\n", ", line 4: not YAML (while parsing a flow sequence of line 2, "),
        ("a: 1\n\tb: 2\n", ", line 2: not YAML ("),
        ("a: 1\nb: 'x\n", ", line 3: not YAML ("),
        ("a: 1\n? [1, 2]\n: 3", ", line 2: a key is a list or a mapping"),
        ("a: \x07", ": not YAML (character 4"),
        ("a:\n " + "[" * 100_000, ", line 2: nested too deeply"),
        ("a:\n " + "[" * 100 + "]" * 100, ", line 2: nested too deeply"),
        ("a: caf\xe9".encode("latin-1"), ", line 1: not UTF-8 text"),
        ("__use_yte__: true\na: ?1 + 1", ", line 1: with __use_yte__, "),
        ("a: 1\n<<: {__use_yte__: true}", ", line 2: with __use_yte__, "),
        ("a: &k __use_yte__\n*k : true", ", line 1: with __use_yte__, "),
        ("a: &a {b: [*a]}", ", line 1: *a is a part of itself"),
        (
            "a0: &a0 [" + "x," * 30 + "]\n" + "".join(f"a{i}: &a{i} [{f'*a{i - 1},' * 30}]\n" for i in range(1, 9)),
            ", line 5: ",
        ),
        ("", ": holds no keys"),
        ("- a", ": holds no keys"),
        ("text", ": holds no keys"),
        (None, ": cannot be read"),
    ],
    ids=range(24),
)
def test_a_flaw_of_the_file_gets_one_line_with_its_place(tmp_path, content, said):
    path = tmp_path / "study.yaml"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LinguistError) as caught:
        check_file(path)
    assert str(caught.value).startswith(f"{path}{said}") and "; " in str(caught.value)


def test_what_is_well_formed_passes(tmp_path):
    paths = sorted(ROOT.glob("config/*.yaml"))
    assert paths
    for path in paths:
        check_file(path)
        study = yaml.safe_load(path.read_text())
        for indent in (None, 2, "\t"):
            (tmp_path / "study.json").write_text(json.dumps(study, indent=indent))
            check_file(tmp_path / "study.json")
    (tmp_path / "x").write_text("a: &x {b: [1, 1]}\nc: *x\nd: {<<: *x, b: 2}\n")
    check_file(tmp_path / "x")
