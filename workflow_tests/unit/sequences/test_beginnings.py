"""Beginnings of raw files: small, and valid files of their form."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile

import pandas as pd
import pytest

from helpers.hub import site_of
from linguist.errors import LinguistError
from linguist.files import open_text
from linguist.sequences import beginnings
from linguist.sequences.beginnings import fetch_beginning
from linguist.sequences.fetching import Origin
from linguist.sequences.unpacking import unpack

SIZE = 20_000
PACK = {"plain": bytes, "gzip": gzip.compress, "bzip2": lambda data: bz2.compress(data, 1), "xz": lzma.compress}
DRAW = random.Random(1)
FASTA = "".join(f">r{i}\n{''.join(DRAW.choices('ACGTacgt', k=300))}\n" for i in range(3000))
LINES = "id,text\n" + "".join(f"{i},{DRAW.random()}\n" for i in range(20_000))
GENBANK = "".join(f"LOCUS       R{i}\n{DRAW.random()}\nORIGIN\n//\n" for i in range(20_000))


def cut(path, folder, size=SIZE, **options):
    target = folder / "cut"
    about = fetch_beginning("r", target, Origin(path=str(path)), size=size, **options)
    return target, about


@pytest.mark.parametrize("pack", PACK)
@pytest.mark.parametrize(("text", "end"), [(FASTA, "\n"), (LINES, "\n"), (GENBANK, "//\n")])
def test_text_ends_with_a_whole_record(tmp_path, pack, text, end):
    (tmp_path / "whole").write_bytes(PACK[pack](text.encode()))
    target, about = cut(tmp_path / "whole", tmp_path)
    with open_text(target) as handle:
        found = handle.read()
    assert text.startswith(found) and found.endswith(end)
    rest = text[len(found) :]
    assert rest.startswith((">", "LOCUS")) or text is LINES
    assert SIZE / 3 < len(found) < len(text) / 2
    assert about["whole_bytes"] == (tmp_path / "whole").stat().st_size > about["bytes"]


def test_a_record_longer_than_the_cut_is_cut_at_a_line(tmp_path):
    (tmp_path / "genome").write_text(">chr1\n" + "ACGTACGTAC\n" * 9000)
    target, _ = cut(tmp_path / "genome", tmp_path)
    assert set(target.read_text().splitlines()[1:]) == {"ACGTACGTAC"}


def test_a_small_file_comes_whole(tmp_path):
    (tmp_path / "small").write_text("a\tb\n1\t2")
    target, _ = cut(tmp_path / "small", tmp_path)
    assert target.read_text() == "a\tb\n1\t2"


def test_a_json_array_comes_whole(tmp_path):
    text = "[" + ",".join(f'{{"sequence": "ACGT", "label": {i}}}' for i in range(5000)) + "]"
    (tmp_path / "rows.json").write_text(text)
    assert cut(tmp_path / "rows.json", tmp_path)[0].read_text() == text


def make_archive(folder, form):
    path, names = folder / "archive", ("a/train.csv", "a/b/test.csv")
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, LINES)
    else:
        with tarfile.open(path, f"w:{form}") as archive:
            for name in names:
                about = tarfile.TarInfo(name)
                about.size = len(LINES)
                archive.addfile(about, io.BytesIO(LINES.encode()))
    return path, names


@pytest.mark.parametrize("form", ["", "gz", "xz", "zip"])
def test_an_archive_has_the_beginnings_of_all_members(tmp_path, form):
    path, names = make_archive(tmp_path, form)
    target, _ = cut(path, tmp_path)
    unpack(target, tmp_path / "unpacked")
    for name in names:
        text = (tmp_path / "unpacked" / name).read_text()
        assert LINES.startswith(text) and text.endswith("\n") and 1000 < len(text) <= beginnings.MEMBER


def make_parquet(folder):
    frame = pd.DataFrame({"text": [f"{i} {DRAW.random()}" for i in range(50_000)], "n": range(50_000)})
    frame.to_parquet(folder / "whole.parquet", row_group_size=1000)
    return frame


def test_parquet_has_the_first_rows(tmp_path):
    frame = make_parquet(tmp_path)
    target, _ = cut(tmp_path / "whole.parquet", tmp_path)
    found = pd.read_parquet(target)
    assert 0 < len(found) < 5000
    pd.testing.assert_frame_equal(found, frame.head(len(found)))


def test_a_web_server_gives_the_beginning(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served/genome").write_bytes(gzip.compress(FASTA.encode()))
    with site_of(tmp_path / "served") as site:
        about = fetch_beginning("r", tmp_path / "cut", Origin(url=f"{site.base}/genome"), size=SIZE)
    with open_text(tmp_path / "cut") as handle:
        assert FASTA.startswith(handle.read())
    assert about["whole_bytes"] == (tmp_path / "served/genome").stat().st_size


def test_a_server_without_parts_of_parquet_is_named_in_one_line(tmp_path):
    (tmp_path / "served").mkdir()
    make_parquet(tmp_path / "served")
    with site_of(tmp_path / "served") as site, pytest.raises(LinguistError, match="resources/r.*parts"):
        fetch_beginning("r", tmp_path / "cut", Origin(url=f"{site.base}/whole.parquet"), size=SIZE)


@pytest.mark.parametrize("path", ["missing", "."])
def test_what_cannot_be_read_is_named_in_one_line(tmp_path, path):
    with pytest.raises(LinguistError) as error:
        cut(tmp_path / path, tmp_path)
    assert "resources/r" in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "cut").exists()


def test_homologs_differ_by_the_divergence(tmp_path):
    (tmp_path / "genome").write_text(FASTA)
    (tmp_path / "other").write_bytes(gzip.compress(b">x\nACGT\n"))
    homologs = [(("genome", Origin(path=str(tmp_path / "genome"))), "ACGT")]
    target, _ = cut(tmp_path / "other", tmp_path, homologs=homologs)
    with open_text(target) as handle:
        own, *copies = handle.read().split(">")[1:]
    assert own == "x\nACGT\n" and len(copies) > 30
    for copied, original in zip(copies, FASTA.split(">")[1:], strict=False):
        (name, letters), (first, wanted) = copied.split("\n")[:2], original.split("\n")[:2]
        assert name == f"copy-{first}" and len(letters) == len(wanted)
        differing = sum(a != b for a, b in zip(letters, wanted, strict=True))
        assert 1 <= differing <= 15  # 300 letters, of which 15 are drawn anew
        assert all(a.isupper() == b.isupper() for a, b in zip(letters, wanted, strict=True))
