"""The lock file of a study: the SHA-256 of each file that has no checksum in the study, from its first download on."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from linguist.errors import LinguistError, cut, hide_credentials, one_line
from linguist.files import ROOT, open_locked, read_json, reading, write_text

ENDING = ".lock.yaml"
ABOUT = """\
# Files without a checksum in the study, with their SHA-256 at the first download. dna-linguist writes this file. Keep it with
# the study, and commit it: from now on these addresses must give the same files. To accept another file, write its SHA-256 here.
"""


@dataclass(frozen=True)
class LockFile:
    """The lock file of a study.

    places: paths where it may lie; a new entry goes to the first that can be written
    entries: {url: (SHA-256, its place)}
    """

    places: list
    entries: dict

    def pin(self, source):
        """A resource's part of the config. If it has no checksum of its own, with the `sha256` of the first download and the `lock`
        file that has it."""
        entry = self.entries.get(_entry(source.get("url")))
        if entry is None or not source.keys().isdisjoint(("sha256", "md5")):
            return source
        return source | dict(zip(("sha256", "lock"), entry, strict=True))

    def remember(self, url, digest):
        """Write the SHA-256 of a first download; returns where. Other processes may do so at the same time.

        Raises LinguistError if one of them got another file from the same address, or if no place can be written.
        """
        url = _entry(url)
        for place in self.places:
            try:
                with open_locked(place):
                    entries = read_entries(place)
                    if entries.setdefault(url, digest) != digest:
                        raise LinguistError(f"sha256 is {digest}, but in {place} it is {entries[url]}; run again")
                    write_entries(place, entries)
                    return place
            except OSError as error:  # a folder of somebody else
                problem = f"{place}: cannot be written ({error.strerror or error}); allow writing there"
        raise LinguistError(problem)

    def check(self, source, file, record):
        """Raise LinguistError if a resource's `file` was fetched earlier and is not the one that the lock file names, as when its
        entry has changed since. `record` is what `fetch` returned then, as JSON."""
        pinned = self.pin(source)
        if "lock" in pinned and os.path.exists(file) and os.path.exists(record):
            digest, lock = read_json(record)["sha256"], pinned["lock"]
            if digest != pinned["sha256"]:
                raise LinguistError(
                    f"{file}: sha256 is {digest}, but in {lock} it is {pinned['sha256']}; delete {file} to fetch it again, or "
                    f"write the first sum into {lock}"
                )


def find_lock_file(study):
    """The LockFile of a study, as a dict of its fields: beside the study, or in the working folder if that cannot be written.

    If the study ships with the workflow and runs elsewhere, the working folder comes first. Of two entries for an address, the
    one of the first place counts. `study` is the path of the study's file, or None. Raises LinguistError if a lock file is not
    as it was written.
    """
    study = Path(os.path.abspath(study or "config.yaml"))
    beside, here = (folder / f"{study.stem}{ENDING}" for folder in (study.parent, Path.cwd()))
    ships = study.parent.resolve() == ROOT / "config" and Path.cwd() != ROOT
    places = [_shown(place) for place in dict.fromkeys((here, beside) if ships else (beside, here))]
    entries = {}
    for place in reversed(places):
        entries |= {url: (digest, place) for url, digest in read_entries(place).items()}
    return {"places": places, "entries": entries}


def read_entries(path):
    """{url: SHA-256} of a lock file, without any if it does not exist. Raises LinguistError if it is not as it was written."""
    if not os.path.lexists(path):
        return {}
    with reading(path) as handle:
        text = handle.read()
    found = {}
    try:
        for entry in (yaml.safe_load(text) or {"downloads": []})["downloads"]:
            url, digest = entry["url"], entry["sha256"]
            if not (isinstance(url, str) and isinstance(digest, str) and re.fullmatch("[0-9a-fA-F]{64}", digest)):
                raise ValueError(f"no url with its sha256: {entry}")
            if found.setdefault(url, digest.lower()) != digest.lower():
                raise ValueError(f"two sums for {url}")
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark or error.context_mark).line + 1
        raise LinguistError(f"{path}, line {line}: not YAML ({error.problem}); correct it") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, RecursionError) as error:
        why = cut(f"{type(error).__name__}: {one_line(error)}")
        raise LinguistError(f"{path}: not a list of downloads, each with url and sha256 ({why}); correct it") from None
    return found


def write_entries(path, entries):
    """Write a lock file, in the order of the addresses, in one step."""
    downloads = [{"url": url, "sha256": entries[url]} for url in sorted(entries)]
    write_text(path, ABOUT + yaml.safe_dump({"downloads": downloads}, sort_keys=False, width=float("inf")))


def _entry(url):
    """An address as it stands in a lock file: people pass the file on, so without credentials."""
    return hide_credentials(str(url))


def _shown(path):
    """A path as people read it: relative if it is inside the working folder."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
