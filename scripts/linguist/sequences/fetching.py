"""Raw files from outside: fetched, verified and put in place whole or not at all; archives unpacked safely."""

import hashlib
import logging
import lzma
import os
import stat
import tarfile
import time
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import requests
import urllib3

from linguist import files
from linguist.errors import LinguistError

log = logging.getLogger("linguist")

BLOCK = 1 << 18  # bytes read at a time
PROGRESS = 10.0  # seconds between two progress lines
PASSING = {408, 416, 425, 429}  # refusals that may be gone at the next attempt, as all 5xx may


class _Failed(Exception):
    """One source does not give the resource: the cause, without place and cure."""


class _Passing(_Failed):
    """A failure that may be gone at the next attempt."""


class _Damaged(_Failed):
    """Whole, but with the wrong checksum."""


def fetch(
    name,
    target,
    *,
    url=None,
    sha256=None,
    md5=None,
    unverified=False,
    path=None,
    mirror=None,
    retries=3,
    timeout=60,
    wait=1.0,
):
    """Put the raw file of resource `name` at `target`, whole or not at all.

    `path`, a copy the user has, is the only source if given; it is verified if a checksum is given (`sha256`, or `md5`
    where a site publishes nothing better). Else the sources are tried in this order, and must have the checksum:
    `mirror/name`, `mirror/last part of the url`, `url`. `url` and `mirror` are http, https or file addresses, or local
    paths. Files on this machine are linked, never copied. A download is tried `1 + retries` times, `wait`, 2 `wait`,
    4 `wait`... seconds apart, and goes on where it was cut; `timeout` is the longest silence in seconds. A wrong
    checksum is downloaded once more, not oftener.
    With `unverified` in a checksum's place, the SHA-256 of what came is logged. A cut download is then begun anew, and
    a mirror is asked by `name` alone: nothing could tell a mixture of two versions, or another file of the same name.
    Returns what is known of the file: source, bytes, sha256, the algorithm it was verified by (None) and the day (UTC).
    Raises LinguistError, one line with the cause at each source, and leaves `target` as it was.
    """
    where = f"resources/{name}"
    expected = ("sha256", sha256.lower()) if sha256 else ("md5", md5.lower()) if md5 else None
    if not path and not (url and (expected or unverified)):
        raise LinguistError(
            f"{where}: no verified source; give a 'url' with its 'sha256' (or 'unverified: true'), or the 'path' of your copy"
        )
    mirrored = _mirrored(name, url if expected else "", mirror)
    causes = []
    for source in [Path(path).expanduser()] if path else [*mirrored, _source(url)]:
        try:
            if isinstance(source, Path):
                digest = _link(source, Path(target), expected)
            else:
                digest = _download(where, source, target, expected, retries, timeout, wait)
            if not path and not expected:
                log.warning("%s: SHA-256 %s; write it into the config to pin this version", where, digest)
            return {
                "source": str(source),
                "bytes": os.path.getsize(target),
                "sha256": digest,
                "verified": expected and expected[0],
                "day": time.strftime("%Y-%m-%d", time.gmtime()),
            }
        except _Failed as error:
            log.info("%s: %s: %s", where, source, error)
            causes.append(f"{source}: {error}")
        except OSError as error:
            problem = f"{error.filename or target}: {error.strerror or error}"
            raise LinguistError(f"{where}: {problem}; check the free space and the permissions") from error
    cure = "correct 'path' or its checksum" if path else "check the URL, or put a verified copy under 'path'"
    raise LinguistError(f"{where}: {'; '.join(causes)}; {cure}")


def _source(address):
    """A Path for what is on this machine, a web address as it is."""
    address = str(address)
    if address.startswith("file:"):
        return Path(unquote(urlsplit(address).path))
    return address if "://" in address else Path(address).expanduser()


def _mirrored(name, url, mirror):
    """Where a mirror may hold the file. The name comes first: many urls end in the same `train.tsv`."""
    if not mirror:
        return []
    base, last = _source(mirror), PurePosixPath(unquote(urlsplit(str(url)).path)).name
    candidates = dict.fromkeys(part for part in (str(name), last) if part)
    return [base / part if isinstance(base, Path) else f"{base.rstrip('/')}/{quote(part)}" for part in candidates]


def _algorithms(expected):
    """What a file is read for, once: the checksum that it must have, and SHA-256 for the record."""
    return list(dict.fromkeys([expected[0] if expected else "sha256", "sha256"]))


def _verify(found, expected):
    """Raise if the digests {algorithm: hex} `found` are not as expected; returns the SHA-256."""
    algorithm, digest = expected or ("sha256", found["sha256"])
    if found[algorithm] != digest:
        raise _Damaged(
            f"{algorithm} is {found[algorithm]}, expected {digest}: the file changed or the download was damaged"
        )
    return found["sha256"]


def _link(source, target, expected):
    """Make `target` a symbolic link to a verified file; returns its SHA-256."""
    # Not a hard link: Snakemake would see the old time of the user's file and take what an earlier copy gave for up to
    # date, and touching the result would touch the user's file. A symbolic link has a time of its own, removing it
    # removes nothing, and it works across disks and for files of other owners.
    try:
        digest = _verify(files.file_digests(source, _algorithms(expected)), expected)
    except OSError as error:
        raise _Failed(error.strerror or str(error)) from error
    if os.path.realpath(source) != os.path.realpath(target):  # else a link would replace the file by a link to itself
        with files.atomic_path(target) as temporary:
            temporary.symlink_to(source.resolve())
    return digest


class _Part:
    """The bytes of a download so far, with their digests and a progress line now and then."""

    def __init__(self, label, file, algorithms):
        self.label, self.file, self.algorithms, self.total, self.received = label, file, algorithms, None, 0
        self.begun = self.told = time.monotonic()
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
        if time.monotonic() - self.told >= PROGRESS:
            self.tell()

    def tell(self):
        self.told = time.monotonic()
        whole = f" of {self.total / 1e6:.1f}" if self.total else ""
        speed = self.received / 1e6 / max(self.told - self.begun, 1e-9)
        log.info("%s: %.1f%s MB, %.1f MB/s", self.label, self.size / 1e6, whole, speed)


def _download(where, url, target, expected, retries, timeout, wait):
    with files.atomic_path(target) as temporary, open(temporary, "wb") as file, requests.Session() as session:
        part, damaged = _Part(where, file, _algorithms(expected)), False
        for attempt in range(retries + 1):
            try:
                _receive(session, url, part, timeout)
                part.tell()
                return _verify({name: digest.hexdigest() for name, digest in part.digests.items()}, expected)
            except (_Passing, _Damaged) as error:
                if attempt == retries or (damaged and isinstance(error, _Damaged)):
                    raise
                damaged = damaged or isinstance(error, _Damaged)
                if isinstance(error, _Damaged) or not expected:
                    part.restart()
                log.warning("%s: %s: %s; trying again in %g s", where, url, error, wait * 2**attempt)
                time.sleep(wait * 2**attempt)


def _receive(session, url, part, timeout):
    """One request: add what comes to `part`, from where it stands if the server can."""
    headers = {"Accept-Encoding": "identity"}  # the checksum is of the file, not of a compressed transfer
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
    part.total = None
    try:
        with session.get(url, headers=headers, stream=True, timeout=timeout) as response:
            status = response.status_code
            if status in (200, 416):  # the whole file is coming, or what we hold is no part of it
                part.restart()
            if status not in (200, 206):
                kind = _Passing if status in PASSING or status >= 500 else _Failed
                raise kind(f"HTTP {status} {' '.join((response.reason or '').split())}")
            length = response.headers.get("Content-Length", "")
            part.total = part.size + int(length) if length.isdecimal() else None
            for block in response.raw.stream(BLOCK, decode_content=False):
                part.add(block)
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise _Passing(f"no answer for {timeout:g} s") from error
    except ValueError as error:
        raise _Failed("not an http, https or file address") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        if not part.total:
            raise _Passing(f"connection failed ({_root(error)})") from error
    if part.total and part.size < part.total:
        raise _Passing(f"cut off before its {part.total} bytes had come")


def _root(error):
    """The innermost cause, in one line: the outer ones are wordy."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__


def unpack(archive, folder):
    """Unpack a tar (plain, gzip, bzip2, xz) or zip file, told by its content, as `folder`, whole or not at all.

    An existing folder is replaced. Raises LinguistError, one line, for a member or link that would lie outside the
    folder, a special file, a damaged or cut-off archive, or a file that is no archive; nothing is left then.
    """
    damage = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
    try:
        with open(archive, "rb") as handle:
            zipped = handle.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        with files.atomic_path(folder) as temporary:
            temporary.mkdir()
            (_unzip if zipped else _untar)(archive, temporary)
    except _Failed as error:
        raise LinguistError(f"{archive}: {error}") from error
    except (*damage, LookupError, RuntimeError, ValueError, OSError) as error:
        if getattr(error, "errno", None):  # else gzip or bzip2 found damage
            problem = f"{error.strerror}: {str(error.filename or folder)!r}"
            raise LinguistError(f"{archive}: {problem}; check path, free space and permissions") from error
        raise LinguistError(f"{archive}: damaged or unreadable ({_root(error)}); fetch it again") from error


def _stray(name):
    return _Failed(f"member {name!r} would lie outside the folder or is no plain file; do not trust this archive")


def _stays(folder, name):
    """Whether a name leads nowhere but into the folder: not absolute, not upwards, not through a link."""
    path = PurePosixPath(name)
    linked = any((folder / step).is_symlink() for step in (path, *path.parents))
    return not (path.is_absolute() or ".." in path.parts or linked)


def _untar(archive, folder):
    if not tarfile.is_tarfile(archive):
        raise _Failed("not a tar or zip archive, or damaged at its start; check the file")
    with tarfile.open(archive) as tar:
        tar.extraction_filter = lambda member, _: member  # ours is below: tarfile's own came with Python 3.11.4
        for member in tar:
            _check_member(member, folder)
            # files bear the time of their unpacking, as outputs of a step must, not that of their packing
            tar.extract(member, folder, set_attrs=False)
        # tarfile takes a bad header for the end, and does not read to the checksum behind the end of a compressed file
        tar.fileobj.seek(tar.offset)
        if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise _Failed("damaged or cut off between two members; fetch it again")
        while tar.fileobj.read(BLOCK):
            pass


def _check_member(member, folder):
    """Raise for a member that would be written outside the folder, a link that leads out of it, and a special file."""
    if (
        not _stays(folder, member.name)
        or (member.islnk() and not _stays(folder, member.linkname))
        or (member.issym() and not _leads_inside(member))
        or not (member.isreg() or member.isdir() or member.islnk() or member.issym())
    ):
        raise _stray(member.name)


def _leads_inside(link):
    """Whether a symbolic link's target lies in the folder; `..` may stand at its start only, since behind a name that is
    itself a link it would lead elsewhere."""
    ups = [part == ".." for part in PurePosixPath(link.linkname).parts]
    target = os.path.normpath(os.path.join(os.path.dirname(link.name), link.linkname))
    return ups == sorted(ups, reverse=True) and not os.path.isabs(target) and target.partition("/")[0] != ".."


def _unzip(archive, folder):
    with zipfile.ZipFile(archive) as package:
        for member in package.infolist():
            if not _stays(folder, member.filename) or stat.S_ISLNK(member.external_attr >> 16):
                raise _stray(member.filename)  # zipfile would rename it, or write a link's target as a text
        package.extractall(folder)
