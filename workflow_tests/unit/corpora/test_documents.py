"""Documents of every form come out whole and in order; collecting ends in time, takes each once, and says what lacks."""

import gzip
import json
import re

import numpy as np
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from linguist.corpora import documents
from linguist.corpora.documents import Seen, collect_documents, read_documents
from linguist.corpora.store import unescape
from linguist.errors import LinguistError
from linguist.files import read_lines
from linguist.pairs.store import read_sentences, write_pairs

DOCUMENTS = ["First one,\n\twith = signs = in it", 'Él dijo: "no"', "彼は東京で生まれた。\nC:\\new", "{last} 😀"]


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def as_parquet(path, texts, **options):
    table = {"id": range(len(texts)), "url": ["u"] * len(texts), "title": ["t"] * len(texts), "text": texts}
    parquet.write_table(
        pyarrow.table({key: pyarrow.array(list(value)) for key, value in table.items()}), path, **options
    )
    return path


def as_json_lines(path, texts):
    lines = [json.dumps({"meta": {"text": 1}, "text": text}, ensure_ascii=i % 2) for i, text in enumerate(texts)]
    return write(path, "\n".join(lines) + "\n\n")


def as_blocks(path, texts):
    return write(path, "\n \n\n".join(texts) + "\n\n\n")


def fasta(path, records):
    return write(path, "".join(f">{name} words\n{text[:7]}\n{text[7:]}\n" for name, text in records.items()))


def collected(path):
    return [unescape(line) for line in read_lines(path)]


def documents_of(path, kind="text"):
    return [document for _, document in read_documents(path, kind)]


def one_line(error, path):
    """A place, a cause and a cure."""
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value) and "; " in str(error.value)


# ── forms of text ──


@pytest.mark.parametrize("form", [as_parquet, as_json_lines, as_blocks])
def test_every_form_gives_the_same_documents(tmp_path, form):
    path = form(tmp_path / "named.anyhow", DOCUMENTS)
    assert documents_of(path) == DOCUMENTS
    if form is not as_parquet:
        assert documents_of(write(tmp_path / "packed", gzip.compress(path.read_bytes()))) == DOCUMENTS


@pytest.mark.parametrize("form", [as_parquet, as_json_lines])
def test_what_is_blank_or_has_no_text_is_dropped_and_the_rest_is_stripped(tmp_path, form):
    path = form(tmp_path / "t", ["", None, " \n\t", " a \n\n b\n", "\0\x1b"])
    assert documents_of(path) == ["a \n\n b"]


@pytest.mark.parametrize("form", [as_parquet, as_json_lines])
def test_control_characters_become_blanks(tmp_path, form):
    path = form(tmp_path / "t", ["a\0b\x0cc\x7fd\x92e\tf\r\ng\u2028h\xa0i\u200bj"])
    assert documents_of(path) == ["a b c d e\tf\r\ng\u2028h\xa0i\u200bj"]


def test_a_surrogate_spelt_in_json_becomes_a_blank(tmp_path):
    path = write(tmp_path / "t", '{"text": "a\\ud800b \\ud83d\\ude00"}')
    assert documents_of(path) == ["a b 😀"]


def test_lines_are_documents_where_no_line_is_blank(tmp_path):
    for text in ("one\ntwo\nthree", "\n\none\ntwo \n three\n\n\n", "\ufeffone\r\ntwo\r\nthree\r\n"):
        assert documents_of(write(tmp_path / "t", text)) == ["one", "two", "three"]


def test_one_blank_line_makes_blocks_of_it(tmp_path):
    for blank in ("\n\n", "\n\n\n\n", "\n \t\n", "\r\n\r\n"):
        path = write(tmp_path / "t", f"one\ntwo{blank}three")
        assert documents_of(path) == ["one\ntwo", "three"]


def test_only_the_beginning_decides_the_form(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "BEGINNING", 7)
    assert documents_of(write(tmp_path / "t", "one\ntwo\n\nthree\n")) == ["one", "two", "three"]
    assert documents_of(write(tmp_path / "t", "one\n\ntwo\nthree\n")) == ["one", "two\nthree"]


WIKITEXT = """ \n = First one = \n \n Some text .\n = 1 / k = \n More .\n \n = 2 / k = \n So .\n = 3 / k = \n \n = = Section = = \n \n It .\n
 = = = Below = = = \n \n End .\n \n = Second ( one ) = \n \n Text .\n"""


def test_wikitext_gives_articles(tmp_path):
    first, second = documents_of(write(tmp_path / "t", WIKITEXT))
    assert (
        first.startswith("= First one =")
        and first.endswith("End .")
        and all(f"\n = {i} / k = " in first for i in (1, 2, 3))
    )
    assert second == "= Second ( one ) = \n \n Text ."
    tight = "= A =\n\ntext\n\n= B =\n\ntext"
    assert documents_of(write(tmp_path / "t", tight)) == ["= A =\n\ntext", "= B =\n\ntext"]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t\\"), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(texts, min_size=1))
@pytest.mark.parametrize("form", [as_parquet, as_json_lines])
def test_whatever_is_in_a_file_comes_out(tmp_path, form, written):
    wanted = [text.strip() for text in written if text.strip()]
    assert documents_of(form(tmp_path / "t", written)) == wanted


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "b c", " = D = ", "= = e = =", "彼"]), min_size=1), min_size=2))
def test_blocks_of_plain_text_are_documents_whatever_is_in_them(tmp_path, blocks):
    blocks = [["x"], *blocks]
    path = write(tmp_path / "t", "\n\n".join("\n".join(block) for block in blocks))
    assert documents_of(path) == ["\n".join(block).strip() for block in blocks]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a\nb\xff\n", "line 2: .*UTF-8"),
        ("text".encode("utf-16-le"), "UTF-16 text; save it as UTF-8"),
        (gzip.compress(b"a b c\n" * 999)[:-12], "gzip"),
        ('{"text": "a"}\n{"text": \n', r"line 2: .*JSON \(.+\)"),
        ('{"title": "a", "body": "b"}\n', r"line 1: .*'text' \(found: title, body\)"),
        ('{"text": "a"}\n[1]\n', r"line 2: \[1\].* text"),
        ('{"text": 5}\n', "line 1: text is 5"),
        (b"PAR1 and nothing else PAR1", r"Parquet \(.+\)"),
    ],
)
def test_a_flaw_gets_one_line_with_its_place(tmp_path, content, said):
    path = write(tmp_path / "t", content)
    with pytest.raises(LinguistError, match=said) as caught:
        documents_of(path)
    one_line(caught, path)


def test_flaws_of_parquet_get_one_line(tmp_path):
    path = tmp_path / "t"
    for table, said in [
        ({"id": [1], "body": ["a"]}, r"'text' \(found: id, body\)"),
        ({"text": [1]}, "row 1: text is 1"),
    ]:
        parquet.write_table(pyarrow.table(table), path)
        with pytest.raises(LinguistError, match=said) as caught:
            documents_of(path)
        one_line(caught, path)
    whole = as_parquet(path, [f"text {i}" for i in range(5000)], compression="none", use_dictionary=False).read_bytes()
    assert len(documents_of(path)) == 5000
    for bad, said in [
        (whole[:-1000], "Parquet"),
        (whole.replace(b"text 4999", b"\xff" * 9), "UTF-8"),
    ]:
        with pytest.raises(LinguistError, match=said) as caught:
            documents_of(write(path, bad))
        one_line(caught, path)


@pytest.mark.parametrize("kind", ["text", "protein", "sentences", "pairs"])
def test_a_file_that_is_not_there_or_a_folder_gets_one_line(tmp_path, kind):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(LinguistError, match=r"directory") as caught:
            documents_of(path, kind)
        one_line(caught, path)


# ── proteins and pairs ──


def test_proteins_come_in_upper_case(tmp_path):
    path = fasta(tmp_path / "p.fa", {"sp|P1|A_X": "mkvlaaGWSTRRX", "b": "MKK*"})
    assert documents_of(path, "protein") == ["MKVLAAGWSTRRX", "MKK"]
    with pytest.raises(LinguistError, match="line 3: '1' is not a letter of the protein alphabet"):
        documents_of(write(tmp_path / "q.fa", ">a\nMKV\nMK1\n"), "protein")


ROWS = [("1", "b c", "a", 1), ("2", "a", 'd "', 0), ("3", "NA", "b c", 1)]


def test_sentences_of_pairs_come_once_and_in_order(tmp_path):
    write_pairs(tmp_path / "t.tsv", ROWS)
    write_pairs(tmp_path / "u.tsv", [("1", "e", "a", 1)])
    assert documents_of(tmp_path / "t.tsv", "sentences") == ["b c", "a", 'd "', "NA"]
    collect_documents([tmp_path / "t.tsv", tmp_path / "u.tsv"], "sentences", None, tmp_path / "c.txt")
    assert collected(tmp_path / "c.txt") == ["b c", "a", 'd "', "NA", "e"]


def test_a_document_of_pairs_has_both_sentences_of_a_positive(tmp_path):
    write_pairs(tmp_path / "t.tsv", ROWS)
    write_pairs(tmp_path / "u.tsv", [("1", "e", "a", 1), ("2", "b c", "a", 1)])
    paths = [tmp_path / "t.tsv", tmp_path / "u.tsv"]
    counts = collect_documents(paths, "pairs", None, tmp_path / "c.txt")
    assert collected(tmp_path / "c.txt") == ["b c\na", "NA\nb c", "e\na"]
    assert (counts["documents"], counts["duplicates"], counts["rows"]["read"]) == (3, 1, 4)


@pytest.mark.parametrize(("kind", "kept"), [("sentences", ["b c", "NA", "e"]), ("pairs", ["NA\nb c"])])
def test_no_document_has_a_sentence_of_a_test_split(tmp_path, kind, kept):
    write_pairs(tmp_path / "t.tsv", ROWS)
    write_pairs(tmp_path / "u.tsv", [("1", "e", "a", 1)])
    write_pairs(tmp_path / "test.tsv", [("1", "a", "z", 0), ("2", 'd "', "y", 1)])
    paths = [tmp_path / "t.tsv", tmp_path / "u.tsv"]
    excluded = dict.fromkeys(paths, read_sentences([tmp_path / "test.tsv"]))
    counts = collect_documents(paths, kind, None, tmp_path / "c.txt", excluded)
    assert collected(tmp_path / "c.txt") == kept
    said = counts["rows"]
    assert said["left_out"]["with a sentence of a test split"] == counts["excluded"] > 0
    assert said["read"] == counts["documents"] + sum(said["left_out"].values())


# ── collecting ──


def test_documents_of_all_files_are_written_one_a_line(tmp_path):
    paths = [as_json_lines(tmp_path / "a", DOCUMENTS[:3]), as_parquet(tmp_path / "b", DOCUMENTS[3:] + ["a\rb"])]
    counts = collect_documents(paths, "text", None, tmp_path / "c.txt")
    assert collected(tmp_path / "c.txt") == [*DOCUMENTS, "a\rb"]
    size = sum(len(text.encode()) for text in [*DOCUMENTS, "a\rb"])
    assert counts.pop("rows")["read"] == 5
    assert counts == {"documents": 5, "bytes": size, "duplicates": 0, "excluded": 0}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b\n", "彼", "c\\n", "dd", "eee"]), min_size=1),
    st.integers(1, 20),
    st.integers(1, 9),
)
def test_collecting_is_what_the_slow_way_gives(tmp_path, texts, size, batch):
    wanted, seen, total, duplicates = [], set(), 0, 0
    for text in map(str.strip, texts):
        if total >= size:
            break
        duplicates += text in seen
        if text not in seen:
            wanted.append(text)
            total += len(text.encode())
        seen.add(text)
    path, target = as_json_lines(tmp_path / "t", texts), tmp_path / "c.txt"
    target.unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "BATCH", batch)
        if total < size:
            with pytest.raises(LinguistError, match=f" {total} of {size} bytes"):
                collect_documents([path], "text", size, target)
            assert not target.exists()
        else:
            counts = collect_documents([path], "text", size, target)
            assert collected(target) == wanted
            rows = counts.pop("rows")
            assert rows["read"] == counts["documents"] + sum(rows["left_out"].values())
            assert counts == {"documents": len(wanted), "bytes": total, "duplicates": duplicates, "excluded": 0}


def test_nothing_is_read_beyond_the_size(tmp_path):
    lines = [f"line {i}" for i in range(300_000)]
    spoilt = write(tmp_path / "t", "\n".join(lines).encode() + b"\n\xff\n")
    counts = collect_documents([spoilt, tmp_path / "none"], "text", 60, tmp_path / "c.txt")
    assert counts["documents"] == 10 and counts["bytes"] == 60
    assert collected(tmp_path / "c.txt") == lines[:10]
    with pytest.raises(LinguistError, match="not UTF-8 text"):
        collect_documents([spoilt], "text", None, tmp_path / "d.txt")
    # To the very document: the second, though wanted for nothing, would be an error.
    path = write(tmp_path / "p.fa", ">a\nMKV\n>b\nMKW\n>c\nMK1\n")
    assert collect_documents([path], "protein", 3, tmp_path / "p.txt")["documents"] == 1
    with pytest.raises(LinguistError, match="'1' is not a letter"):
        collect_documents([path], "protein", 7, tmp_path / "p.txt")


def test_excluded_records_are_left_out_and_counted(tmp_path):
    path = fasta(tmp_path / "p.fa", {"sp|P1|A": "MKVW", "b": "MKKW", "c": "MKVW", "d": "mkkw"})
    counts = collect_documents([path], "protein", None, tmp_path / "c.txt", excluded={path: {"sp|P1|A", "x"}})
    assert collected(tmp_path / "c.txt") == ["MKKW", "MKVW"]
    rows = {
        "read": 4,
        "dropped": {},
        "left_out": {"repeated": 1, "excluded by name": 1},
        "first": {},
        "unit": "documents",
    }
    assert counts == {"documents": 2, "bytes": 8, "duplicates": 1, "excluded": 1, "rows": rows}


def test_too_little_gets_one_line_and_leaves_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    path = fasta(tmp_path / "in/p.fa", {"a": "M" * 1234, "b": "MKKW", "c": "MKKW"})
    empty = write(tmp_path / "in/t", "\n \n")
    for paths, kind, size, excluded, said in [
        (
            [path],
            "protein",
            5_000_000,
            "",
            r" 1,238 of 5,000,000 bytes \(1 duplicates",
        ),
        (
            [path, path],
            "protein",
            9999,
            "a",
            r" 1 more: .* 4 of 9,999 bytes \(3 duplicates and 2 excluded",
        ),
        ([path], "protein", None, "abc", "all 3 are excluded"),
        ([empty], "text", None, "", "empty"),
        ([empty], "text", 9, "", " 0 of 9 bytes"),
    ]:
        with pytest.raises(LinguistError, match=said) as caught:
            collect_documents(paths, kind, size, tmp_path / "out/c.txt", dict.fromkeys(paths, frozenset(excluded)))
        one_line(caught, paths[0])
        assert list((tmp_path / "out").iterdir()) == []


@given(st.lists(st.lists(st.integers(0, 40), min_size=1)))
def test_seen_knows_what_came_before(batches):
    seen, known = Seen(), set()
    for batch in batches:
        fresh = seen.add(np.array(batch, np.uint64))
        for digest, new in zip(batch, fresh, strict=True):
            assert new == (digest not in known)
            known.add(digest)
    assert sorted(np.concatenate([*seen.runs, []]).tolist()) == sorted(known)
    assert all(len(one) >= 2 * len(other) for one, other in zip(seen.runs, seen.runs[1:], strict=False))


# ── real data ──


def test_real_texts_are_read_in_their_forms(real_data):
    folder = real_data / "text"
    if not folder.is_dir():
        pytest.skip(f"no texts at {folder}")
    # 60 articles each, as Merity et al. 2016 say (Table 1).
    for part in ("valid", "test"):
        articles = documents_of(folder / f"wikitext2.{part}.txt")
        assert len(articles) == 60
        assert all(re.match(r"= [^=\n]+ = \n \n ", article) for article in articles)
        words = (folder / f"wikitext2.{part}.txt").read_text(encoding="utf-8").split()
        assert " ".join(articles).split() == words
    for name, least in (("wiki_mlqa_xquad.en.txt", 1000), ("enwiki_gensim_sample.txt", 90)):
        found = documents_of(folder / name)
        assert len(found) >= least
        assert "\n".join(found).split() == (folder / name).read_text(encoding="utf-8").split()


def test_real_proteins_are_collected(real_data, tmp_path):
    path = real_data / "proteins/uniprot_mmseqs2_20000.fasta.gz"
    if not path.is_file():
        pytest.skip(f"no proteins at {path}")
    _, first = next(read_documents(path, "protein"))
    counts = collect_documents([path], "protein", 1_000_000, tmp_path / "c.txt", {path: {"tr|M4KW32|M4KW32_BACIU"}})
    found = collected(tmp_path / "c.txt")
    assert found[0] == first and len(found) == len(set(found)) == counts["documents"]
    assert sum(map(len, found)) == counts["bytes"] >= 1_000_000 > counts["bytes"] - len(found[-1])
    assert counts["excluded"] == 1
