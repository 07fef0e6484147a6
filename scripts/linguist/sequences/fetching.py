"""Raw files from outside: downloaded or linked, verified, and put in place whole or not at all."""

import hashlib
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import requests
import urllib3

from linguist import files
from linguist.errors import LinguistError, hide_credentials, naming, root_cause

log = logging.getLogger("linguist")

BLOCK = 1 << 18  # bytes read at a time
PROGRESS = 10.0  # seconds between two progress lines
RETRIES = 3  # further attempts at a download
WAIT = 1.0  # seconds before the first of them; each further pause is twice as long
TIMEOUT = 60  # seconds of silence after which an attempt fails
QUICK = 10  # the same for a question about sizes, which is asked once
RETRIED = {408, 416, 425, 429}  # HTTP refusals that may not repeat, as all 5xx may not


class DownloadFailed(Exception):
    """One source does not give the file: the cause, without place and cure."""


class _Temporary(DownloadFailed):
    """A failure that the next attempt may not meet."""


class _WrongChecksum(DownloadFailed):
    """A whole file with another checksum."""


@dataclass(frozen=True)
class Origin:
    """Where a resource comes from, and how it is verified; the keys of a resource in the config.

    path: a copy that the user has, the only source if given; relative to the working folder
    url: an http, https or file address
    sha256, md5: the checksum in hex; MD5 where the site publishes no SHA-256
    lock: the lock file that the checksum comes from, where the config has none
    """

    path: str | None = None
    url: str | None = None
    sha256: str | None = None
    md5: str | None = None
    lock: str | None = None

    @property
    def checksum(self):
        """(algorithm, hex digest), or None."""
        return ("sha256", self.sha256.lower()) if self.sha256 else ("md5", self.md5.lower()) if self.md5 else None


def fetch(name, target, origin, mirror=None, lock=None):
    """Put the raw file of resource `name` at `target`, whole or not at all.

    Sources are tried in this order, and a file must have the checksum: `origin.path` alone if given; else `mirror/name`,
    `mirror/last part of the url`, `origin.url`. `mirror` is an address or a folder. Files on this machine are linked,
    never copied. A failed download is tried RETRIES times more and resumes where it was cut off; a wrong checksum is
    retried once.
    Without a checksum, a download that was cut off starts again, and a mirror is asked by `name` alone: nothing could
    detect a mixture of two versions, or another file of the same name. `lock`, the study's LockFile, then gets the SHA-256.
    Returns what is known of the file: source, bytes, sha256, the algorithm that verified it (or None) and the day (UTC).
    Raises LinguistError, one line with the cause at each source, and leaves `target` as it was.
    """
    where, path, expected = f"resources/{name}", origin.path, origin.checksum
    if not (path or origin.url):
        raise LinguistError(f"{where}: no source; give a 'url', or the 'path' of your copy")
    causes, changed = [], False
    for source in sources_of(name, origin, mirror):
        try:
            if isinstance(source, Path):
                digest = _link(source, Path(target), expected)
            else:
                digest = download(where, source, target, expected)
            if lock and not path and not expected:
                with naming(where):
                    place = lock.remember(origin.url, digest)
                log.info("%s: first download, SHA-256 %s; written to %s", where, digest, place)
            return {
                "source": hide_credentials(str(source)),
                "bytes": os.path.getsize(target),
                "sha256": digest,
                "verified": expected and expected[0],
                "day": time.strftime("%Y-%m-%d", time.gmtime()),
            }
        except DownloadFailed as error:
            log.info("%s: %s: %s", where, source, error)
            causes.append(f"{source}: {error}")
            changed = changed or isinstance(error.__cause__ or error, _WrongChecksum)
        except OSError as error:
            problem = f"{error.filename or target}: {error.strerror or error}"
            raise LinguistError(f"{where}: {problem}; check the free space and the permissions") from error
    cure = "correct 'path' or its checksum" if path else "check the URL, or put a verified copy under 'path'"
    if changed and origin.lock:
        cure = f"the first download is in {origin.lock}; to accept another file, write its sha256 there"
    raise LinguistError(f"{where}: {'; '.join(causes)}; {cure}")


def measure(name, origin, mirror=None):
    """Bytes of what `fetch` will bring; None if that cannot be known before."""
    for source in sources_of(name, origin, mirror):
        if isinstance(source, Path):
            if source.is_file():
                return source.stat().st_size
            continue
        try:
            headers = {"Accept-Encoding": "identity"}
            with requests.head(source, headers=headers, allow_redirects=True, timeout=QUICK) as response:
                length = response.headers.get("Content-Length", "")
                if response.ok:
                    return int(length) if length.isdecimal() else None
        except (requests.RequestException, ValueError):
            continue
    return None


def sources_of(name, origin, mirror):
    """Where a resource may lie, in the order in which it is looked for: Paths and web addresses."""
    if origin.path:
        return [Path(origin.path).expanduser()]
    return [*_mirrored(name, origin.url if origin.checksum else "", mirror), _locate(origin.url)]


def _locate(address):
    """A Path for what is on this machine, a web address as it is."""
    address = str(address)
    if address.startswith("file:"):
        return Path(unquote(urlsplit(address).path))
    return address if "://" in address else Path(address).expanduser()


def _mirrored(name, url, mirror):
    """Where a mirror may hold the file. The name comes first: many urls end in the same `train.tsv`."""
    if not mirror:
        return []
    base, last = _locate(mirror), PurePosixPath(unquote(urlsplit(str(url)).path)).name
    candidates = dict.fromkeys(part for part in (str(name), last) if part)
    return [base / part if isinstance(base, Path) else f"{base.rstrip('/')}/{quote(part)}" for part in candidates]


def _algorithms(expected):
    """The digests to compute of a file: of its checksum, and SHA-256 for the record."""
    return list(dict.fromkeys([expected[0] if expected else "sha256", "sha256"]))


def _verify(found, expected):
    """Raise if the digests {algorithm: hex} `found` are not as expected, or of an empty file; returns the SHA-256."""
    if found["sha256"] == hashlib.sha256().hexdigest():
        raise _WrongChecksum("the file is empty")
    algorithm, digest = expected or ("sha256", found["sha256"])
    if found[algorithm] != digest:
        raise _WrongChecksum(
            f"{algorithm} is {found[algorithm]}, expected {digest}: the file changed or the download was damaged"
        )
    return found["sha256"]


def _link(source, target, expected):
    """Make `target` a symbolic link to a verified file; returns its SHA-256."""
    # Not a hard link: Snakemake would see the old time of the user's file and believe that results of an earlier copy are
    # up to date, and touching the result would touch the user's file. A symbolic link has a time of its own, removing it
    # removes nothing else, and it works across disks and for files of other owners.
    try:
        digest = _verify({name: files.file_digest(source, name) for name in _algorithms(expected)}, expected)
    except OSError as error:
        raise DownloadFailed(error.strerror or str(error)) from error
    if os.path.realpath(source) != os.path.realpath(target):  # else a link would replace the file by a link to itself
        with files.atomic_path(target) as temporary:
            temporary.symlink_to(source.resolve())
    return digest


class _PartialFile:
    """The bytes of a download so far, with their digests; logs a progress line every PROGRESS seconds."""

    def __init__(self, label, file, algorithms):
        self.label, self.file, self.algorithms, self.total, self.received = label, file, algorithms, None, 0
        self.begun = self.logged = time.monotonic()
        self.restart()

    def restart(self):
        self.file.seek(0)
        self.file.truncate()
        self.size, self.digests = 0, {algorithm: hashlib.new(algorithm) for algorithm in self.algorithms}

    def add(self, block):
        self.file.write(block)
        for digest in self.digests.values():
            digest.update(block)
        self.size += len(block)
        self.received += len(block)
        if time.monotonic() - self.logged >= PROGRESS:
            self.log_progress()

    def log_progress(self):
        self.logged = time.monotonic()
        whole = f" of {self.total / 1e6:.1f}" if self.total else ""
        speed = self.received / 1e6 / max(self.logged - self.begun, 1e-9)
        log.info("%s: %.1f%s MB, %.1f MB/s", self.label, self.size / 1e6, whole, speed)


def download(where, url, target, expected=None, headers=None):
    """Put what an address holds at `target`, whole or not at all; returns its SHA-256.

    Args: `where` names the file in the log, `expected` is its checksum as (algorithm, hex digest) or None, `headers` are sent
    with the request. A failed download is repeated as `fetch` says; the log says for how long.
    Raises DownloadFailed, and OSError for a target that cannot be written.
    """
    begun = time.monotonic()
    with files.atomic_path(target) as temporary, open(temporary, "wb") as file, requests.Session() as session:
        session.headers.update(headers or {})
        part, was_wrong = _PartialFile(where, file, _algorithms(expected)), False
        for attempt in range(RETRIES + 1):
            try:
                _receive(session, url, part)
                part.log_progress()
                return _verify({name: digest.hexdigest() for name, digest in part.digests.items()}, expected)
            except (_Temporary, _WrongChecksum) as error:
                wrong = isinstance(error, _WrongChecksum)
                if attempt == RETRIES or (was_wrong and wrong):
                    tried = f"{attempt + 1} attempts in {time.monotonic() - begun:.0f} s"
                    raise DownloadFailed(f"{error} ({tried})") from error
                was_wrong = was_wrong or wrong
                if wrong or not expected:
                    part.restart()
                pause, left = WAIT * 2**attempt, RETRIES - attempt
                message = "%s: %s: %s; trying again in %g s, up to %d times with pauses of %g s in all"
                log.warning(message, where, url, error, pause, left, WAIT * (2**RETRIES - 2**attempt))
                time.sleep(pause)


def _receive(session, url, part):
    """Send one request and add the bytes to `part`; the server resumes at the end of `part` if it can."""
    headers = {"Accept-Encoding": "identity"}  # the checksum is of the file, not of a compressed transfer
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
    part.total = None
    try:
        with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            status = response.status_code
            if status in (200, 416):  # the whole file comes, or what we have is longer than it
                part.restart()
            if status not in (200, 206):
                kind = _Temporary if status in RETRIED or status >= 500 else DownloadFailed
                raise kind(f"HTTP {status} {' '.join((response.reason or '').split())}")
            length = response.headers.get("Content-Length", "")
            part.total = part.size + int(length) if length.isdecimal() else None
            for block in response.raw.stream(BLOCK, decode_content=False):
                part.add(block)
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise _Temporary(f"no answer for {TIMEOUT:g} s") from error
    except ValueError as error:
        raise DownloadFailed("not an http, https or file address") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        if not part.total:
            raise _Temporary(f"connection failed ({root_cause(error)})") from error
    if part.total and part.size < part.total:
        raise _Temporary(f"cut off before its {part.total} bytes had come")
