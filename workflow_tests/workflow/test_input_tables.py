"""Tables as people have them, through `snakemake`: what is read, what is refused, and what the record and the page say of it."""

import json
import zipfile

import yaml

from helpers.runs import error_lines

HEADER = "sentence1,sentence2,label\n"
ROWS = "".join(f"a{i},b{i},{i % 2}\n" for i in range(40))
GOOD = {  # table: rows read, dropped, and left out
    "semicolons": ((HEADER + ROWS).replace(",", ";"), 40, 0, 0),
    "capitals": ("Sentence1 , SENTENCE2, Label\n" + ROWS, 40, 0, 0),
    "spreadsheet-rows": (HEADER + ROWS + ",,\n", 41, 1, 0),
    "unlabelled": (HEADER + ROWS + "a,b,\n" * 10, 50, 10, 0),
    "contradictory": (HEADER + ROWS + "x,x,0\na1,b1,0\n", 42, 0, 3),
}
BAD = {  # table: what its error says
    "mostly-unlabelled": (HEADER + ROWS + "a,b,\n" * 60, "test: 60 of 100 rows dropped (60.0 %)"),
    "no-header": (ROWS, "no header line"),
    "fasta": (">a\nACGT\n", "this is FASTA"),
    "page": ("<!doctype html><html></html>\n", "this is an HTML page"),
    "pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "this is a Git LFS pointer"),
    "few": (HEADER + ROWS, "its tables have 40 rows, but sizes.test is 41"),
    "refused": (HEADER + ROWS + "x,x,0\n", "contradictory labels: 1 in test: equal sides labelled different"),
}
SHOWN = ("unlabelled", "contradictory")  # on their pages
RULES = {"contradictory": {"conflicts": "drop"}, "refused": {"conflicts": "error"}}
SIZES = {"few": {"sizes": {"test": 41}}, "semicolons": {"sizes": {"test": 40}}}


def test_tables_are_read_or_named_and_what_is_dropped_is_on_the_page(checkout, snakemake):
    tables = {name: text for name, (text, *_) in (GOOD | BAD).items()}
    with zipfile.ZipFile(checkout / "tables.zip", "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.csv", text)
    pairset = {"kind": "sentence", "recipe": "table"}
    content = {
        "resources": {"tables": {"path": "tables.zip"}},
        "pairsets": {
            name: pairset
            | {"files": {"test": [f"tables:{name}.csv"]}, "rules": RULES.get(name, {"disjoint": True})}
            | SIZES.get(name, {})
            for name in tables
        },
    }
    (checkout / "tables.yaml").write_text(yaml.safe_dump(content))
    targets = [f"results/pairs/{name}/test.tsv" for name in tables]
    targets += [f"results/report/pairs/{name}.html" for name in SHOWN]
    run = snakemake(checkout, *targets, "--cores", "2", "--keep-going", "--configfile", "tables.yaml")
    errors = error_lines(run)
    assert run.returncode != 0 and "Traceback" not in run.stderr
    for name, (_, said) in BAD.items():
        assert sum(said in line and f"pairs/{name}: " in line for line in errors) == 1, (name, errors)
        assert not (checkout / f"results/pairs/{name}/test.tsv").exists()
    assert len(errors) == len(BAD), errors
    for name, (_, read, dropped, left_out) in GOOD.items():
        record = json.loads((checkout / f"results/pairs/{name}/rows.json").read_text())
        counts = record["rows"]["test"]
        found = [counts["read"], *(sum(counts[key].values()) for key in ("dropped", "left_out"))]
        assert found == [read, dropped, left_out], name
        rows = (checkout / f"results/pairs/{name}/test.tsv").read_text().split("\n")
        assert len(rows) - 3 == read - dropped - left_out  # the header, END and what follows the last line
        log = (checkout / f"logs/build_pairs/{name}.log").read_text()
        assert f"{dropped} of {read} rows dropped" in log and ("warning" in log) == (dropped > 0.05 * read)
        if name in SHOWN:
            page = (checkout / f"results/report/pairs/{name}.html").read_text()
            assert f"{dropped} of {read} rows dropped" in page
