"""Damage for sound files, as Hypothesis strategies, and the check of what a reader makes of it."""

import gzip
import re

from hypothesis import strategies as st

from linguist.errors import LONGEST_MESSAGE, LinguistError

# What has upset readers somewhere: signs of each format, odd bytes and letters, huge numbers, deep nesting, long lines.
PIECES = [
    *(sign.encode() for sign in "\0\t\n\r >{}[],:;#-*\"'\\/|~=&!?%@"),
    *(
        text.encode()
        for text in ("\r\n", "\n\n", "\ufeff", "é", "\u2028", "\u0085", "\u00a0", "ſ", "\x1b[2J", "\x1a", "NS", "N/A")
    ),
    *(
        text.encode()
        for text in ("nan", "NaN", "inf", "null", "true", "-1", "1e999", "1e-300", "0x" + "f" * 5000, "9" * 5000)
    ),
    *(
        text.encode()
        for text in ("\\ud800", "\\u0000", "[" * 3000, '{"a":' * 3000, "x" * 140_000, "- " * 200, "<<: *x", "&x ")
    ),
    *(
        text.encode()
        for text in ("..", "^", "<1", "join(", "complement(", "//\n", "  JOURNAL   x\n", "  AUTHORS   x\n", "ORIGIN\n")
    ),
    b"\xff",
    b"\xed\xa0\x80",
    b"\x1f\x8b",
    b"PAR1",
    b"",
]


@st.composite
def damaged(draw, sound):
    """The bytes of one of the `sound` files after up to four edits, perhaps packed, cut or in another encoding."""
    data = draw(st.sampled_from(sound))
    for _ in range(draw(st.integers(0, 4))):
        data = draw(st.sampled_from([_edit_bytes, _edit_lines]))(draw, data)
    form = draw(st.sampled_from(["plain", "plain", "plain", "gzip", "gzip twice", "cut gzip", "spoilt gzip", "utf-16"]))
    if form == "utf-16":
        return data.decode("utf-8", "replace").encode("utf-16")
    if "gzip" in form:
        data = gzip.compress(data, mtime=0)
    if form == "gzip twice":
        data = gzip.compress(data, mtime=0)
    elif form == "cut gzip":
        data = data[: draw(st.integers(0, len(data)))]
    elif form == "spoilt gzip":
        data = _edit_bytes(draw, data)
    return data


def _edit_bytes(draw, data):
    """Put a piece in the place of some bytes."""
    start = draw(st.integers(0, len(data)))
    end = draw(st.sampled_from([start, start + 1, start + 8, len(data)]) | st.integers(start, max(start, len(data))))
    piece = draw(st.sampled_from(PIECES) | st.binary(max_size=8) | st.just(data[start : start + 40] * 2))
    return data[:start] + piece + data[end:]


def _edit_lines(draw, data):
    """Put one line in the place of another, before it or after it."""
    lines = data.splitlines(keepends=True) or [b""]
    one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    start, end = draw(st.sampled_from([(other, other), (other, other + 1), (other + 1, other + 1)]))
    return b"".join([*lines[:start], lines[one], *lines[end:]])


def works_or_one_line(call, *beginnings):
    """What `call()` gives; None if it refuses its input in one short line, with a cure, that starts with a beginning."""
    try:
        return call()
    except LinguistError as error:
        message = str(error)
        assert message.isprintable() and len(message) <= LONGEST_MESSAGE + 10, message
        assert message.startswith(tuple(map(str, beginnings))), message
        assert re.search(r"[;:] [a-z']", message), message
