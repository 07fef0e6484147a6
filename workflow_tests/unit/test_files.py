"""Files appear whole or not at all, and are read whatever their compression."""

import bz2
import gzip
import hashlib
import json
import os
import random
import re
import stat
import subprocess

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linguist import files
from linguist.errors import LinguistError
from linguist.files import (
    REFUSE_CUT,
    atomic_path,
    file_digest,
    open_text,
    read_json,
    read_lines,
    read_table,
    reading,
    write_json,
    write_lines,
    write_table,
    write_text,
)


def test_a_file_appears_whole_in_folders_that_are_made(tmp_path):
    target = tmp_path / "a" / "b" / "c.txt"
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        assert (
            not target.exists() and temporary.parent.parent == target.parent
        )  # same file system: the rename is atomic
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "x"
    target.write_text("old")
    with pytest.raises(error), atomic_path(target) as temporary:
        temporary.write_text("new")
        raise error
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_a_block_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path):
    target = tmp_path / "x"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), atomic_path(target):
        pass
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "model"
    for name in ("one", "two"):
        with atomic_path(target) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name)
    assert [path.name for path in target.iterdir()] == ["two"] and list(tmp_path.iterdir()) == [target]


def test_what_is_written_can_be_read_by_others(tmp_path):
    before = os.umask(0o022)
    try:
        write_text(tmp_path / "x", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])), name=st.sampled_from(["x", "x.gz"])
)
def test_text_comes_back(tmp_path, text, name):
    write_text(tmp_path / name, text)
    with open_text(tmp_path / name) as handle:
        assert handle.read() == text.removeprefix("\ufeff")


def test_compression_is_found_by_the_bytes_and_is_the_same_each_time(tmp_path):
    write_text(tmp_path / "a.gz", "text")
    write_text(tmp_path / "b.gz", "text")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"text"
    (tmp_path / "a.gz").rename(tmp_path / "plain.txt")
    (tmp_path / "not.gz").write_text("text")
    for name in ("plain.txt", "not.gz"):
        with open_text(tmp_path / name) as handle:
            assert handle.read() == "text"


@pytest.mark.parametrize("content", [b"", b"\x1f", "\ufeffé".encode(), gzip.compress("\ufeffé".encode())])
def test_short_files_and_byte_order_marks(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with open_text(tmp_path / "x") as handle:
        assert handle.read() == ("é" if len(content) > 1 else content.decode())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"one\ntwo\nthr\xffee\n", ", line 3: not UTF-8 text; give a text file, saved as UTF-8"),
        (gzip.compress(b"one\ntw\xff"), ", line 2: not UTF-8 text"),
        (gzip.compress(b"text" * 1000)[:-9], ": the gzip data are cut short or damaged"),
        (b"\x1f\x8bnonsense", ": the gzip data are cut short or damaged"),
        (gzip.compress(b"text") + b"more", ": the gzip data are cut short or damaged"),
        (gzip.compress(gzip.compress(b"text")), ": gzip data inside gzip data"),
        (bz2.compress(b"text"), ": bzip2 data"),
        ("text".encode("utf-16"), ": UTF-16 text; save it as UTF-8"),
        ("text".encode("utf-16-be"), ": UTF-16 text; save it as UTF-8"),
        (gzip.compress("text\r\n".encode("utf-16-le")), ": UTF-16 text; save it as UTF-8"),
        ("text".encode("utf-32"), ": UTF-16 text"),
        (None, ": cannot be read"),
    ],
)
def test_an_unreadable_file_gets_one_line(tmp_path, content, said):
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LinguistError) as caught, reading(path) as handle:
        list(handle)
    assert str(caught.value).startswith(f"{path}{said}") and "\n" not in str(caught.value)


def test_damaged_gzip_is_told_whatever_comes_out_of_it(tmp_path):
    """Each byte of the packed data in turn is another one: the text or the damage, but never another flaw."""
    text = "".join(f"line {number} é\n" for number in range(40))
    packed, path = gzip.compress(text.encode()), tmp_path / "x"
    told = set()
    for at in range(len(packed)):
        path.write_bytes(packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :])
        if at < 2:  # not gzip any more
            continue
        try:
            with reading(path) as handle:
                for line in handle:
                    if not re.fullmatch("line \\d+ é\n", line):
                        raise LinguistError(f"{path}: a flaw of the text; mend it")
            told.add("text")
        except LinguistError as error:
            assert "gzip data" in str(error), at
            told.add("damage")
    assert told == {"text", "damage"}  # the time stamp may be another


def test_gzip_that_unpacks_to_far_more_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_UNPACKED", 2**20)
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(bytes(2**24)))
    read = 0
    with pytest.raises(LinguistError, match="unpack to more than 100 times"), reading(path) as handle:
        while part := handle.read(2**16):
            read += len(part)
    assert read <= 2**21
    genome = bytes(random.Random(1).choices(b"ACGT", k=2**20)) + b"N" * 2**24  # a long gap is no such thing
    path.write_bytes(gzip.compress(genome, 1))
    with reading(path) as handle:
        assert len(handle.read()) == len(genome)


def test_json_keeps_order_and_letters(tmp_path):
    value = {"b": [1, 0.1, None], "a": "東京 é"}
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value and list(read_json(tmp_path / "x.json")) == ["b", "a"]
    assert "東京 é" in (tmp_path / "x.json").read_text("utf-8")
    assert json.loads((tmp_path / "x.json").read_text("utf-8")) == value


fields = st.text(st.characters(exclude_characters='\r\n\t"', exclude_categories=["C", "Z"]), min_size=1, max_size=4)
tables = st.lists(st.tuples(fields, st.integers(0, 99), st.floats(-1, 1)), max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tables, st.sampled_from(["x.tsv", "x.tsv.gz", "x.txt", "x.json"]), st.data())
def test_what_was_cut_anywhere_is_not_read(tmp_path, rows, name, data):
    """Tables, lists and JSON come back as they were written, and no shorter part of their bytes is read as results."""
    path, table = tmp_path / name, pd.DataFrame(rows, columns=["name", "n", "x"])
    if name == "x.txt":
        write_lines(path, [row[0] for row in rows])
        again, wanted = lambda: list(read_lines(path)), [row[0] for row in rows]
    elif name == "x.json":
        write_json(path, {"rows": rows})
        again, wanted = lambda: read_json(path)["rows"], [list(row) for row in rows]
    else:
        write_table(path, table)
        again = lambda: read_table(path, ["name"], dtype={"name": str}, keep_default_na=False)["name"].tolist()  # noqa: E731
        wanted = table["name"].tolist()
    assert again() == wanted
    whole = path.read_bytes()
    rest = 2 if name == "x.json" else 1  # JSON is whole without its last line break
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - rest))])
    with pytest.raises(LinguistError, match=r"damaged \(.+\); delete it and run again") as caught:
        again()
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sound"), [("\n", True), ("a\n\n", True), ("a\n", False), ("a", False), ("", False)]
)
def test_a_shell_rule_refuses_what_python_refuses(content, sound, tmp_path):
    (tmp_path / "x").write_text(content)
    run = subprocess.run(f"{REFUSE_CUT} {tmp_path / 'x'}", shell=True, capture_output=True, text=True)
    assert (run.returncode == 0) == sound
    if sound:
        list(read_lines(tmp_path / "x"))
    else:
        with pytest.raises(LinguistError) as caught:
            list(read_lines(tmp_path / "x"))
        assert run.stderr == f"error: {caught.value}\n"


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_digests(tmp_path, algorithm):
    content = os.urandom(300_000)
    (tmp_path / "x").write_bytes(content)
    assert file_digest(tmp_path / "x", algorithm) == hashlib.new(algorithm, content).hexdigest()
