"""The result in README.md is the one of the tables in reports/first-answer, number by number."""

import re

import pytest

from helpers.abstracts import named_places, strange_numbers
from helpers.data import ROOT
from linguist.report.abstract_folder import abstract_text, read_abstract, shown_block

FOLDER, PAGE = ROOT / "reports" / "first-answer", ROOT / "README.md"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="reports/first-answer is not there yet: make first-answer")


def test_the_readme_says_what_the_tables_say():
    block = shown_block(FOLDER, PAGE)
    assert block == abstract_text(read_abstract(FOLDER), "reports/first-answer/").strip()
    assert strange_numbers(block, FOLDER) == []


def test_every_file_that_the_readme_shows_is_there():
    block = shown_block(FOLDER, PAGE)
    links = re.findall(r"\]\(([^)]+)\)", block)
    assert links and all((ROOT / link).exists() for link in links if "://" not in link)


def test_the_folder_is_small_and_names_no_machine():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 500_000
    assert named_places(FOLDER) == []
