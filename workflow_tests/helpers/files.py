"""What a folder holds, and failures that leave it as it was."""

import pytest

from linguist.errors import LinguistError


def listing(folder):
    """All that is below a folder: names, and the bytes of the files."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def failure(call, folder, *words):
    """Assert that the call fails with one line that holds the words, and leaves the folder as it was."""
    before = listing(folder)
    with pytest.raises(LinguistError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert "; " in message  # a cure follows the cause
    for word in words:
        assert word in message
    assert listing(folder) == before
    return message
