"""What must not be in a corpus is found in places, BED files and the ids of pair sets, and flaws have their line."""

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.data import indexed
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


def test_a_table_that_would_exclude_nothing_is_refused(small, tmp_path):
    with pytest.raises(LinguistError, match="no id names a region of hg, so nothing would be excluded; remove"):
        excluded_regions(small, tables=[pair_table(tmp_path, "NM_1:4~NM_1:4-same")], resource="hg")


def test_the_ids_of_pair_sets_are_understood(small, tmp_path):
    for region in (Region("HLA:1-2", 3, 9), Region("HLA:1-2", 3, 9, True)):
        for kind in ("", "-shuffled", "-evolved-unrelated"):
            name = f"hg:{region}{kind}"
            table = pair_table(tmp_path, f"hg:{Region('chr1', 1, 2)}~{name}", f"hg:chr1:1-2~{reversed_id(name)}")
            assert excluded_regions(small, tables=[table], resource="hg") == {"chr1": [(1, 2)], "HLA:1-2": [(3, 9)]}


HAS = r".*dna\.fa\.gz has no record '{}', it has chr1, chr2, HLA:1-2"
SPAN = r"{}: {} is not a region of record {}, which has {} bases in .*dna\.fa\.gz; correct it \(0-based, half-open\)"
NOT_BED = "line {}: not BED, whose first columns are record, start and end; correct or remove the line"
FORM = r"excluded place '{}' \(record or record:start-end\)"


@pytest.mark.parametrize(
    "place, message",
    [
        ("21", FORM.format("21") + ": " + HAS.format("21")),
        ("chr3:1-2", FORM.format("chr3:1-2") + ": " + HAS.format("chr3")),
        ("chr1:1,0-2,0", FORM.format("chr1:1,0-2,0") + ": " + HAS.format("chr1:1,0-2,0")),
        ("chr1:90-101", SPAN.format(FORM.format("chr1:90-101"), "90-101", "chr1", 100)),
        ("chr1:9-9", SPAN.format(FORM.format("chr1:9-9"), "9-9", "chr1", 100)),
    ],
)
def test_a_place_that_is_none_is_refused(small, place, message):
    with pytest.raises(LinguistError, match=message):
        excluded_regions(small, ["chr2", place])


@pytest.mark.parametrize(
    "line, message",
    [
        ("1\t5\t9", "line 2: " + HAS.format("1")),
        ("chr1\t5", NOT_BED.format(2)),
        ("chr1\tstart\tend", NOT_BED.format(2)),
        ("chr1\t-5\t9", NOT_BED.format(2)),
        ("chr2\t40\t51", SPAN.format("line 2", "40-51", "chr2", 50)),
        ("chr2\t9\t4", SPAN.format("line 2", "9-4", "chr2", 50)),
    ],
)
def test_a_flaw_of_a_bed_file_is_named_with_its_line(small, tmp_path, line, message):
    (tmp_path / "x.bed").write_text(f"chr1\t1\t2\n{line}\n")
    with pytest.raises(LinguistError, match="x.bed, " + message):
        excluded_regions(small, beds=[tmp_path / "x.bed"])


@pytest.mark.parametrize(
    "name, message",
    [
        ("hg:chr1~mm:chr1:1-2", "line 3: the id does not give the places of its sequences in hg; rebuild"),
        ("hg:chr1:1-2~hg:chr1:x-2", "line 3: the id does not give the places"),
        ("hg:chr7:1-2~mm:chr1:1-2", "line 3: " + HAS.format("chr7")),
        ("hg:chr1:1-200~mm:chr1:1-2", SPAN.format("line 3", "1-200", "chr1", 100)),
    ],
)
def test_a_flaw_of_a_pair_table_is_named_with_its_line(small, tmp_path, name, message):
    table = pair_table(tmp_path, "hg:chr1:1-2~mm:x:1-2", name)
    with pytest.raises(LinguistError, match="test.tsv, " + message):
        excluded_regions(small, tables=[table], resource="hg")


def test_a_bed_file_that_cannot_be_read_is_named(small, tmp_path):
    with pytest.raises(LinguistError, match="none.bed: cannot be read"):
        excluded_regions(small, beds=[tmp_path / "none.bed"])


# ── records ──


records = st.text(st.sampled_from("aB1|:~-_."), min_size=1)
resources = st.sampled_from(["sp", "sp-2", "tr"])
sides = st.tuples(resources, records, st.integers(0, 99), st.booleans())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(sides, sides, st.sampled_from(["", "-shuffled", "-unrelated"])), min_size=1))
def test_records_are_read_from_ids(tmp_path, written):
    def spell(resource, record, start, reverse):
        return f"{resource}:{Region(record, start, start + 9, reverse)}"

    write_pairs(tmp_path / "t.tsv", [(f"{spell(*one)}~{spell(*two)}{word}", "a", "b", 1) for one, two, word in written])
    for resource in ("sp", "sp-2", "tr"):
        wanted = {side[1] for one, two, _ in written for side in (one, two) if side[0] == resource}
        if wanted:
            assert excluded_records([tmp_path / "t.tsv"], resource) == wanted
        else:
            with pytest.raises(LinguistError, match=f"no id names a record of {resource}"):
                excluded_records([tmp_path / "t.tsv"], resource)


def test_ids_of_other_pair_sets_name_no_record(tmp_path):
    write_pairs(
        tmp_path / "t.tsv", [("17", "a", "b", 1), ("sp:12~sp:12-same", "c", "d", 0), ("xsp:r:0-9", "e", "f", 0)]
    )
    with pytest.raises(LinguistError, match="no id names a record of sp, so nothing would be excluded"):
        excluded_records([tmp_path / "t.tsv"], "sp")
    assert excluded_records([], "sp") == frozenset()
