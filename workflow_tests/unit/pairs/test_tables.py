"""Tables of pairs in every form: PAWS-X read without quoting, placeholders dropped, every flaw with its place."""

import csv
import gzip
import json

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from helpers.data import make_rows
from linguist.errors import LinguistError
from linguist.pairs.recipes import RECIPES
from linguist.pairs.tables import read_pair_table

HEADER = "id\tsentence1\tsentence2\tlabel\n"


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ── PAWS-X is read without quoting ──

QUOTED = '1\t"Yes , he said\tHe said yes\t1\n2\tHe said " no "\tNo" , he said\t0\n3\t"a"\t""\t1\n'


def test_quotes_are_letters(tmp_path):
    path = write(tmp_path / "t.tsv", HEADER + QUOTED)
    assert read_pair_table(path) == [
        ("1", '"Yes , he said', "He said yes", 1),
        ("2", 'He said " no "', 'No" , he said', 0),
        ("3", '"a"', '""', 1),
    ]
    with open(path, newline="") as handle:  # the trap is real: with quoting the first row swallows the second
        assert len(list(csv.reader(handle, delimiter="\t"))) < 4


def test_placeholders_blanks_and_unlabelled_rows_are_dropped(tmp_path):
    rows = [
        "1\tNS\tb\t1",
        "2\ta\tNS\t0",
        "3\t\tb\t1",
        "4\ta\t  \t1",
        "5\ta\tb\t",
        "6\tNS of\tb NS\t1",
        "7\tns\tb\t0",
        "",
    ]
    kept = [("6", "NS of", "b NS", 1), ("7", "ns", "b", 0)]
    assert read_pair_table(write(tmp_path / "t.tsv", HEADER + "\n".join(rows))) == kept


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("header", ["", HEADER])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_header_line_ends_mark_and_compression_change_nothing(tmp_path, ends, mark, header, compress):
    text = mark + header + QUOTED + "4\t彼は\t他出生\t0\n"
    path = write(tmp_path / "t.tsv", compress(text.replace("\n", ends).encode()))
    assert [row[0] for row in read_pair_table(path)] == ["1", "2", "3", "4"]
    assert read_pair_table(path)[3] == ("4", "彼は", "他出生", 0)
    assert read_pair_table(path)[0][1] == '"Yes , he said'


def test_columns_are_found_by_their_names(tmp_path):
    path = write(tmp_path / "t.tsv", "label\tsource\tsentence2\tid\tsentence1\n1\tx\tb\t7\ta\n")
    assert read_pair_table(path) == [("7", "a", "b", 1)]


def test_a_last_line_without_an_end_and_blank_lines_do_not_matter(tmp_path):
    assert len(read_pair_table(write(tmp_path / "t.tsv", "1\ta\tb\t1\n\n2\ta\tb\t0"))) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1\ta\tb\t1\n2\ta\tb\n", "line 2: 3 columns, expected 4"),
        ("1\ta\tb\t1\n2\ta\tb\tc\t0\n", "line 2: 5 columns, expected 4"),
        (f"{HEADER}1,a,b,1\n", "line 2: 1 columns, expected 4"),
        (
            "label\tsentence2\tid\tsentence1\tx\n1\tb\t7\ta\n",
            "line 2: 4 columns, expected 5",
        ),
        (f"{HEADER}1\ta\tb\t1\n2\ta\tb\t2\n", "line 3: label '2' is not 0 or 1"),
        (
            "id\tone\ttwo\tlabel\n1\ta\tb\t1\n",
            r"line 1: no column 'sentence1' \(found: id, one, two, label\); give sentence1, ",
        ),
        (HEADER.encode() + b"1\ta\t\xff\t1\n", "line 2: not UTF-8 text"),
        (gzip.compress(b"1\ta\tb\t1\n" * 99)[:-9], "the gzip data are cut short or damaged"),
    ],
)
def test_a_flaw_gets_one_line_with_its_place(tmp_path, content, said):
    path = write(tmp_path / "t.tsv", content)
    with pytest.raises(LinguistError, match=said) as caught:
        read_pair_table(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_table_that_is_not_there_or_a_folder_gets_one_line(tmp_path):
    for path in (tmp_path, tmp_path / "none.tsv"):
        with pytest.raises(LinguistError, match="no such table; name the archive's member as resource:path"):
            read_pair_table(path)


words = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text.strip() == text and text != "NS" and "\ufeff" not in text
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(words, words, words, st.integers(0, 1))))
def test_whatever_is_in_a_table_comes_out(tmp_path, rows):
    path = write(tmp_path / "t.tsv", HEADER + "".join("\t".join(map(str, row)) + "\n" for row in rows))
    assert read_pair_table(path) == rows


# ── other forms ──


ROWS = [("a", 'one , "two"', "two one", 1), ("b", "彼は", "她", 0), ("c", "x, y", "z", 1)]
NAMES = ("id", "sentence1", "sentence2", "label")


def objects(rows, names=NAMES):
    return [dict(zip(names, row, strict=True)) for row in rows]


def as_json(path, rows, names=NAMES):
    return write(path, json.dumps(objects(rows, names), indent=1))


def as_json_lines(path, rows, names=NAMES):
    return write(path, "\n".join(json.dumps(one, ensure_ascii=False) for one in objects(rows, names)) + "\n\n")


def as_parquet(path, rows, names=NAMES):
    parquet.write_table(pyarrow.Table.from_pylist(objects(rows, names)), path)
    return path


def as_commas(path, rows, names=NAMES):
    with open(path, "w", newline="") as handle:
        csv.writer(handle).writerows([names, *rows])
    return path


def as_tabs(path, rows, names=NAMES):
    return write(path, "".join("\t".join(map(str, row)) + "\n" for row in [names, *rows]))


every_form = pytest.mark.parametrize("form", [as_json, as_json_lines, as_parquet, as_commas, as_tabs])


@every_form
def test_every_form_gives_the_same_rows(tmp_path, form):
    assert read_pair_table(form(tmp_path / "table", ROWS)) == ROWS
    shuffled = [(row[3], row[2], row[0], row[1], "more") for row in ROWS]
    assert (
        read_pair_table(form(tmp_path / "other.tsv", shuffled, ("label", "sentence2", "id", "sentence1", "x"))) == ROWS
    )


@every_form
def test_rows_without_an_id_are_numbered_as_they_stand(tmp_path, form):
    rows = [row[1:] for row in ROWS[:1]] + [("NS", "b", 0)] + [row[1:] for row in ROWS[1:]]
    assert [row[0] for row in read_pair_table(form(tmp_path / "table", rows, NAMES[1:]))] == ["1", "3", "4"]


@every_form
def test_flaws_of_a_row_or_column_get_one_line_in_every_form(tmp_path, form):
    for rows, names, said in [
        ([(*ROWS[0][:3], 2)], NAMES, "label '2' is not 0 or 1"),
        ([row[1:] for row in ROWS], ("sentence1", "text", "label"), "no column 'sentence2'"),
        ([row[2:] for row in ROWS], ("seq_a", "label"), "no column 'seq_id_a'"),
    ]:
        path = form(tmp_path / "table", rows, names)
        with pytest.raises(LinguistError, match=said) as caught:
            read_pair_table(path)
        assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


@pytest.mark.parametrize("form", [as_json, as_json_lines, as_parquet])
def test_typed_forms_drop_what_has_no_value_and_keep_rows_on_one_line(tmp_path, form):
    rows = [("1", "a", None, 1), ("2", "a", "b", None), ("3", " a\tb\r\nc", "d", 0)]
    assert read_pair_table(form(tmp_path / "table", rows)) == [("3", "a b  c", "d", 0)]
    for value in (5, ["b"]):
        with pytest.raises(LinguistError, match=r"sentence2 is (5|\[.b.\]), not text;"):
            read_pair_table(form(tmp_path / "table", [("1", "a", value, 1)]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"sentence1": "a"\n', r", line 1: not valid JSON \(.+\); give one object a line, or one array"),
        ('[{"sentence1": "a"},\n', r", line 2: not valid JSON \(.+\); fetch the file again"),
        ('[["a", "b", 1]]', ", row 1: .+ is not an object; give one with sentence1, sentence2, label"),
        ('{"sentence1": "a", "sentence2": "b", "label": 1}\n3\n', ", line 2: 3 is not an object"),
        ("sentence1,sentence2,label\na,b\n", ", line 2: 2 columns, expected 3"),
        ('sentence1,sentence2,label\na,"b,1\n', r", line 2: not valid CSV \("),
        (b"PAR1 and nothing else PAR1", r": not valid Parquet \(.+\); fetch the file again"),
        (b'{"sentence1": "\xff"}', ", line 1: not UTF-8 text"),
    ],
)
def test_a_damaged_file_of_another_form_gets_one_line(tmp_path, content, said):
    path = write(tmp_path / "table", content)
    with pytest.raises(LinguistError, match=said) as caught:
        read_pair_table(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_cut_or_spoilt_parquet_file_gets_one_line(tmp_path):
    rows = [(str(i), f"a{i}", f"b{i}", i % 2) for i in range(5000)]
    whole = as_parquet(tmp_path / "table", rows).read_bytes()
    assert len(read_pair_table(tmp_path / "table")) == 5000
    for bad in (whole[:-1000], whole[:2000] + bytes(4000) + whole[6000:]):
        with pytest.raises(LinguistError, match="not valid Parquet") as caught:
            read_pair_table(write(tmp_path / "table", bad))
        assert "\n" not in str(caught.value)


# ── sequences ──


def test_sequences_come_in_upper_case_and_hold_only_their_letters(tmp_path):
    path = as_json(tmp_path / "table", [("1", " acgtN", "mkvU* ", 1)])
    assert read_pair_table(path, "coding") == read_pair_table(path, "protein") == [("1", "ACGTN", "MKVU", 1)]
    assert read_pair_table(path) == [("1", "acgtN", "mkvU*", 1)]
    with pytest.raises(LinguistError, match=", row 1: 'U' in sentence2 is not a letter of the dna alphabet;"):
        read_pair_table(path, "dna")
    with pytest.raises(LinguistError, match="'E' in sentence1 .+ dna alphabet; .+ kind"):
        read_pair_table(as_tabs(tmp_path / "table", [("1", "MEEK", "ACGT", 1)]), "coding")


LUCAONE = ("seq_id_a", "seq_id_b", "seq_type_a", "seq_type_b", "seq_a", "seq_b", "label")
GENE = "ATGGTAAGTCCC" * 20_000  # longer than csv takes unasked
FLANKED = "c" * 100 + GENE + "t" * 100


@every_form
def test_lucaone_genes_lose_their_flanks_and_come_first(tmp_path, form):
    row = ("NC_1:g1", "NP_2", "gene", "prot", FLANKED, "MVSP", 1)
    turned = ("NP_3", "NC_1:g1", "prot", "gene", "MKKP", FLANKED, 0)
    short = ("NC_4", "NP_4", "gene", "prot", "A" * 200, "MK", 0)
    assert read_pair_table(form(tmp_path / "train.csv", [row, turned, short], LUCAONE), "coding") == [
        ("NC_1:g1~NP_2", GENE, "MVSP", 1),
        ("NC_1:g1~NP_3", GENE, "MKKP", 0),
    ]


def test_lucaone_rows_of_other_kinds_get_one_line(tmp_path):
    path = as_commas(tmp_path / "t", [("a", "b", "gene", "gene", FLANKED, FLANKED, 1)], LUCAONE)
    with pytest.raises(
        LinguistError, match=", line 2: sequences of type 'gene' and 'gene', expected 'gene' and 'prot'"
    ):
        read_pair_table(path, "coding")
    with pytest.raises(LinguistError, match="give the pair set the kind 'coding', not 'dna'"):
        read_pair_table(path, "dna")


# ── splits ──


def splits_of(tmp_path, tables, disjoint, size=100, conflicts="keep", **more):
    """The recipe on {split: list of tables, each a list of rows}; `more` are further fields of the set."""
    files, names = {}, {}
    for split, parts in tables.items():
        files[split] = [
            write(tmp_path / f"{split}{i}.tsv", "".join("\t".join(map(str, row)) + "\n" for row in part))
            for i, part in enumerate(parts)
        ]
        names[split] = [f"{split}{i}" for i in range(len(parts))]
    sizes = dict.fromkeys(("train", "dev", "test"), size)
    rules = {"disjoint": disjoint, "conflicts": conflicts, "negatives": None}
    spec = {"kind": "sentence", "files": names, "rules": rules, "sizes": sizes, **more}
    return make_rows(RECIPES["table"], spec, files)


TABLES = {
    "train": [[("1", "a", "b", 1), ("2", "c", "d", 0)], [("3", "x", "y", 1), ("4", "p", "q", 0)]],
    "dev": [[("5", "d", "e", 1), ("6", "f", "x", 1)]],
    "test": [[("7", "x", "z", 0), ("8", "b", "h", 1)]],
}


def test_tables_are_joined_in_order_and_cut(tmp_path):
    splits = splits_of(tmp_path, TABLES, disjoint=False)
    assert {split: [row[0] for row in rows] for split, rows in splits.items()} == {
        "train": ["1", "2", "3", "4"],
        "dev": ["5", "6"],
        "test": ["7", "8"],
    }
    assert splits_of(tmp_path, TABLES, disjoint=False, size=3)["train"] == splits["train"][:3]


def test_disjoint_drops_what_shares_a_sentence_with_a_later_split(tmp_path):
    splits = splits_of(tmp_path, TABLES, disjoint=True)
    assert {split: [row[0] for row in rows] for split, rows in splits.items()} == {
        "train": ["4"],  # b is in test, d in dev, x in test
        "dev": ["5"],
        "test": ["7", "8"],
    }


letters = st.sampled_from("abcdefghij")
tables = st.lists(st.tuples(st.just("i"), letters, letters, st.integers(0, 1)), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(tables, tables, tables)
def test_disjoint_splits_share_no_sentence_and_lose_no_other_row(tmp_path, train, dev, test):
    splits = splits_of(tmp_path, {"train": [train], "dev": [dev], "test": [test]}, disjoint=True)
    heard = {split: {sentence for row in rows for sentence in row[1:3]} for split, rows in splits.items()}
    assert not heard["train"] & heard["dev"] and not (heard["train"] | heard["dev"]) & heard["test"]
    assert splits["test"] == test
    in_test = {sentence for row in test for sentence in row[1:3]}
    assert splits["dev"] == [row for row in dev if not in_test & set(row[1:3])]


def test_a_member_of_an_archive_is_read_from_its_folder(tmp_path):
    (tmp_path / "pawsx" / "en").mkdir(parents=True)
    write(tmp_path / "pawsx" / "en" / "t.tsv", "1\ta\tb\t1\n")
    names = ("train", "dev", "test")
    spec = {
        "kind": "sentence",
        "files": dict.fromkeys(names, ["pawsx:en/t.tsv"]),
        "rules": {"disjoint": False, "conflicts": "keep", "negatives": None},
        "sizes": dict.fromkeys(names, 9),
    }
    assert make_rows(RECIPES["table"], spec, dict.fromkeys(names, [tmp_path / "pawsx"]))["dev"] == [("1", "a", "b", 1)]
    spec["files"]["dev"] = ["pawsx:en/none.tsv"]
    with pytest.raises(LinguistError, match="no such table"):
        make_rows(RECIPES["table"], spec, dict.fromkeys(names, [tmp_path / "pawsx"]))


def test_a_split_without_tables_has_no_rows(tmp_path):
    splits = splits_of(tmp_path, {"test": TABLES["test"]}, disjoint=True)
    assert [len(splits[split]) for split in ("train", "dev", "test")] == [0, 0, 2]


def test_a_cut_that_leaves_one_label_gets_one_line(tmp_path):
    rows = [(str(i), f"a{i}", "b", int(i < 15)) for i in range(30)]
    assert len(splits_of(tmp_path, {"test": [rows]}, disjoint=False, size=16)["test"]) == 16
    assert len(splits_of(tmp_path, {"test": [rows]}, disjoint=False, size=2)["test"]) == 2  # may well be chance
    with pytest.raises(
        LinguistError, match="the first 15 of the 30 rows for 'test' all have label 1: .+ sizes.test to 30"
    ):
        splits_of(tmp_path, {"test": [rows]}, disjoint=False, size=15)


def test_fewer_rows_than_the_set_itself_asks_for_get_one_line(tmp_path):
    """Rows that are dropped count: a published table has so many rows that some say."""
    tables = TABLES | {"test": [TABLES["test"][0] + [("9", "NS", "h", 1)]]}
    asked = {"train": 4, "test": 3}
    assert len(splits_of(tmp_path, tables, disjoint=True, asked=asked)["train"]) == 1
    with pytest.raises(LinguistError, match="split 'train': its tables have 4 rows, but sizes.train is 5,000; lower"):
        splits_of(tmp_path, tables, disjoint=False, asked={"train": 5000})


# ── real tables ──

PAWSX = {  # rows of dev and test; the rest of the 2,000 are placeholders
    "de": (1932, 1968),
    "en": (2000, 2000),
    "es": (1962, 1999),
    "fr": (1992, 1986),
    "ja": (1980, 1946),
    "ko": (1964, 1972),
    "zh": (1984, 1975),
}


@pytest.mark.parametrize("language", PAWSX)
def test_real_pawsx(real_data, language):
    paths = [real_data / f"pawsx/{language}.{split}.tsv" for split in ("dev", "test")]
    dev, test = map(read_pair_table, paths)
    assert (len(dev), len(test)) == PAWSX[language]
    quotes = sum(text.count('"') for row in dev + test for text in row[1:3])
    assert quotes == sum(path.read_text("utf-8").count('"') for path in paths)
    assert quotes > 1000 or language not in ("fr", "es", "ko", "de")
    if language == "en":
        assert 1 - sum(row[3] for row in test) / len(test) == 0.5465  # the larger class


def test_real_paws_wiki_without_what_pawsx_tests(real_data):
    names = {"train": "paws_wiki/dev.tsv", "dev": "pawsx/en.dev.tsv", "test": "pawsx/en.test.tsv"}
    files = {split: [real_data / name] for split, name in names.items()}
    assert len(read_pair_table(files["train"][0])) == len(read_pair_table(real_data / "paws_wiki/test.tsv")) == 8000
    spec = {"kind": "sentence", "files": dict.fromkeys(names, ["x"]), "sizes": dict.fromkeys(names, 10_000)}
    spec["rules"] = {"disjoint": False, "conflicts": "keep", "negatives": None}
    before = make_rows(RECIPES["table"], spec, files)
    spec["rules"]["disjoint"] = True
    after = make_rows(RECIPES["table"], spec, files)
    heard = {split: {sentence for row in rows for sentence in row[1:3]} for split, rows in after.items()}
    assert not heard["train"] & heard["dev"] and not (heard["train"] | heard["dev"]) & heard["test"]
    assert len(after["test"]) == 2000 and len(after["train"]) < len(before["train"])
    assert len(after["dev"]) < len(before["dev"])  # dev and test share some


def test_real_pairs_of_dna_with_protein(real_data, tmp_path):
    path = real_data / "authors/dna_protein_150.json"
    rows = read_pair_table(path, "coding")
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row[1:] for row in rows] == [(one["sentence1"], one["sentence2"], one["label"]) for one in raw]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 16_001)]
    parquet.write_table(pyarrow.Table.from_pylist(raw), tmp_path / "table")
    assert read_pair_table(tmp_path / "table", "coding") == rows
    sizes = dict.fromkeys(("train", "dev", "test"), 2000)
    spec = {
        "kind": "coding",
        "files": {"test": ["authors"]},
        "rules": {"disjoint": False, "conflicts": "keep", "negatives": None},
        "sizes": sizes,
    }
    with pytest.raises(LinguistError, match="the first 2000 of the 16000 rows for 'test' all have label 1"):
        make_rows(RECIPES["table"], spec, {"test": [path]})
