"""Names of a study file stand in paths, shell commands, pages and captions, where none of them needs quotes."""

import html
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linguist.config.schema import read_schema

DEFINITIONS = read_schema()["$defs"]
NAMES = ("name", "source_name", "resource_name")


@pytest.mark.parametrize("kind", NAMES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_name_is_the_same_wherever_it_stands(kind, data):
    node = DEFINITIONS[kind]
    name = data.draw(st.from_regex(node["pattern"], fullmatch=True).filter(lambda text: len(text) <= node["maxLength"]))
    assert shlex.quote(name) == html.escape(name) == Path(name).name == name
    assert len(f"{name}.{name}.shuffled-random".encode()) < 255  # a file's name


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize(
    "name", ["a\n", "a b", "a;b", "a'b", "-a", "../a", "a/b", "a<b", "a$b", "a`b", "a{b}", "", "a" * 81]
)
def test_a_text_that_needs_quotes_is_no_name(kind, name):
    from linguist.config.validation import Validator

    assert not Validator(DEFINITIONS[kind]).is_valid(name)
