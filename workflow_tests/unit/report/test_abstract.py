"""The abstract of a run: what it says of made-up runs whose truth is known, and how it is shown on a page."""

import json
import platform
import re

import pandas as pd
import pytest

from helpers.abstracts import CEILING, LEARNED, made_up_abstract, named_places, strange_numbers
from helpers.figures import texts
from linguist.errors import LinguistError
from linguist.report.abstract import NO_CEILING, NO_MATCHED, OPEN
from linguist.report.abstract_folder import publish_abstract, read_abstract, shown_block
from linguist.report.plots.abstract import abstract_figure, abstract_rows, face_of
from linguist.report.run_record import describe_cpu, public_config

SUPPORTED = LEARNED | {"dna50": 2, "dna50-hard": 1.5, "protein50": 2, "coding": 2}
COMPOSITION = LEARNED | {"dna50": 2}
PAGE = "# Title\n\n<!-- first answer -->\nold\n<!-- end of first answer -->\n\nrest\n"


def paragraphs(folder):
    """{heading: paragraph} of an abstract's bold headings."""
    lines = [line for line in (folder / "abstract.md").read_text().splitlines() if "**" in line]
    return {line.split("**")[1].partition(":")[0].rstrip("?"): line for line in lines}


@pytest.fixture(scope="module")
def supported(tmp_path_factory):
    return made_up_abstract(tmp_path_factory.mktemp("supported"), SUPPORTED)


@pytest.fixture(scope="module")
def composition(tmp_path_factory):
    return made_up_abstract(tmp_path_factory.mktemp("composition"), COMPOSITION)


def test_a_transfer_that_is_there_is_supported(supported):
    said = paragraphs(supported)
    assert list(said) == [
        "The primary hypothesis (m, fine-tuned on en, tested on DNA)",
        "Other sentences",
        "DNA",
        "Protein and coding",
        "Composition-matched sets",
        "How sure is this",
    ]
    assert all("not supported" not in line and "exploratory" not in line for line in said.values())
    assert "does not explain" in said["Composition-matched sets"]
    claims = pd.read_csv(supported / "transfer.claims.tsv", sep="\t").set_index("group")
    accuracy = float(re.search(r"Accuracy (0\.\d{3}) on dna50", said["DNA"])[1])
    assert accuracy == pytest.approx(claims["accuracy"]["DNA"], abs=0.00051) and "10 of 10 seeds" in said["DNA"]


def test_a_result_that_composition_explains_is_named_so(composition):
    said = paragraphs(composition)
    assert "**DNA: supported.**" in said["DNA"] and "not supported" in said["Protein and coding"]
    assert "not supported" in said["Composition-matched sets"] and "may explain" in said["Composition-matched sets"]
    assert "can be learned" in said["How sure is this"]


def test_few_seeds_are_exploratory(tmp_path):
    said = paragraphs(made_up_abstract(tmp_path, COMPOSITION, seeds=3))
    assert "**DNA: exploratory.**" in said["DNA"] and "needs 10 seeds" in said["DNA"]
    assert "3 seeds" in said["How sure is this"]


def test_a_model_that_did_not_learn_cannot_answer(tmp_path):
    folder = made_up_abstract(tmp_path, {}, ceiling={})
    text = (folder / "abstract.md").read_text()
    assert OPEN in text and "**DNA: not supported.**" in text and "do" not in text.split(OPEN)[0].split()
    assert "not measurably learn such pairs either" in text


def test_a_run_says_only_what_it_tested(tmp_path):
    tests = ("en", "fr", "dna50")
    folder = made_up_abstract(tmp_path, LEARNED, ceiling=None, tests=tests, controls=("untrained", "random-weights"))
    said = paragraphs(folder)
    assert "Protein and coding" not in said and NO_MATCHED in said["Composition-matched sets"]
    assert NO_CEILING in said["How sure is this"]
    # DNA is the primary hypothesis, and fails: others are then not tested, whatever their interval is
    assert "**Other sentences: not supported, as the primary hypothesis is not.**" in said["Other sentences"]
    assert "only if the primary hypothesis" in said["Other sentences"]
    assert "only if the primary hypothesis" not in said["DNA"]


def test_without_tests_of_sequences_nothing_is_said_of_them(tmp_path):
    folder = made_up_abstract(tmp_path, LEARNED, ceiling=None, tests=("en", "fr"))
    assert list(paragraphs(folder)) == ["Other sentences", "How sure is this"]
    assert NO_CEILING not in (folder / "abstract.md").read_text()


@pytest.mark.parametrize("name", ["supported", "composition"])
def test_every_number_stands_in_the_tables(name, request):
    folder = request.getfixturevalue(name)
    text = (folder / "abstract.md").read_text()
    assert strange_numbers(text, folder) == []
    said = f"{read_abstract(folder).claims['accuracy'].iloc[0]:.3f}"
    assert strange_numbers(text.replace(f"ccuracy {said}", "ccuracy 0.123"), folder)
    assert strange_numbers(text.replace("8600", "8601"), folder) == ["8601"]


def test_a_folder_is_small_and_names_no_place(supported):
    assert sum(path.stat().st_size for path in supported.iterdir()) < 500_000
    assert named_places(supported) == []
    config = {
        "lock": {"file": "/home/me/x.lock.yaml"},
        "mirror": "/data/mirror",
        "models": {"m": {"path": "/home/me/models/e5"}, "n": {"hub": "a/b"}},
        "resources": {"r": {"path": "resources/demo/a.fa"}, "s": {"url": "https://me:secret@x.org/a/b.gz"}},
        "blast": {"options": "-db /scratch/me/db -x"},
    }
    assert public_config(config) == {
        "mirror": "…/mirror",
        "models": {"m": {"path": "…/e5"}, "n": {"hub": "a/b"}},
        "resources": {"r": {"path": "resources/demo/a.fa"}, "s": {"url": "https://x.org/a/b.gz"}},
        "blast": {"options": "-db …/db -x"},
    }


def test_the_processor_is_known_by_its_name(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: A CPU @ 2 GHz\n")
    assert describe_cpu(tmp_path / "cpuinfo") == "A CPU @ 2 GHz"
    assert describe_cpu(tmp_path / "none") == platform.machine()


def test_the_figure_has_a_line_for_each_model_and_test(composition, tmp_path):
    abstract = read_abstract(composition)
    rows = list(abstract_rows(abstract))
    names = [name for name, _, cells in rows if cells]
    assert names == ["en", "fr", "de", "dna50", "dna50-hard", "protein50", "coding"]
    assert {name: list(cells) for name, _, cells in rows}["dna50"] == [("m", "en"), ("m", "dna50")]
    faces = {name: face_of(cells["m", "en"]) for name, _, cells in rows if ("m", "en") in cells}
    assert [name for name, face in faces.items() if face == "full"] == ["en", "fr", "de", "dna50"]
    shown = texts(abstract_figure(abstract), tmp_path / "figure.svg")
    assert {"dna50-hard (matched)", "closest control", "majority class", "m, fine-tuned on dna50"} <= set(shown)


def test_an_abstract_is_shown_between_two_comments(supported, tmp_path):
    page, folder = tmp_path / "README.md", tmp_path / "reports" / "first-answer"
    page.write_text(PAGE)
    publish_abstract(supported, folder, page)
    text, block = page.read_text(), shown_block(folder, page)
    assert text.startswith("# Title\n") and text.endswith("\n\nrest\n") and "old" not in text
    assert "](reports/first-answer/figure.svg)" in block and "(reports/first-answer/)" in block
    assert {path.name for path in folder.iterdir()} == {path.name for path in supported.iterdir()}
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    publish_abstract(folder, folder, page)
    assert page.read_text() == text and {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_cannot_be_shown_is_said_in_one_line(supported, tmp_path):
    page, folder = tmp_path / "README.md", tmp_path / "first-answer"
    page.write_text("# Title\n")
    with pytest.raises(LinguistError, match="<!-- first answer -->"):
        publish_abstract(supported, folder, page)
    with pytest.raises(LinguistError, match="write_abstract"):
        publish_abstract(tmp_path, folder, page)
    with pytest.raises(LinguistError, match="missing.md"):
        publish_abstract(supported, folder, tmp_path / "missing.md")
    other = tmp_path / "reports"
    other.mkdir()
    with pytest.raises(LinguistError, match="something else"):
        publish_abstract(supported, other, page)
    assert not folder.exists() and other.is_dir() and page.read_text() == "# Title\n"


def test_models_of_several_arms_are_named(tmp_path):
    """A ceiling's model is named by what it was fine-tuned on."""
    folder = made_up_abstract(tmp_path, COMPOSITION, ceiling=CEILING)
    assert "m fine-tuned on dna50 itself" in paragraphs(folder)["How sure is this"]
    assert json.loads((folder / "run.json").read_text())["studies"].keys() == {"transfer", "ceiling"}
