"""Messages hide what is secret in an address, and nothing else."""

import pytest

from linguist.errors import LinguistError, hide_credentials


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
