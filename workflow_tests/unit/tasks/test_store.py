"""Tasks: tables are read as they are, windows are where the annotation says, and splits share nothing."""

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from helpers.data import backwards, genbank
from linguist.errors import LinguistError
from linguist.tally import Tally
from linguist.tasks.building import build_task
from linguist.tasks.cutting import cut_annotated, stretches
from linguist.tasks.recipes import RECIPES
from linguist.tasks.recipes.splice_sites import cut_sites
from linguist.tasks.recipes.table import read_task_table
from linguist.tasks.store import read_task, write_task

ROOT = Path(__file__).parents[3]
SITES = ["Acceptor Sites", "Donor Sites", "Non-Splice Sites"]
DEMO = {
    "splice-sites": ("human_cds.gb.gz", SITES, {"train": 300, "dev": 30, "test": 90}),
    "gene-starts": ("human_cds.gb.gz", ["Non-promoter", "promoter"], {"train": 100, "dev": 20, "test": 40}),
    "repeats": ("hg38.fa.gz", ["Unique Sequence", "Repeat"], {"train": 200, "dev": 20, "test": 60}),
}


def demo_task(recipe, **changes):
    file, answers, sizes = DEMO[recipe]
    spec = {"recipe": recipe, "answers": answers, "length": 60, "sizes": sizes, "seed": 1} | changes
    return build_task("demo", spec, {"sequences": ROOT / "resources/demo" / file})


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_is_known_without_its_code_and_describes_itself(recipe):
    assert recipe.kinds == ("dna",) and recipe.needs and recipe.description
    spec = {"sequences": "genome", "files": {split: ["a:b.csv", "c"] for split in ("train", "dev", "test")}}
    spec |= {"classes": ["a:b.fa", "c"], "regions": ["a:b.bed"]}
    read = recipe.files(spec, "t")
    assert set(read) in ({"sequences"}, {"train", "dev", "test"}, {"classes"}, {"regions", "sequences"})
    assert recipe.resources(spec) in (["genome"], ["a:b.csv", "c"] * 3, ["a:b.fa", "c"], ["genome", "a:b.bed"])


@pytest.mark.parametrize("recipe", DEMO)
def test_real_windows_come_in_equal_classes_and_splits_share_no_word(recipe):
    _, answers, sizes = DEMO[recipe]
    splits = demo_task(recipe)
    for split, rows in splits.items():
        assert Counter(label for *_, label in rows) == dict.fromkeys(range(len(answers)), sizes[split] // len(answers))
        assert all(len(sequence) == 60 and set(sequence) <= set("ACGT") for _, sequence, _ in rows)
    later = [
        {w for _, s, _ in splits[name] for w in stretches(s) | stretches(backwards(s))} for name in ("dev", "test")
    ]
    for _, sequence, _ in splits["train"]:
        assert later[0].isdisjoint(stretches(sequence)) and later[1].isdisjoint(stretches(sequence))
    assert len({row[0] for rows in splits.values() for row in rows}) == sum(map(len, splits.values()))
    assert splits == demo_task(recipe) and splits != demo_task(recipe, seed=2)


def test_splice_sites_have_their_motif_in_the_middle_and_so_have_decoys():
    rows = [row for part in demo_task("splice-sites").values() for row in part]
    for _, sequence, label in rows:
        assert label != 0 or sequence[28:30] == "AG"
        assert label != 1 or sequence[30:32] == "GT"
        assert label != 2 or sequence[28:30] == "AG" or sequence[30:32] == "GT"


@pytest.mark.parametrize("strand", [1, -1])
def test_a_site_is_read_along_its_strand(strand, tmp_path):
    """One gene, whose intron GT...AG lies at 40..80, in a record where nothing else looks like one."""
    plus = "CT" * 20 + "GT" + "CA" * 18 + "AG" + "TC" * 20
    sequence, place = (
        (plus, "join(1..40,81..120)") if strand > 0 else (backwards(plus), "complement(join(1..40,81..120))")
    )
    path = tmp_path / "one.gb"
    path.write_text(genbank([("CDS", place)], sequence))
    windows = cut_annotated({"sequences": path}, cut_sites, {"length": 20, "seed": 1}, defaultdict(Tally))
    found = {label: window for *_, window, label in windows if label < 2}
    assert found == {1: plus[30:50], 0: plus[70:90]}


def test_too_few_windows_are_one_line():
    with pytest.raises(LinguistError, match=r"tasks/demo: .* of 5000 .*sizes.train"):
        demo_task("gene-starts", sizes={"train": 10000, "dev": 20, "test": 40})


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "gz"])
def test_a_table_comes_out_as_it_is(form, tmp_path):
    path = tmp_path / f"t.{form}"
    texts = {
        "csv": "sequence,label\nacgt,0\nACGN,1\n",
        "tsv": "label\tsequence\n0\tacgt\n1\tACGN\n",
        "jsonl": '{"sequence": "acgt", "label": 0}\n{"sequence": "ACGN", "label": 1}\n',
    }
    if form == "gz":
        path.write_bytes(gzip.compress(texts["csv"].encode()))
    else:
        path.write_text(texts[form])
    rows = read_task_table(path, ["no", "yes"], "test-")
    assert rows == [("test-1", "ACGT", 0), ("test-2", "ACGN", 1)]
    write_task(tmp_path / "test.tsv", rows)
    assert list(read_task(tmp_path / "test.tsv").itertuples(index=False, name=None)) == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "sequence,label\nACGT,2\n",
            "line 2: label '2' is not one of 0 (no), 1 (yes)",
        ),
        ("sequence,label\nACXT,1\n", "line 2: 'X' in sequence is not a letter of the dna alphabet"),
        ("dna,label\nACGT,1\n", "no column 'sequence' (found: dna, label)"),
        ("sequence,label\nACGT,1,7\n", "line 2: 3 columns, expected 2"),
    ],
)
def test_a_wrong_table_is_one_line(text, said, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(LinguistError) as caught:
        read_task_table(tmp_path / "t.csv", ["no", "yes"])
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_ids_have_no_blanks_and_stand_once(tmp_path):
    """BLAST ends a name at the first blank."""
    (tmp_path / "t.csv").write_text("id,sequence,label\nchr1 10,ACGT,1\nchr1 20,ACGT,0\n")
    assert [row[0] for row in read_task_table(tmp_path / "t.csv", ["no", "yes"])] == ["chr1_10", "chr1_20"]
    (tmp_path / "t.csv").write_text("id,sequence,label\na,ACGT,1\na,ACGT,0\n")
    spec = {
        "recipe": "table",
        "answers": ["no", "yes"],
        "files": dict.fromkeys(("train", "dev", "test"), ["r"]),
        "seed": 1,
    }
    with pytest.raises(LinguistError, match="tasks/t: split 'train': id 'a'"):
        build_task("t", spec, dict.fromkeys(("train", "dev", "test"), [tmp_path / "t.csv"]))


def test_a_record_without_its_sequence_is_one_line(tmp_path):
    text = genbank([("CDS", "join(1..40,81..120)"), ("gene", "join(J00194.1:3..4,9..20)")], "ACGT" * 40)
    (tmp_path / "con.gb").write_text(text.partition("ORIGIN")[0] + "CONTIG      join(X1.1:1..160)\n//\n")
    spec = {"recipe": "splice-sites", "answers": SITES, "length": 20, "sizes": DEMO["splice-sites"][2], "seed": 1}
    with pytest.raises(LinguistError, match="con.gb, record 1"):
        build_task("t", spec, {"sequences": tmp_path / "con.gb"})


def test_a_split_without_a_class_is_one_line(tmp_path):
    (tmp_path / "t.csv").write_text("sequence,label\nACGT,1\n")
    spec = {
        "recipe": "table",
        "answers": ["no", "yes"],
        "files": dict.fromkeys(("train", "dev", "test"), ["r"]),
        "seed": 1,
    }
    with pytest.raises(LinguistError, match="tasks/t: split 'train' has no row of class 'no'"):
        build_task("t", spec, dict.fromkeys(("train", "dev", "test"), [tmp_path / "t.csv"]))


def test_a_damaged_file_of_a_task_is_one_line(tmp_path):
    (tmp_path / "t.tsv").write_text("id\tsequence\nx\tACGT\n")
    with pytest.raises(LinguistError, match="t.tsv"):
        read_task(tmp_path / "t.tsv")


def test_real_gue_labels_of_splice_sites_are_acceptor_donor_neither(real_data):
    rows = read_task_table(real_data / "gue/splice/reconstructed/test.csv", SITES)
    motif = [
        Counter(s[198:200] if label == 0 else s[200:202] for _, s, label in rows if label == kind) for kind in (0, 1, 2)
    ]
    assert motif[0]["AG"] / motif[0].total() > 0.98 and motif[1]["GT"] / motif[1].total() > 0.98
    assert motif[2]["GT"] / motif[2].total() < 0.5


def test_the_authors_instructions_call_real_splice_sites_by_other_names(real_data):
    """All of their "Non-Splice Sites" have an acceptor's AG before the middle: their names must not be taken over."""
    rows = json.loads((real_data / "authors/gpt2-small2-sft3.json").read_text())
    called = {name: [row["input"] for row in rows if row["output"] == name] for name in SITES}
    assert all(sequence[198:200] == "AG" for sequence in called["Non-Splice Sites"])
    assert sum(sequence[200:202] == "GT" for sequence in called["Acceptor Sites"]) / len(called["Acceptor Sites"]) > 0.9


def test_rows_of_a_sorted_table_are_drawn(tmp_path):
    """GUE's TF 0 has the first half of its test split in one class."""
    rows = "".join(f"ACGT{'A' * (n % 7)},{n // 500}\n" for n in range(1000))
    (tmp_path / "t.csv").write_text("sequence,label\n" + rows)
    files = dict.fromkeys(("train", "dev", "test"), ["r"])
    spec = {"recipe": "table", "answers": ["no", "yes"], "files": files, "seed": 1}
    places = dict.fromkeys(files, [tmp_path / "t.csv"])
    some = build_task("t", spec | {"sizes": {"test": 600}}, places)
    assert len(some["test"]) == 600 and 250 < sum(label for *_, label in some["test"]) < 350
    assert some == build_task("t", spec | {"sizes": {"test": 600}}, places)
    assert some["test"] != build_task("t", spec | {"sizes": {"test": 600}, "seed": 2}, places)["test"]
    assert len(some["train"]) == 1000, "all, in their order, where no size is asked for"
    assert [row[0] for row in some["train"]] == [f"train-0-{n}" for n in range(1, 1001)]
