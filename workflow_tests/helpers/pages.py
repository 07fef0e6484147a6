"""Reading pages as a person does: their text, and what a browser makes of them."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from helpers.data import ROOT

REPORTS = ROOT / "reports"


class Page(HTMLParser):
    """Checks that tags nest, and collects ids, text, data attributes and whatever a browser would load."""

    VOID = {"meta", "br", "link", "img", "input", "hr"}

    def __init__(self, source):
        super().__init__()
        self.stack, self.ids, self.loads, self.text, self.data = [], [], [], [], []
        self.feed(source)
        assert not self.stack

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.stack.append(tag)
        for key, value in attributes:
            if key == "id":
                self.ids.append(value)
            elif key in ("src", "href", "srcset", "data", "action"):
                self.loads.append(value)
            elif key.startswith("data-"):
                self.data.append((key, value))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def data_of(source):
    """The data attributes of a page, by name without "data-": {name: list of values}."""
    found = {}
    for key, value in Page(source).data:
        found.setdefault(key.removeprefix("data-"), []).append(value)
    return found


def read_text(path):
    """A page and its text, checked as all pages are: well-formed, no blanks of the code, nothing asked of the network."""
    source = path.read_text(encoding="utf-8")
    page = Page(source)
    assert len(page.ids) == len(set(page.ids))
    assert all(load.startswith("#") for load in page.loads) and not re.search(r"https?://|@import|<link|<img", source)
    text = " ".join(" ".join(page.text).split())
    assert not {"None", "nan", "Undefined", "None,"} & set(text.split())
    return text


def open_page(path, folder):
    """A page's elements after its scripts ran, and what the browser logged, from headless Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium to open the page in")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=5000 --dump-dom"
    command = [chromium, *flags.split(), f"--user-data-dir={folder / 'browser'}", path.as_uri()]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return run.stdout, run.stderr


def check_in_browser(path, folder, title):
    """Open a page with a figure in a browser; fails on an error of its scripts, or without its title."""
    elements, console = open_page(path, folder)
    assert title in elements and "<svg" in elements
    assert "Uncaught" not in console and "ERROR:CONSOLE" not in console
