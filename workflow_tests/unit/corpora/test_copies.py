"""No document of a corpus copies a test sequence, wherever it stands and whatever its name: checked by slow code of its own."""

import random
from collections import Counter

import numpy as np
import pytest

from helpers.data import RESIDUES, ROOT, backwards, indexed, letters
from linguist.corpora import copies
from linguist.corpora.copies import copied_regions, excluded_words, merge_regions
from linguist.corpora.documents import collect_documents
from linguist.corpora.exclusions import excluded_records, excluded_regions
from linguist.corpora.segments import SegmentOptions, bases_left_out, segment_genome
from linguist.files import read_lines
from linguist.pairs.store import write_pairs
from linguist.sequences.fasta import read_sequences

# ── proteins ──


def test_a_test_protein_is_left_out_under_another_name(tmp_path):
    """Twelve residues in a row are enough, wherever they stand; the DNA side of a coding pair is no protein."""
    protein = "MKVLAWDERTYHGFNQ"
    write_pairs(tmp_path / "a.tsv", [("sp:P1:0-16~sp:P2:0-16", protein, "WWYYHHFFGGEEDDCC", 0)])
    write_pairs(tmp_path / "b.tsv", [("cds:g:0-36~sp:P3:0-12", "A" * 36, "QNFGHYTREDWA", 1)])
    records = {"same": protein, "inside": f"GG{protein[2:14]}GG", "short": protein[:11] + "W", "dna": "A" * 20}
    records |= {"second": "CCDDWWYYHHFFGGEE", "coding": "QNFGHYTREDWA", "shorter": "MKV"}
    (tmp_path / "p.fa").write_text("".join(f">{name}\n{text}\n" for name, text in records.items()))
    words = excluded_words([tmp_path / "a.tsv", tmp_path / "b.tsv"], ["protein", "coding"])
    counts = collect_documents([tmp_path / "p.fa"], "protein", None, tmp_path / "c.txt", words=words)
    kept = [records[name] for name in ("short", "dna", "shorter")]
    assert (tmp_path / "c.txt").read_text().split() == kept and counts["excluded"] == 4
    assert counts["rows"]["left_out"] == {"with 12 residues in a row of an excluded protein": 4}
    assert len(excluded_words([], [])) == 0


def collect(path, target, **options):
    collect_documents([path], "protein", None, target, **options)
    return list(read_lines(target))


def test_no_document_of_the_demo_contains_a_test_window_and_none_both_sides_of_a_positive(tmp_path):
    """Excluded by name alone, some would: the demo has proteins of one family under many accessions."""
    source = ROOT / "resources/demo/uniprot.fasta.gz"
    draw, proteins = random.Random(0), list(read_sequences(source, "protein"))
    known = {}  # words of twelve residues to their records: two records of one word are a positive
    rows = []
    for record in proteins:
        for at in range(0, len(record.sequence) - 50, 25):
            other = known.setdefault(record.sequence[at : at + 12], (record, at))
            if other[0] is not record and set(record.sequence[at : at + 50]) <= set(RESIDUES):
                windows = [(one.name, one.sequence[place : place + 50], place) for one, place in (other, (record, at))]
                name = "~".join(f"uniprot:{name}:{place}-{place + 50}" for name, _, place in windows)
                rows.append((name, *(window.upper() for _, window, _ in windows), 1))
    rows = draw.sample(rows, min(len(rows), 40))
    assert len(rows) >= 20
    write_pairs(tmp_path / "test.tsv", rows)
    names = excluded_records([tmp_path / "test.tsv"], ["uniprot"])["uniprot"]
    words = excluded_words([tmp_path / "test.tsv"], ["protein"])
    by_name = collect(source, tmp_path / "named.txt", excluded={source: names})
    found = collect(source, tmp_path / "corpus.txt", excluded={source: names}, words=words)
    windows = {window for row in rows for window in row[1:3]}

    def holding(documents, size):
        parts = {window[at : at + size] for window in windows for at in range(len(window) - size + 1)}
        return sum(any(text[at : at + size] in parts for at in range(len(text))) for text in documents)

    assert holding(found, 12) == 0 < holding(by_name, 12)
    assert not any(one in text or two in text for text in found for _, one, two, _ in rows)
    assert 0 < len(by_name) - len(found) < len(by_name) / 2


# ── genomes ──


LONGEST = 300


def canonical(text, size=25):
    """The distinct words of a text, each as the first of itself and its reverse complement."""
    words = {text[at : at + size] for at in range(len(text) - size + 1)}
    return {min(word, backwards(word)) for word in words if set(word) <= set("ACGT")}


def copied(document, windows, size=25):
    """The windows of which a document holds half of the words or more."""
    found = canonical(document, size)
    return [window for window in windows if 2 * len(canonical(window, size) & found) >= len(canonical(window, size))]


def mutated(text, *places):
    return "".join(("C" if letter == "A" else "A") if at in places else letter for at, letter in enumerate(text))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """(genome, its records, table of test windows, windows, {name of a planted part: its place})."""
    folder, draw = tmp_path_factory.mktemp("planted"), random.Random(1)
    windows = [letters(draw, 150) for _ in range(6)] + [letters(draw, 50) for _ in range(4)]
    windows[5] = windows[5][:110] + "A" * 40  # its tail is a repeat
    table = folder / "test.tsv"
    write_pairs(table, [(f"x:c:{n}-{n + 1}~y:c:0-1", *windows[n : n + 2], n % 4 // 2) for n in range(0, 10, 2)])
    parts = {
        "same": windows[0],
        "other strand": backwards(windows[1]),
        "two differences": mutated(windows[2], 49, 99),
        "three quarters": windows[3][20:132],
        "in two halves": windows[4][:75] + letters(draw, 60) + backwards(windows[4][75:]),
        "lower case": windows[6].lower(),
        "short": backwards(windows[7])[5:45],
        "a third": windows[8][:32],  # 8 of 26 words
        "many differences": mutated(windows[3], *range(7, 150, 15)),
        "repeat": "A" * 400,
        "microsatellite": "CA" * 200,
    }
    records, places = {}, {}
    for number, group in enumerate((list(parts)[:6], list(parts)[6:])):
        text = letters(draw, 500)
        for name in group:
            places[name] = f"c{number}", len(text), len(text) + len(parts[name])
            text += parts[name] + letters(draw, draw.randint(400, 700))
        records[f"c{number}"] = text
    return indexed(folder, records), records, table, windows, places


LEFT = ("a third", "many differences", "repeat", "microsatellite")


def test_copies_of_test_windows_are_found_and_repeats_are_not(planted):
    fasta, _, table, windows, places = planted
    found = copied_regions(fasta, [table], ["dna"], LONGEST)
    for name, (record, start, end) in places.items():
        touching = [(low, high) for low, high in found.get(record, []) if low < end and start < high]
        if name in LEFT:
            assert not touching, name
        else:
            # from the first to the last word that is left; a letter beside may be the window's by chance
            (low, high) = touching[0]
            assert len(touching) == 1 and start - 3 <= low and high <= end + 3, name
            assert high - low >= (end - start) / 3, name
    assert sum(map(len, found.values())) == len(places) - len(LEFT)
    assert copied_regions(fasta, [], [], LONGEST) == copied_regions(fasta, [table], ["protein"], LONGEST) == {}


@pytest.mark.parametrize("block", [60, 97, 333])
def test_the_blocks_of_a_genome_cannot_be_seen(planted, block, monkeypatch):
    fasta, _, table, *_ = planted
    whole = copied_regions(fasta, [table], ["dna"], LONGEST)
    monkeypatch.setattr(copies, "BLOCK", block)
    assert copied_regions(fasta, [table], ["dna"], LONGEST) == whole


@pytest.mark.parametrize("strands", ["forward", "both"])
def test_no_segment_has_half_of_the_words_of_a_test_window(planted, tmp_path, strands):
    fasta, records, table, windows, _ = planted
    regions = copied_regions(fasta, [table], ["dna"], LONGEST)

    def cut(copies):
        options = SegmentOptions(lengths=(100, LONGEST), strands=strands, seed=1, dev=0.1)
        counts = segment_genome(fasta, tmp_path / "t.txt", tmp_path / "t.bed", options, {"c0": [(0, 40)]}, copies)
        return counts, list(read_lines(tmp_path / "t.txt"))

    counts, documents = cut(regions)
    assert not any(copied(text, windows) for text in documents)
    assert any(copied(text, windows) for text in cut({})[1])
    assert counts["excluded"] == 40 and counts["copies"] == sum(
        end - start for spans in regions.values() for start, end in spans
    )
    tally = bases_left_out(counts)
    assert tally.left_out["in copies of test windows"] == counts["copies"]
    assert counts["genome"] == counts["bytes"] + tally.left_out.total()


def test_what_is_excluded_by_place_counts_once(planted, tmp_path):
    fasta, _, table, _, places = planted
    regions, (record, start, end) = copied_regions(fasta, [table], ["dna"], LONGEST), places["same"]
    options = SegmentOptions(lengths=(100, LONGEST), strands="forward", seed=1, dev=0.1)
    place = {record: [(start - 10, end + 10)]}
    counts = segment_genome(fasta, tmp_path / "t.txt", tmp_path / "t.bed", options, place, regions)
    elsewhere = sum(high - low for spans in regions.values() for low, high in spans) - (end - start)
    assert (counts["excluded"], counts["copies"]) == (end - start + 20, elsewhere)


def test_random_genomes_keep_no_copy(tmp_path):
    """Windows and genome share words by chance at eight letters, in any order and often: the slow check says what may stay."""
    draw, size = random.Random(3), 8
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "COPY_WORD", size)
        kept = 0
        for number in range(4):
            folder = tmp_path / str(number)
            folder.mkdir()
            windows = [letters(draw, draw.randint(8, 30), "ACG") for _ in range(6)]
            text = "".join(draw.choice([letters(draw, 20), *windows, backwards(windows[0])]) for _ in range(30))
            fasta, table = indexed(folder, {"c": text}), folder / "test.tsv"
            write_pairs(table, [(f"a{n}~b", *windows[n : n + 2], 1) for n in range(0, 6, 2)])
            longest, at = 50, np.zeros(len(text), bool)
            for start, end in copied_regions(fasta, [table], ["rna"], longest)["c"]:
                at[start:end] = True
            documents = "".join("-" if out else letter for out, letter in zip(at, text, strict=True)).split("-")
            size = min(8, *map(len, windows))
            for document in documents:
                for start in range(max(1, len(document) - longest + 1)):
                    assert not copied(document[start : start + longest], windows, size)
            kept += sum(map(len, documents))
        assert kept > 0


def test_the_dna_of_coding_pairs_and_rna_count(tmp_path):
    draw = random.Random(2)
    gene, transcript, text = letters(draw, 60), letters(draw, 60), letters(draw, 900)
    fasta = indexed(tmp_path, {"c": text[:300] + gene + text[300:600] + backwards(transcript) + text[600:]})
    write_pairs(tmp_path / "a.tsv", [("cds:g:0-60~sp:P:0-20", gene, "M" * 20, 1)])
    write_pairs(tmp_path / "b.tsv", [("r:t:0-60~r:u:0-60", transcript.replace("T", "U"), "ACGU" * 15, 1)])
    found = copied_regions(fasta, [tmp_path / "a.tsv", tmp_path / "b.tsv"], ["coding", "rna"], LONGEST)
    assert found == {"c": [(300, 360), (660, 720)]}
    assert excluded_regions(fasta, tables=[tmp_path / "a.tsv"], resource="hg") == {}  # no place names it


def test_regions_that_touch_are_one():
    assert merge_regions([(5, 9), (0, 3), (3, 4), (6, 8), (9, 10)]) == [(0, 4), (5, 10)]


def test_a_word_of_many_windows_is_found_for_each(tmp_path):
    draw = random.Random(4)
    shared = letters(draw, 40)
    windows = [shared + letters(draw, 10) for _ in range(3)]
    words = copies.WindowWords(windows)
    at, entry = words._find_words("T" * 30 + shared + "T" * 30)
    assert Counter(at.tolist()) == dict.fromkeys(range(30, 46), 3)
    assert set(words.owners[entry].tolist()) == {0, 1, 2}
