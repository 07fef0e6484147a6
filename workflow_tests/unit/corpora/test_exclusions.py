"""What must not be in a corpus is found in places, BED files and the ids of pair sets, and flaws have their line."""

import gzip
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.data import indexed
from linguist.corpora.documents import collect_documents
from linguist.corpora.exclusions import excluded_records, excluded_regions
from linguist.errors import LinguistError
from linguist.pairs.store import reversed_id, write_pairs
from linguist.sequences.windows import Region

# ── regions ──


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return indexed(tmp_path_factory.mktemp("small"), {"chr1": "A" * 100, "chr2": "C" * 50, "HLA:1-2": "G" * 40})


def test_places_are_records_or_regions(small):
    assert excluded_regions(small) == {}
    places = ["chr2", "chr1:10-20", "chr1:0-100", "chr1:10-20", "HLA:1-2", "HLA:1-2:3-4"]
    expected = {"chr1": [(0, 100), (10, 20)], "chr2": [(0, 50)], "HLA:1-2": [(0, 40), (3, 4)]}
    assert excluded_regions(small, places) == expected


def test_bed_files_may_be_compressed_and_have_more_lines_and_columns(small, tmp_path):
    lines = "browser position chr1\ntrack name=x\n# comment\n\nchr1\t5\t9\tname\t0\t+\r\nHLA:1-2 0 40\nchr1\t1\t2\n"
    (tmp_path / "plain.bed").write_text(lines)
    (tmp_path / "packed.bed.gz").write_bytes(gzip.compress(b"chr2\t0\t50\n"))
    found = excluded_regions(small, beds=[tmp_path / "plain.bed", tmp_path / "packed.bed.gz"])
    assert found == {"chr1": [(1, 2), (5, 9)], "HLA:1-2": [(0, 40)], "chr2": [(0, 50)]}


def pair_table(folder, *ids):
    path = folder / "test.tsv"
    write_pairs(path, [(name, "ACGT", "ACGT", 1) for name in ids])
    return path


def test_all_regions_of_the_resource_that_a_test_table_names_are_excluded(small, tmp_path):
    table = pair_table(
        tmp_path,
        "hg:chr1:10-20~mm:chr9:30-40",
        "mm:chr9:1-2:-~hg:chr1:20-30:-",
        "hg:HLA:1-2:5-9:-~hg:chr2:0-50-shuffled",
        "hg:chr1:40-50~hg:chr1:40-50:--evolved-shuffled",
        "hg2:chr1:60-70~xhg:chr1:60-70",
        "hg:chr1:90-100",
    )
    expected = {"chr1": [(10, 20), (20, 30), (40, 50), (90, 100)], "HLA:1-2": [(5, 9)], "chr2": [(0, 50)]}
    assert excluded_regions(small, tables=[table], resource="hg") == expected
    assert excluded_regions(small, tables=[table], resource="hg2") == {"chr1": [(60, 70)]}
    with pytest.raises(ValueError, match="need the name of the resource"):
        excluded_regions(small, tables=[table])


def test_a_table_of_other_genomes_names_no_region(small, tmp_path):
    assert excluded_regions(small, tables=[pair_table(tmp_path, "NM_1:4~NM_1:4-same")], resource="hg") == {}


def test_the_ids_of_pair_sets_are_understood(small, tmp_path):
    for region in (Region("HLA:1-2", 3, 9), Region("HLA:1-2", 3, 9, True)):
        for kind in ("", "-shuffled", "-evolved-unrelated"):
            name = f"hg:{region}{kind}"
            table = pair_table(tmp_path, f"hg:{Region('chr1', 1, 2)}~{name}", f"hg:chr1:1-2~{reversed_id(name)}")
            assert excluded_regions(small, tables=[table], resource="hg") == {"chr1": [(1, 2)], "HLA:1-2": [(3, 9)]}


def refusal(*arguments, **options):
    with pytest.raises(LinguistError) as caught:
        excluded_regions(*arguments, **options)
    assert "\n" not in str(caught.value) and "; " in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "place, facts",
    [
        ("21", ["'21'", "chr1, chr2, HLA:1-2"]),
        ("chr3:1-2", ["'chr3'", "chr1, chr2, HLA:1-2"]),
        ("chr1:1,0-2,0", ["'chr1:1,0-2,0'", "chr1, chr2, HLA:1-2"]),
        ("chr1:90-101", ["90-101", "record chr1", "100 bases"]),
        ("chr1:9-9", ["9-9", "record chr1", "100 bases"]),
    ],
)
def test_a_place_that_is_none_is_refused(small, place, facts):
    message = refusal(small, ["chr2", place])
    assert f"'{place}'" in message and str(small) in message and all(fact in message for fact in facts)


@pytest.mark.parametrize(
    "line, facts",
    [
        ("1\t5\t9", ["'1'", "chr1, chr2, HLA:1-2"]),
        ("chr1\t5", ["not BED"]),
        ("chr1\tstart\tend", ["not BED"]),
        ("chr1\t-5\t9", ["not BED"]),
        ("chr1\t5\t" + "9" * 5000, ["not BED"]),
        ("chr2\t40\t51", ["40-51", "record chr2", "50 bases"]),
        ("chr2\t9\t4", ["9-4", "record chr2", "50 bases"]),
    ],
)
def test_a_flaw_of_a_bed_file_is_named_with_its_line(small, tmp_path, line, facts):
    (tmp_path / "x.bed").write_text(f"chr1\t1\t2\n{line}\n")
    message = refusal(small, beds=[tmp_path / "x.bed"])
    assert "x.bed, line 2: " in message and all(fact in message for fact in facts)


@pytest.mark.parametrize(
    "name, facts",
    [
        ("hg:chr1~mm:chr1:1-2", ["hg"]),
        ("hg:chr1:1-2~hg:chr1:x-2", ["hg"]),
        ("hg:chr7:1-2~mm:chr1:1-2", ["'chr7'", "chr1, chr2, HLA:1-2"]),
        ("hg:chr1:1-200~mm:chr1:1-2", ["1-200", "record chr1", "100 bases"]),
    ],
)
def test_a_flaw_of_a_pair_table_is_named_with_its_line(small, tmp_path, name, facts):
    message = refusal(small, tables=[pair_table(tmp_path, "hg:chr1:1-2~mm:x:1-2", name)], resource="hg")
    assert "test.tsv, line 3: " in message and all(fact in message for fact in facts)


def test_a_bed_file_that_cannot_be_read_is_named(small, tmp_path):
    assert "none.bed: " in refusal(small, beds=[tmp_path / "none.bed"])


# ── records ──


records = st.text(st.sampled_from("aB1|:~-_."), min_size=1).filter(lambda name: not re.search(r":\d+-\d+", name))
resources = st.sampled_from(["sp", "sp-2", "tr"])
sides = st.tuples(resources, records, st.integers(0, 99), st.booleans())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(sides, sides, st.sampled_from(["", "-shuffled", "-unrelated"])), min_size=1))
def test_records_are_read_from_ids(tmp_path, written):
    def spell(resource, record, start, reverse):
        return f"{resource}:{Region(record, start, start + 9, reverse)}"

    write_pairs(tmp_path / "t.tsv", [(f"{spell(*one)}~{spell(*two)}{word}", "a", "b", 1) for one, two, word in written])
    names = ("sp", "sp-2", "tr")
    wanted = {name: {side[1] for row in written for side in row[:2] if side[0] == name} for name in names}
    assert excluded_records([tmp_path / "t.tsv"], names) == wanted
    for name in names:
        assert excluded_records([tmp_path / "t.tsv"], [name]) == {name: wanted[name]}


def test_a_source_of_several_resources_excludes_by_each(tmp_path):
    """Each pair set may be made from one of them; a record of the same name in another file stays."""
    write_pairs(tmp_path / "a.tsv", [("sp:P1:0-9~sp:P2:0-9", "a", "b", 1)])
    write_pairs(tmp_path / "b.tsv", [("tr:P3:0-9~other:P4:0-9", "a", "b", 1)])
    found = excluded_records([tmp_path / "a.tsv", tmp_path / "b.tsv"], ["sp", "tr"])
    assert found == {"sp": {"P1", "P2"}, "tr": {"P3"}}
    for name in ("sp", "tr"):
        (tmp_path / name).write_text(f">P1\nMK{name[0].upper()}\n>P3\nMW{name[0].upper()}\n")
    paths = {name: tmp_path / name for name in found}
    excluded = {paths[name]: names for name, names in found.items()}
    counts = collect_documents(paths.values(), "protein", None, tmp_path / "c.txt", excluded)
    assert counts["excluded"] == 2 and (tmp_path / "c.txt").read_text().split() == ["MWS", "MKT"]


def test_ids_of_other_pair_sets_name_no_record(tmp_path):
    write_pairs(
        tmp_path / "t.tsv", [("17", "a", "b", 1), ("sp:12~sp:12-same", "c", "d", 0), ("xsp:r:0-9", "e", "f", 0)]
    )
    assert excluded_records([tmp_path / "t.tsv"], ["sp"]) == excluded_records([], ["sp"]) == {"sp": frozenset()}
