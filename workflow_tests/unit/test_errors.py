"""Messages are one short line that any log can hold, and hide what is secret in an address, and nothing else."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linguist.errors import LONGEST, LONGEST_MESSAGE, LinguistError, hide_credentials, one_line, show


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://anna:p%40ss@host:8080/a/b.gz", "https://host:8080/a/b.gz"),
        ("https://an@na:pass@host/a", "https://host/a"),
        ("ftp://anna@host", "ftp://host"),
        ("https://host/a?access_token=x&id=7", "https://host/a?access_token=***&id=7"),
        ("https://host/a?se=1&sig=x%2Fy#part", "https://host/a?se=1&sig=***#part"),
        ("'https://host/a?API_KEY=x' and https://u:p@host/b", "'https://host/a?API_KEY=***' and https://host/b"),
        ("https://host/a@b?id=7&report=fasta&download=1", "https://host/a@b?id=7&report=fasta&download=1"),
        ("pairs/en: 3 columns; write to anna@host", "pairs/en: 3 columns; write to anna@host"),
        ("key=value; token=x", "key=value; token=x"),
    ],
)
def test_credentials_are_hidden(text, shown):
    assert hide_credentials(text) == shown
    assert str(LinguistError(text)) == shown


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=200) | st.dates(),
    lambda below: st.lists(below) | st.dictionaries(st.text(max_size=9) | st.integers() | st.dates(), below),
)


def is_short(text, longest):
    text.encode()
    return len(text) <= longest and len(text.splitlines()) <= 1 and "\x1b" not in text


@given(anything)
def test_a_value_is_shown_on_one_short_line(value):
    assert is_short(str(LinguistError(show(value))), 6 * LONGEST)  # at most six signs for an odd letter
    assert len(show(value)) <= LONGEST


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**7,
        ["x" * 10**7],
        list(range(10**5)),
        nested(10**5),
        16**5000,
        {"a": 16**5000},
        {datetime.date.min: 1},
        b"x",
    ],
    ids=lambda value: type(value).__name__,
)
def test_odd_values_are_shown_too(value):
    assert is_short(show(value), LONGEST)


@pytest.mark.parametrize("value", [None, True, 1.0e-5, "text", [1, "a"], {"a": 1}, "é", ["東"]])
def test_short_values_are_shown_whole(value):
    assert eval(show(value), {"null": None, "true": True}) == value


@given(st.text(st.characters(), max_size=5000))
def test_a_message_is_one_line_with_its_beginning_and_its_cure(text):
    error = LinguistError(f"pairs/en: {text}; mend it")
    assert is_short(str(error), 6 * LONGEST_MESSAGE)
    assert str(error).startswith("pairs/en: ") and str(error).endswith("; mend it")
    assert str(LinguistError(error)) == str(error) or len(text) > LONGEST_MESSAGE / 6
    assert len(one_line(ValueError(text)).splitlines()) <= 1
