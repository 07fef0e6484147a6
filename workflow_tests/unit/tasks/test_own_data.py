"""Tasks from data as people have them: annotated genomes, FASTA files, BED regions and tables in a folder."""

import gzip
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml
from Bio import SeqIO
from Bio.SeqFeature import ExactPosition

from helpers.data import backwards, genbank, indexed, letters
from linguist.config.settle import complete_task
from linguist.errors import LinguistError
from linguist.sequences.annotation import read_gff3
from linguist.tally import Tally
from linguist.tasks.building import build_task
from linguist.tasks.cutting import cut_annotated
from linguist.tasks.recipes.gene_starts import cut_starts, find_starts
from linguist.tasks.recipes.splice_sites import cut_sites

ROOT = Path(__file__).parents[3]
ANSWERS = ["other", "promoter"]
SIZES = {"train": 20, "dev": 4, "test": 8}
CASES = yaml.safe_load((ROOT / "workflow_tests/inputs/own_data.yaml").read_text(encoding="utf-8"))


def starts_of(features, length, tmp_path):
    """The windows of a record with features, and how many features of each type gave a start."""
    path, used, tallies = tmp_path / "one.gb", Counter(), defaultdict(Tally)
    path.write_text(genbank(features, letters(random.Random(1), length)))
    windows = cut_annotated(
        {"sequences": path}, lambda *given: cut_starts(*given, used), {"length": 40, "seed": 1}, tallies
    )
    return windows, used, tallies["places"]


# ── gene starts ──


def test_cds_are_used_where_genes_are_lacking(tmp_path):
    features = [
        ("CDS", "1000..1300"),
        ("CDS", "complement(2000..2300)"),
        ("gene", "3000..3500"),
        ("CDS", "3100..3400"),  # in its gene, whose 5' end is the start
        ("CDS", "complement(3050..3450)"),  # on the other strand: in no gene
        ("CDS", "<4000..4300"),  # its 5' end is not known
        ("tRNA", "5000..5080"),  # no start, but a gene
    ]
    windows, used, tally = starts_of(features, 6000, tmp_path)
    assert {window[1:3] for window in windows if window[4] == 1} == {(999, 1), (2300, -1), (2999, 1), (3450, -1)}
    assert used == {"CDS": 3, "gene": 1}
    assert tally.read == 6 and tally.left_out == {"of a CDS in a gene": 1, "without an exact 5' end": 1}
    ends = [999, 2300, 2999, 3099, 3450, 3999, 4999]
    others = [window[1] for window in windows if window[4] == 0]
    assert others and all(abs(place - end) > 80 for place in others for end in ends)


def test_the_start_of_a_gene_across_the_origin_of_a_circular_record(tmp_path):
    windows, *_ = starts_of([("gene", "join(900..1000,1..100)")], 1000, tmp_path)
    assert [window[1:3] for window in windows if window[4] == 1] == [(899, 1)]
    windows, *_ = starts_of([("gene", "complement(join(900..1000,1..100))")], 1000, tmp_path)
    assert [window[1:3] for window in windows if window[4] == 1] == [(100, -1)]


@pytest.mark.parametrize("name", CASES)
def test_a_small_input_has_its_right_answer(name, tmp_path):
    """The rows of each class in the test split, or what the error of one line must say."""
    case = CASES[name]
    genome = indexed(tmp_path, {"chr1": "ACGT" * 50})
    spec = {"answers": ANSWERS, "length": 40, "sizes": SIZES, "seed": 1} | case["spec"]
    files = dict.fromkeys(["sequences"], genome)
    for key, texts in case["files"].items():
        paths = [tmp_path / f"{key}{number}" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text)
        files[key] = paths[0] if key in ("annotation", "sequences") else paths
        spec[key] = [path.name for path in paths]
    if "files" in spec:
        spec["files"], files = dict.fromkeys(SIZES, spec["files"]), dict.fromkeys(SIZES, files["files"])
    if "says" in case:
        with pytest.raises(LinguistError, match=case["says"]) as caught:
            build_task("t", spec, files)
        assert "\n" not in str(caught.value)
    else:
        assert [row[2] for row in build_task("t", spec, files)["test"]] == case["labels"]


def test_no_start_of_a_real_bacterium_is_called_elsewhere(real_data):
    path = real_data / "cds/ct.gbk"
    if not path.is_file():
        pytest.skip(f"no annotated bacterium at {path}")
    spec = {"recipe": "gene-starts", "answers": ANSWERS, "length": 60, "sizes": {"train": 800, "dev": 40, "test": 80}}
    rows = [row for part in build_task("t", spec | {"seed": 1}, {"sequences": path}).values() for row in part]
    lines = [line.split() for line in path.read_text().splitlines() if line.startswith(("     CDS  ", "     gene  "))]
    text = [place.replace("<", "").replace(">", "") for _, place in lines]
    ends = [
        int(place.rstrip(")").split("..")[-1])
        if "complement" in place
        else int(place.split("(")[-1].split("..")[0]) - 1
        for place in text
    ]
    assert len(ends) == 895 + 34
    others = [int(name.split(":")[1]) for name, _, label in rows if label == 0]
    assert len(others) == 460 and all(min(abs(place - end) for end in ends) > 120 for place in others)
    starts = {int(name.split(":")[1]) for name, _, label in rows if label == 1}
    assert len(starts) == 460 and starts <= set(ends)


# ── GFF3 ──


def as_gff3(records):
    """Lines of GFF3 with the same genes, transcripts and CDS as GenBank records."""
    yield "##gff-version 3"
    for record in records:
        for number, feature in enumerate(record.features):
            strand, name = "+" if feature.location.strand > 0 else "-", f"{feature.type}{number}"
            outer = f"{record.id}\tx\t{feature.type}\t{int(feature.location.start) + 1}\t{int(feature.location.end)}"
            if feature.type != "CDS":
                yield f"{outer}\t.\t{strand}\t.\tID={name};Note=a%3Bb"
            for part in feature.location.parts if feature.type != "gene" else []:
                kind, key = ("CDS", "ID") if feature.type == "CDS" else ("exon", "Parent")
                yield f"{record.id}\tx\t{kind}\t{part.start + 1}\t{part.end}\t.\t{strand}\t0\t{key}={name}"


def test_gff3_with_a_genome_gives_what_the_same_genes_in_genbank_give(tmp_path):
    """Real human records, written as GFF3 and FASTA."""
    with gzip.open(ROOT / "resources/demo/human_cds.gb.gz", "rt") as handle:
        records = list(SeqIO.parse(handle, "genbank"))
    for record in records:
        record.features = [
            feature
            for feature in record.features
            if feature.type in ("gene", "mRNA", "CDS")
            and feature.location.strand is not None
            and all(isinstance(end, ExactPosition) for p in feature.location.parts for end in (p.start, p.end))
            and not any(part.ref for part in feature.location.parts)
            and len({(p.start, p.end) for p in feature.location.parts}) == len(feature.location.parts)
        ]
    records = [record for record in records if record.features]
    fasta = indexed(tmp_path, {record.id: str(record.seq) for record in records})
    (tmp_path / "genes.gff3").write_text("\n".join(as_gff3(records)) + "\n")
    files = {"sequences": fasta, "annotation": tmp_path / "genes.gff3"}
    used, seen = Counter(), Counter()
    for cut, labels in ((lambda *given: cut_starts(*given, used), 2), (cut_sites, 3)):
        tallies, tally = defaultdict(Tally), Tally()
        found = cut_annotated(files, cut, {"length": 60, "seed": 1}, tallies)
        expected = [window for record in records for window in cut(record, 60, 1, tally)]
        assert sorted(found) == sorted(expected)
        assert tallies["places"].record() == tally.record()
        seen.update(window[4] for window in found)
        assert len({window[4] for window in found}) == labels
    assert min(seen.values()) > 100 and used["gene"] > 100


@pytest.mark.parametrize(("strand", "start"), [("+", 179), ("-", 20)])
def test_a_gene_across_the_origin_of_a_circular_genome(strand, start, tmp_path):
    """GFF3 counts on behind the end of the record: a gene at 180..220 of 200 bases ends at base 20."""
    fasta = indexed(tmp_path, {"c": "ACGT" * 50})
    region, gene = "c\tx\tregion\t1\t200\t.\t+\t.\tIs_circular=true", f"c\tx\tgene\t180\t220\t.\t{strand}\t.\tID=g"
    (tmp_path / "g.gff3").write_text(f"{region}\n{gene}\nelse\tx\tgene\t1\t9\t.\t+\t.\tID=h\n")
    tally = Tally()
    (record,) = read_gff3(tmp_path / "g.gff3", fasta, tally)
    assert tally.record() == {
        "read": 3,
        "dropped": {},
        "left_out": {"of records that the genome lacks": 1},
        "first": {},
    }
    assert find_starts(record, Counter(), Tally()) == ({(start, 1 if strand == "+" else -1)}, [start])


# ── FASTA ──


def write_fasta(path, sequences, mark=""):
    path.write_text("".join(f">s{number}{mark}\n{sequence}\n" for number, sequence in enumerate(sequences)))
    return path


def test_one_fasta_file_for_each_class(tmp_path):
    draw = random.Random(3)
    one, two = ([letters(draw, 50) for _ in range(20)] for _ in range(2))
    both = letters(draw, 50)
    one += [both, backwards(one[0])]  # in both classes, and a repeat from the other strand
    paths = [write_fasta(tmp_path / "a.fa", one), write_fasta(tmp_path / "b.fa", [*two, backwards(both).lower()])]
    spec = {"recipe": "fasta", "classes": ["a", "b"], "answers": ANSWERS, "sizes": SIZES, "seed": 1}
    splits = build_task("t", spec, {"classes": paths})
    rows = [row for part in splits.values() for row in part]
    assert {split: Counter(row[2] for row in part) for split, part in splits.items()} == {
        split: {0: size // 2, 1: size // 2} for split, size in SIZES.items()
    }
    assert all(sequence in (one, two)[label] for _, sequence, label in rows)
    assert len({row[0] for row in rows}) == len({row[1] for row in rows}) == len(rows)
    assert both not in {row[1] for row in rows} and backwards(both) not in {row[1] for row in rows}
    with pytest.raises(LinguistError, match="only 14 of 20 sequences of class .* for 'train'"):
        build_task("t", spec | {"sizes": SIZES | {"train": 40}}, {"classes": paths})


def test_fasta_files_with_splits_of_their_own(tmp_path):
    draw = random.Random(4)
    one, two = ([letters(draw, n) for n in (20, 30)] for _ in range(2))
    by_class = [write_fasta(tmp_path / "a.fa", one), write_fasta(tmp_path / "b.fa", two)]
    mixed = tmp_path / "mixed.fa"
    mixed.write_text(f">x|Promoter\n{one[0]}\n>y some words 0\n{two[0]}\n")
    spec = {"recipe": "fasta-splits", "answers": ANSWERS, "seed": 1}
    spec["files"] = {"train": ["a", "b"], "dev": ["mixed"], "test": ["a", "b"]}
    files = {"train": by_class, "dev": [mixed], "test": by_class}
    splits = build_task("t", spec, files)
    assert [row[1:] for row in splits["train"]] == [*((s, 0) for s in one), *((s, 1) for s in two)]
    assert [row[1:] for row in splits["dev"]] == [(one[0], 1), (two[0], 0)]
    with pytest.raises(LinguistError, match="mixed.fa, record x: label 'x' is not one of 0 .other., 1 .promoter."):
        mixed.write_text(f">x\n{one[0]}\n")
        build_task("t", spec, files)


# ── BED ──


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    draw = random.Random(5)
    bases = {name: letters(draw, 30_000) for name in ("chr1", "chr2", "chr3", "chr4")}
    return bases, indexed(tmp_path_factory.mktemp("genome"), bases)


def bed_task(genome, tmp_path, texts, record=None, **keys):
    paths = [tmp_path / f"{number}.bed" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    spec = {"recipe": "bed", "regions": [path.stem for path in paths], "answers": ANSWERS, "length": 40}
    return build_task(
        "t", spec | {"sizes": SIZES, "seed": 1} | keys, {"regions": paths, "sequences": genome[1]}, record
    )


def expected_window(bases, name):
    record, place, strand = name.split(":")
    text = bases[record][int(place) - 20 : int(place) + 20]
    return text if strand == "+" else backwards(text)


def places(step, offset):
    return [(f"chr{chrom}", at, at + 30) for chrom in (1, 2, 3, 4) for at in range(offset, 29_000, step)]


@pytest.mark.parametrize("way", ["column", "files", "elsewhere"])
def test_regions_of_a_genome_become_windows_of_their_class(way, genome, tmp_path):
    bases, _ = genome
    one = [f"{c}\t{s}\t{e}\tother\t0\t-" for c, s, e in places(3000, 500)]
    two = [f"{c}\t{s}\t{e}\tpromoter\t0\t+" for c, s, e in places(3000, 1500)]
    if way == "column":
        splits = bed_task(genome, tmp_path, ["track name=x\n" + "\n".join(one + two) + "\n"], class_column=4)
    elif way == "files":
        splits = bed_task(genome, tmp_path, ["\n".join(one) + "\n", "\n".join(two) + "\n"])
    else:
        splits = bed_task(genome, tmp_path, ["\n".join(two) + "\n"])
    for split, rows in splits.items():
        assert Counter(row[2] for row in rows) == {0: SIZES[split] // 2, 1: SIZES[split] // 2}
        for name, sequence, label in rows:
            assert sequence == expected_window(bases, name)
            at = int(name.split(":")[1])
            if label:
                assert at % 3000 == 1515 and name.endswith("+")
            elif way == "elsewhere":
                assert min(abs(at - 15 - start) for _, start, _ in places(3000, 1500)) > 80
            else:
                assert at % 3000 == 515 and name.endswith("-")


# ── what is read and not used ──


def counts_of(record):
    return {part: (counts["read"], counts["dropped"], counts["left_out"]) for part, counts in record["rows"].items()}


def used(splits):
    return sum(map(len, splits.values()))


def test_each_region_that_gives_no_window_is_counted(genome, tmp_path):
    """Of 80 regions: one of both classes (two lines), one at the end of its record, one given twice."""
    one = [f"{c}\t{s}\t{e}" for c, s, e in places(3000, 500)]
    two = [f"{c}\t{s}\t{e}" for c, s, e in places(3000, 1500)]
    texts = ["\n".join([*one, two[0], "chr1\t0\t6"]) + "\n", "\n".join([*two, two[1]]) + "\n"]
    record = {}
    splits = bed_task(genome, tmp_path, texts, record=record)
    regions, windows = len(one) + len(two) + 3, len(one) + len(two)
    assert counts_of(record) == {
        "regions": (regions, {"in several classes": 2}, {"too near an end of their record": 1}),
        "windows": (windows, {}, {"repeated": 1, "beyond sizes": windows - 1 - used(splits)}),
    }
    assert record["rows"]["regions"]["first"]["in several classes"].endswith(f"0.bed, line {len(one) + 1}")


def test_regions_with_unknown_letters_are_dropped_and_most_of_them_refused(tmp_path):
    draw = random.Random(6)
    genome = indexed(tmp_path, {f"chr{n}": letters(draw, 20_000) + "N" * 20_000 for n in (1, 2, 3, 4)})
    known = [f"chr{n}\t{at}\t{at + 30}\t{at // 500 % 2}" for n in (1, 2, 3, 4) for at in range(500, 19_000, 500)]
    unknown = [f"chr1\t{at}\t{at + 30}\t1" for at in range(21_000, 39_000, 100)]
    record = {}
    bed_task((None, genome), tmp_path, ["\n".join(known + unknown[:10]) + "\n"], class_column=4, record=record)
    assert record["rows"]["regions"]["dropped"] == {"with letters other than ACGT": 10}
    with pytest.raises(LinguistError, match=r"regions: 180 of 328 rows dropped \(54.9 %\).*first: .*0.bed, line 149"):
        bed_task((None, genome), tmp_path, ["\n".join(known + unknown) + "\n"], class_column=4)


def test_sequences_of_classes_that_are_not_used_are_counted(tmp_path):
    draw, record = random.Random(3), {}
    one, two = ([letters(draw, 50) for _ in range(20)] for _ in range(2))
    shared = one[3][:35] + letters(draw, 15)
    paths = [
        write_fasta(tmp_path / "a.fa", [*one, backwards(one[0]), two[0], "N" * 50, shared]),
        write_fasta(tmp_path / "b.fa", two),
    ]
    spec = {"recipe": "fasta", "classes": ["a", "b"], "answers": ANSWERS, "sizes": SIZES, "seed": 1}
    splits = build_task("t", spec, {"classes": paths}, record)
    (read, dropped, left_out) = counts_of(record)["sequences"]
    assert (read, dropped) == (44, {"of unknown letters alone": 1, "in several classes": 2})
    assert left_out["repeated"] == 1 and read == sum(dropped.values()) + sum(left_out.values()) + used(splits)


@pytest.mark.parametrize("name", ["gene-starts", "splice-sites", "repeats"])
def test_no_place_of_an_annotation_vanishes(name, tmp_path):
    """Rows read are rows dropped, left out or used."""
    answers, record = (["a", "d", "n"] if name == "splice-sites" else ANSWERS), {}
    sizes = {"train": 60, "dev": 12, "test": 12}
    spec = {"recipe": name, "answers": answers, "length": 60, "sizes": sizes, "seed": 1}
    file = "hg38.fa.gz" if name == "repeats" else "human_cds.gb.gz"
    splits = build_task("t", spec, {"sequences": ROOT / "resources/demo" / file}, record)
    counts = {
        part: (read, sum(dropped.values()), sum(left_out.values()))
        for part, (read, dropped, left_out) in counts_of(record).items()
    }
    read, dropped, left_out = counts["windows"]
    assert dropped == 0 and read - left_out == used(splits) == 84
    if name != "repeats":
        places, dropped, left_out = counts["places"]
        assert 0 < places - dropped - left_out <= read  # the others are tried at random


# ── tables ──


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (("train.csv", "dev.csv", "test.csv"), ["train.csv", "dev.csv", "test.csv"]),
        (("train.tsv", "valid.tsv", "test.tsv"), ["train.tsv", "valid.tsv", "test.tsv"]),
        (("train.csv", "validation.jsonl", "test.parquet"), ["train.csv", "validation.jsonl", "test.parquet"]),
        ((), ["train.csv", "dev.csv", "test.csv"]),  # the check of the config then says what is missing
    ],
)
def test_the_tables_of_a_folder_are_found_by_their_usual_names(names, read, tmp_path):
    for name in names:
        (tmp_path / name).write_text("sequence,label\nACGT,promoter\nACGA,0\n")
    files = complete_task({"folder": str(tmp_path)})["files"]
    assert [Path(files[split][0]).name for split in ("train", "dev", "test")] == read


def test_a_label_may_be_the_answer(tmp_path):
    (tmp_path / "t.csv").write_text("sequence,label\nACGT,Promoter\nACGA,0\nACGC,other\nACGG,1\n")
    spec = {"recipe": "table", "answers": ANSWERS, "seed": 1}
    spec["files"] = {split: ["t"] for split in ("train", "dev", "test")}
    files = {split: [tmp_path / "t.csv"] for split in spec["files"]}
    assert [row[2] for row in build_task("t", spec, files)["test"]] == [1, 0, 0, 1]
    # Numbers count from 0 also where an answer is a number.
    (tmp_path / "t.csv").write_text("sequence,label\nACGT,1\nACGA,0\n")
    assert [row[2] for row in build_task("t", spec | {"answers": ["1", "0"]}, files)["test"]] == [1, 0]
