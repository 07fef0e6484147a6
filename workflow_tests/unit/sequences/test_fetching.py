"""Fetching from a real server that misbehaves on purpose."""

import hashlib
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from helpers.files import failure
from linguist.sequences import fetching
from linguist.sequences.fetching import Origin
from linguist.sequences.lockfile import LockFile, find_lock_file, read_entries, write_entries

BODY = bytes(range(256)) * 4096  # 1 MiB, several blocks
SUM = hashlib.sha256(BODY).hexdigest()
BAD = "0" * 64


class Handler(BaseHTTPRequestHandler):
    """The first part of the path is the misbehaviour; what follows only makes the address unique."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Range")))
        self.close_connection = True
        count = sum(path == self.path for path, _ in self.server.requests)
        getattr(self, self.path.split("/")[1].split("?")[0])(count)

    def send(self, body, status=200, length=None, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Connection", "close")  # else the client may send its next request into a closing connection
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def good(self, _):
        self.send(BODY)

    def wrong(self, _):
        self.send(BODY[::-1])

    def empty(self, _):
        self.send(b"")

    def wrong_once(self, count):
        self.send(BODY if count > 1 else BODY[::-1])

    def missing(self, _):
        self.send(b"no such page", 404)

    def forbidden(self, _):
        self.send(b"", 403)

    def busy_twice(self, count):
        self.send(BODY if count > 2 else b"try later", 200 if count > 2 else (503, 429)[count - 1])

    def broken(self, _):
        self.send(b"", 500)

    def cut_once(self, count):
        self.send(BODY if count > 1 else BODY[: len(BODY) // 2], length=len(BODY))

    def cut(self, _):
        self.send(BODY[: len(BODY) // 2], length=len(BODY))

    def cut_chunks(self, _):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nhello\r\n")

    def resumable(self, count):
        """The first half; a busy answer; the next quarter; the rest."""
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        end = {1: len(BODY) // 2, 3: start + len(BODY) // 4}.get(count, len(BODY))
        if count == 2:
            self.send(b"try later", 503)
        else:
            span = ("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
            self.send(BODY[start:end], 206 if start else 200, len(BODY) - start, [span])

    def unsatisfiable(self, count):
        if self.headers.get("Range"):
            self.send(b"", 416)
        else:
            self.cut(count) if count == 1 else self.good(count)

    def cut_chunks_once(self, count):
        self.good(count) if count > 1 else self.cut_chunks(count)

    def mixed(self, _):
        """Resumes, but with bytes of another version; whole answers are right from the second on."""
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if start:
            self.send(bytes(len(BODY) - start), 206)
        elif len(self.server.requests) == 1:
            self.send(BODY[: len(BODY) // 2], length=len(BODY))
        else:
            self.send(BODY)

    def labelled(self, _):
        """A file that is compressed itself, which some servers declare as a compressed transfer."""
        self.send(BODY, headers=[("Content-Encoding", "gzip")])

    def hang(self, _):
        self.server.closing.wait(20)

    def hang_midway(self, _):
        self.send(BODY[: len(BODY) // 2], length=len(BODY))
        self.wfile.flush()
        self.server.closing.wait(20)

    def drop(self, _):
        pass

    def moved(self, _):
        self.send(b"", 302, headers=[("Location", "/good/elsewhere")])

    def mirror(self, count):
        self.good(count) if self.path.endswith("/corpus.txt") else self.missing(count)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # a client that goes away is what some tests are about
        pass


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Handler) as server:
        server.requests, server.closing = [], threading.Event()
        server.base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def target(tmp_path):
    """A target in a folder that holds another file already."""
    folder = tmp_path / "resources"
    folder.mkdir()
    (folder / "neighbour").write_text("untouched")
    return folder / "pawsx"


def fetch(name, target, mirror=None, lock=None, retries=3, timeout=60, wait=1.0, **origin):
    with pytest.MonkeyPatch.context() as patch:
        for constant, value in (("RETRIES", retries), ("TIMEOUT", timeout), ("WAIT", wait)):
            patch.setattr(fetching, constant, value)
        source = {key: value for key, value in origin.items() if value is not None}
        return fetching.fetch(name, target, Origin(**(lock.pin(source) if lock else source)), mirror, lock)


def refused(target, *words, **options):
    options = {"wait": 0, "sha256": SUM, **options}
    return failure(lambda: fetch("pawsx", target, **options), target.parent, "resources/pawsx: ", *words)


# downloads that succeed


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("good", 1),
        ("busy_twice", 3),
        ("cut_once", 2),
        ("wrong_once", 2),
        ("labelled", 1),
        ("moved", 2),
        ("unsatisfiable", 3),
        ("good?download=1", 1),
    ],
)
def test_download_arrives(server, target, page, asked):
    fetch("pawsx", target, url=f"{server.base}/{page}", sha256=SUM.upper(), wait=0)
    assert target.read_bytes() == BODY
    assert len(server.requests) == asked
    assert [path.name for path in sorted(target.parent.iterdir())] == ["neighbour", "pawsx"]
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE((target.parent / "neighbour").stat().st_mode)


def test_download_goes_on_where_it_was_cut(server, target):
    fetch("pawsx", target, url=f"{server.base}/resumable", sha256=SUM, wait=0)
    assert target.read_bytes() == BODY
    (_, first), *ranges = server.requests
    starts = [int(span[6:-1]) for _, span in ranges]
    assert first is None
    assert 0 < starts[0] == starts[1] < starts[2] < len(BODY)


def test_download_resumed_with_other_bytes_begins_anew(server, target):
    fetch("pawsx", target, url=f"{server.base}/mixed", sha256=SUM, wait=0)
    assert target.read_bytes() == BODY


def test_download_replaces_a_former_file(server, target):
    target.write_text("former")
    fetch("pawsx", target, url=f"{server.base}/good", sha256=SUM)
    assert target.read_bytes() == BODY


def test_pauses_double(server, target, monkeypatch):
    pauses = []
    monkeypatch.setattr(fetching.time, "sleep", pauses.append)
    refused(target, url=f"{server.base}/broken", wait=0.5)
    assert pauses == [0.5, 1, 2]


def test_progress_is_logged(server, target, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "linguist")
    fetch("pawsx", target, url=f"{server.base}/good", sha256=SUM)
    assert [record.getMessage().split(", ")[0] for record in caplog.records] == ["resources/pawsx: 1.0 of 1.0 MB"]
    assert "MB/s" in caplog.text
    caplog.clear()
    monkeypatch.setattr(fetching, "PROGRESS", 0)
    fetch("pawsx", target, url=f"{server.base}/good", sha256=SUM)
    assert len(caplog.records) == len(BODY) // fetching.BLOCK + 1


# downloads that fail


@pytest.mark.parametrize(
    ("page", "asked", "cause"),
    [
        ("missing", 1, "HTTP 404 Not Found"),
        ("forbidden", 1, "HTTP 403 Forbidden"),
        ("broken", 3, "HTTP 500 Internal Server Error"),
        ("cut", 3, f"cut off before its {len(BODY)} bytes had come"),
        ("cut_chunks", 3, "connection failed"),
        ("drop", 3, "connection failed (Remote end closed connection without response)"),
        ("hang", 3, "no answer for 0.1 s"),
        ("hang_midway", 3, "no answer for 0.1 s"),
        ("empty", 2, "the file is empty"),
        ("wrong", 2, f"sha256 is {hashlib.sha256(BODY[::-1]).hexdigest()}, expected {SUM}: the file changed"),
    ],
)
def test_download_fails_in_one_line(server, target, page, asked, cause):
    timeout = 0.1 if page.startswith("hang") else 10
    url = f"{server.base}/{page}"
    refused(target, f"{url}: {cause}", "put a verified copy under 'path'", url=url, retries=2, timeout=timeout)
    assert len(server.requests) == asked


def test_failure_leaves_a_former_file(server, target):
    target.write_text("former")
    refused(target, "sha256 is", url=f"{server.base}/wrong")
    assert target.read_text() == "former"


def test_no_server(target):
    refused(target, "connection failed (Connection refused)", url="http://127.0.0.1:9/x")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no source; give a 'url', or the 'path'"),
        ({"url": "http://:0:/x"}, "not an http, https or file address"),
        ({"url": "ftp://example.org/x"}, "not an http, https or file address"),
    ],
)
def test_unusable_options(target, options, words):
    refused(target, words, **options)


def test_unwritable_target(server, target):
    inside = target.parent / "neighbour" / "pawsx"
    message = refused(inside, url=f"{server.base}/good")
    assert "neighbour" in message


def test_killed_download_leaves_no_file(server, target):
    code = "import sys; from linguist.sequences.fetching import *; fetch('pawsx', sys.argv[1], Origin(url=sys.argv[2], sha256='0'))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(target), f"{server.base}/hang_midway"]
    process = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + 30
        while not any(path.stat().st_size for path in target.parent.glob(".pawsx.*/pawsx")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not target.exists()
    fetch("pawsx", target, url=f"{server.base}/good", sha256=SUM)
    assert target.read_bytes() == BODY


LOGGED = """
import json, sys
from linguist.logs import start_log
from linguist.sequences import fetching
fetching.WAIT = 0
start_log(sys.argv[1])
print(json.dumps(fetching.fetch("pawsx", "file", fetching.Origin(url=sys.argv[2], sha256=sys.argv[3]))))
"""


def run_logged(folder, *arguments):
    """The log of a process that starts a log and fetches a resource."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", LOGGED, "log", *arguments], cwd=folder, env=environment)
    return (folder / "log").read_text()


def test_credentials_of_an_address_stay_out_of_record_log_and_message(server, tmp_path):
    """Studies and results are passed on; the server gets the credentials all the same."""
    host = server.base.removeprefix("http://")
    for page, word in (("busy_twice", '"source": '), ("broken", "error: ")):
        address = f"http://anna:s3cret@{host}/{page}?id=7&X-Amz-Signature=s3cret&version=2"
        log = run_logged(tmp_path, address, SUM)
        assert word in log and log.count(f"{server.base}/{page}?id=7&X-Amz-Signature=***&version=2") >= 3
        assert "anna" not in log and "s3cret" not in log
    assert all("s3cret" in path for path, _ in server.requests)


# copies the user has


@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "mine" / "copy.txt"
    path.parent.mkdir()
    path.write_bytes(BODY)
    os.utime(path, (1, 1))
    return path


@pytest.mark.parametrize("checksum", [SUM, None])
def test_path_is_linked_and_left_alone(target, copy, checksum):
    before = copy.stat()
    begun = time.time() - 1
    fetch("pawsx", target, path=copy, sha256=checksum, url="http://127.0.0.1:9/x")
    assert target.read_bytes() == BODY
    assert Path(os.readlink(target)).is_absolute()
    assert copy.stat().st_mtime == before.st_mtime
    assert copy.stat().st_nlink == 1
    assert target.lstat().st_mtime > begun  # Snakemake takes the later time of link and file
    target.unlink()
    assert copy.read_bytes() == BODY


def test_path_is_relative_to_the_working_folder(target, copy, monkeypatch):
    monkeypatch.chdir(copy.parent)
    fetch("pawsx", Path(os.path.relpath(target)), path="copy.txt", sha256=SUM)
    assert target.read_bytes() == BODY


def test_path_that_is_the_target_stays_a_file(target):
    target.write_bytes(BODY)
    fetch("pawsx", target, path=target, sha256=SUM)
    assert not target.is_symlink()
    assert target.read_bytes() == BODY


def test_wrong_path(target, copy):
    refused(target, f"{copy}: sha256 is {SUM}, expected {BAD}", "correct 'path'", path=copy, sha256=BAD)
    refused(target, "/nowhere/x: No such file", "correct 'path'", path="/nowhere/x")
    refused(target, "Is a directory", path=copy.parent)
    copy.write_bytes(b"")
    refused(target, f"{copy}: the file is empty", "correct 'path'", path=copy)
    refused(target, "Is a directory", path=copy.parent, sha256=None)


def test_file_address(target, tmp_path):
    place = tmp_path / "a b.txt"
    place.write_bytes(BODY)
    fetch("pawsx", target, url=place.as_uri(), sha256=SUM)
    assert target.read_bytes() == BODY


# mirrors


@pytest.mark.parametrize("held", ["pawsx", "corpus.txt"])
def test_mirror_folder_is_taken_instead(server, target, tmp_path, held):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / held).write_bytes(BODY)
    url = f"{server.base}/missing/corpus.txt?version=2"
    fetch("pawsx", target, url=url, sha256=SUM, mirror=tmp_path / "mirror")
    assert target.read_bytes() == BODY
    assert server.requests == []


def test_mirror_address_is_taken_instead(server, target):
    url, mirror = f"{server.base}/missing/corpus.txt", f"{server.base}/mirror/"
    fetch("pawsx", target, url=url, sha256=SUM, mirror=mirror, wait=0)
    assert target.read_bytes() == BODY
    assert [path for path, _ in server.requests] == ["/mirror/pawsx", "/mirror/corpus.txt"]


@pytest.mark.parametrize("mirror", ["/nowhere", "http://127.0.0.1:9/"])
def test_mirror_without_it_falls_back(server, target, mirror):
    fetch("pawsx", target, url=f"{server.base}/good", sha256=SUM, mirror=mirror, wait=0)
    assert target.read_bytes() == BODY


def test_mirror_with_another_file_of_that_name_falls_back(server, target, tmp_path):
    (tmp_path / "good").write_text("another")
    fetch("pawsx", target, url=f"{server.base}/good", sha256=SUM, mirror=tmp_path)
    assert target.read_bytes() == BODY


def test_all_sources_are_named(server, target, tmp_path):
    (tmp_path / "missing").write_text("another")
    words = [f"{tmp_path}/pawsx: No such file", f"{tmp_path}/missing: sha256 is", "HTTP 404"]
    refused(target, *words, url=f"{server.base}/missing", mirror=tmp_path)


# resources without a checksum: a lock file remembers the first download


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study").mkdir()
    return tmp_path / "study/my.yaml"


def lock_of(study):
    """The lock file as the next run of the study finds it."""
    return LockFile(**find_lock_file(study))


@pytest.mark.parametrize("page", ["good", "busy_twice", "cut_once", "cut_chunks_once", "mixed", "moved"])
def test_a_first_download_starts_again_and_is_remembered(server, target, study, page):
    url = f"{server.base}/{page}"
    record = fetch("pawsx", target, url=url, lock=lock_of(study), wait=0)
    assert target.read_bytes() == BODY and record["verified"] is None
    assert all(span is None for _, span in server.requests)
    assert read_entries(study.with_name("my.lock.yaml")) == {url: SUM}


def test_a_later_download_must_be_the_same(server, target, study):
    """It may then be resumed, and a mirror may hold it by its file's name."""
    lock, url = study.with_name("my.lock.yaml"), f"{server.base}/resumable"
    write_entries(lock, {url: SUM, f"{server.base}/wrong": SUM})
    written = lock.stat().st_ino
    assert fetch("pawsx", target, url=url, lock=lock_of(study), wait=0)["verified"] == "sha256"
    assert server.requests[-1][1] is not None
    (study.parent / "wrong").write_bytes(BODY)
    fetch("pawsx", target, url=f"{server.base}/wrong", lock=lock_of(study), mirror=study.parent)
    assert target.read_bytes() == BODY and lock.stat().st_ino == written


def test_another_file_than_the_first_is_refused_in_one_line(server, target, study):
    """It names both sums, and where to write the new one; then the new file is taken."""
    lock, url = study.with_name("my.lock.yaml"), f"{server.base}/good"
    write_entries(lock, {url: BAD})
    target.write_text("former")
    options = {"url": url, "sha256": None}
    refused(target, f"sha256 is {SUM}, expected {BAD}", f"in {lock}; to accept", lock=lock_of(study), **options)
    assert target.read_text() == "former" and read_entries(lock) == {url: BAD}
    lock.write_text(lock.read_text().replace(BAD, SUM))
    (study.parent / "pawsx").write_text("of a mirror that has another file of this name")
    fetch("pawsx", target, mirror=study.parent, lock=lock_of(study), wait=0, **options)
    assert target.read_bytes() == BODY


def test_a_first_download_from_a_mirror_has_the_name_of_the_resource(server, target, study, tmp_path):
    """A file with the name of the url may be another resource's."""
    (tmp_path / "train.csv").write_text("of another resource")
    url = f"{server.base}/missing/train.csv"
    options = {"url": url, "sha256": None, "mirror": tmp_path}
    refused(target, f"{tmp_path}/pawsx: No such file", "HTTP 404", lock=lock_of(study), **options)
    (tmp_path / "pawsx").write_bytes(BODY)
    fetch("pawsx", target, lock=lock_of(study), **options)
    assert target.read_bytes() == BODY and read_entries(study.with_name("my.lock.yaml")) == {url: SUM}


def test_what_has_a_checksum_or_is_the_users_is_not_remembered(server, target, study, copy):
    refused(target, "sha256 is", url=f"{server.base}/wrong", lock=lock_of(study))
    fetch("pawsx", target, url=f"{server.base}/good", sha256=SUM, lock=lock_of(study))
    fetch("pawsx", target, path=copy, lock=lock_of(study))
    assert not list(study.parent.iterdir())
