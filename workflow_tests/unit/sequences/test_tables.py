"""Records of tables come out whole and in order in every form, with their place for errors."""

import csv
import gzip
import json

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from linguist.errors import LinguistError
from linguist.sequences.tables import field_of, is_parquet, read_parquet, read_records, sequence_of, text_of

HEADERS = (("text", "label"), ("left", "right", "label"))
PLAIN = ("label", "text")


def as_parquet(path, records):
    parquet.write_table(pyarrow.Table.from_pylist(records), path)


def as_json_array(path, records):
    path.write_text(json.dumps(records), encoding="utf-8")


def as_json_lines(path, records):
    path.write_text("\n\n".join(map(json.dumps, records)), encoding="utf-8")


def as_commas(path, records):
    with open(path, "w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, list(records[0]))
        table.writeheader()
        table.writerows(records)


def as_tabs(path, records):
    lines = [list(records[0]), *(record.values() for record in records)]
    path.write_text("\n".join(map("\t".join, lines)), encoding="utf-8")


every_form = pytest.mark.parametrize("form", [as_parquet, as_json_array, as_json_lines, as_commas, as_tabs])
texts = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=' ",;{['), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("01"), texts), min_size=1))
@every_form
def test_every_form_gives_the_same_records(tmp_path, form, rows):
    records = [{"label": label, "text": f"a{text}"} for label, text in rows]
    form(tmp_path / "table", records)
    places, found = zip(*read_records(tmp_path / "table", HEADERS, PLAIN), strict=True)
    assert list(found) == records
    assert len(set(places)) == len(places) and all(place.startswith(f"{tmp_path / 'table'}, ") for place in places)
    if form is not as_parquet:
        (tmp_path / "packed").write_bytes(gzip.compress((tmp_path / "table").read_bytes()))
        assert [record for _, record in read_records(tmp_path / "packed", HEADERS, PLAIN)] == records


@every_form
@pytest.mark.parametrize("columns", [("left", "label"), ("label", "right")])
def test_a_missing_column_is_named_with_those_of_the_nearest_header(tmp_path, form, columns):
    form(tmp_path / "table", [dict.fromkeys((*columns, "more"), "x")])
    with pytest.raises(LinguistError, match=r"no column '(\w+)'") as caught:
        list(read_records(tmp_path / "table", HEADERS, PLAIN))
    nearest = max(HEADERS, key=lambda header: len(set(header) & set(columns)))
    missing = str(caught.value).split("'")[1]
    assert missing in nearest and missing not in columns and str(caught.value).endswith(", ".join(nearest))


def test_parquet_is_read_as_it_goes_and_only_what_is_wanted(tmp_path, monkeypatch):
    path = tmp_path / "table"
    table = pyarrow.table({"id": range(10_000), "text": ["abcdefgh"] * 9999 + ["ijklmnop"], "more": ["x"] * 10_000})
    parquet.write_table(table, path, compression="none", use_dictionary=False, row_group_size=2000)
    path.write_bytes(path.read_bytes().replace(b"ijklmnop", b"\xff" * 8))
    records = read_parquet(path, [("text",)])
    assert [next(records) for _ in range(1500)][-1] == (f"{path}, row 1500", {"id": 1499, "text": "abcdefgh"})
    with pytest.raises(LinguistError, match="row 9001 or later: not UTF-8"):
        list(records)


def test_parquet_is_known_by_its_first_bytes(tmp_path):
    as_parquet(tmp_path / "x.txt", [{"a": 1}])
    as_json_lines(tmp_path / "x.parquet", [{"a": 1}])
    assert is_parquet(tmp_path / "x.txt") and not is_parquet(tmp_path / "x.parquet")
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(LinguistError, match="cannot be read"):
            is_parquet(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x" * 140_000, "no header line"),
        ('"' + "x" * 140_000, "no header line"),
        ("[" * 100_000, "nested too deeply"),
        ('{"text": "a", "label": 1}\n{"text": ' + "[" * 100_000, "line 2: not valid JSON .nested too deeply"),
        ('{"text": "a", "label": ' + "1" * 5000 + "}", "line 1: .*digits"),
        ('[{"text": "a", "label": ' + "1" * 5000 + "}]", "digits"),
        ('{"text": "a", "label": 1, "label": 0}', "line 1: .*'label' stands twice"),
        ('[{"text": "a", "text": "b", "label": 0}]', "'text' stands twice"),
        ("text\tlabel\ttext\na\t1\tb", "line 1: two columns are named 'text'"),
        ("label,text,label\n1,a,0", "line 1: two columns are named 'label'"),
        ('{"' + "x" * 10**6 + '": 1}', r"line 1: no column .* \.\.\."),
        ('"' + "x" * 10**6 + '"', "no header line"),
    ],
)
def test_what_a_parser_chokes_on_gets_one_short_line(tmp_path, content, said):
    (tmp_path / "table").write_text(content)
    with pytest.raises(LinguistError, match=said) as caught:
        list(read_records(tmp_path / "table", HEADERS, PLAIN))
    assert len(str(caught.value)) < len(str(tmp_path)) + 300 and "; " in str(caught.value)


def test_half_of_a_character_is_refused_in_a_field_of_a_table(tmp_path):
    (tmp_path / "table").write_text('{"text": "a\\ud800", "label": "1"}')
    ((where, record),) = read_records(tmp_path / "table", HEADERS, PLAIN)
    assert field_of(where, record, "label") == "1" and field_of(where, record, "more") == ""
    with pytest.raises(LinguistError, match="line 1: text is 'a.*ud800'") as caught:
        field_of(where, record, "text")
    str(caught.value).encode()


def test_fields_are_text_or_sequences(tmp_path):
    assert [text_of("t", {"a": value}, "a") for value in ("x", "", None)] == ["x", "", ""]
    assert sequence_of("t", "a", "mkV*", "protein") == "MKV" and sequence_of("t", "a", "acgn", "dna") == "ACGN"
    for call in (lambda: text_of("t", {"a": 5}, "a"), lambda: sequence_of("t", "a", "ACJ", "dna")):
        with pytest.raises(LinguistError, match="^t: .*; fix or remove the row$"):
            call()
