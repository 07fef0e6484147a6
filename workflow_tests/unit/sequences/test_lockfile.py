"""The lock file of a study, in folders and processes as users have them."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from linguist.errors import LinguistError
from linguist.files import ROOT
from linguist.sequences.lockfile import LockFile, find_lock_file, read_entries, write_entries

ONE, TWO = "1" * 64, "f" * 64
URL = "https://example.org/a file's address?x=1#y: z"
WRITER = """
import sys
from linguist.sequences.lockfile import LockFile
for number in range(20):
    LockFile([sys.argv[1]], {}).remember(f"https://example.org/{number}/{sys.argv[2]}", f"{number:064x}")
"""


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    (tmp_path / "work/config").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def test_a_sum_is_kept_beside_the_study_in_the_order_of_addresses(working_folder):
    lock = LockFile(**find_lock_file("config/my.yaml"))
    long = f"https://example.org/{'long/' * 300}"
    for url in (URL, "https://example.org/b", long):
        assert lock.remember(url, ONE) == "config/my.lock.yaml"
    text = (working_folder / "config/my.lock.yaml").read_text()
    assert text.startswith("# ") and yaml.safe_load(text)["downloads"][0] == {"url": URL, "sha256": ONE}
    assert list(read_entries("config/my.lock.yaml")) == sorted([URL, "https://example.org/b", long])
    assert os.listdir("config") == ["my.lock.yaml"]
    found = LockFile(**find_lock_file("config/my.yaml")).pin({"url": URL})
    assert found == {"url": URL, "sha256": ONE, "lock": "config/my.lock.yaml"}


def test_credentials_stay_out_and_may_change():
    lock = LockFile(**find_lock_file("my.yaml"))
    lock.remember("https://anna:s3cret@example.org/a?token=s3cret", ONE)
    with open("my.lock.yaml") as file:
        assert "s3cret" not in file.read()
    assert LockFile(**find_lock_file("my.yaml")).pin({"url": "https://example.org/a?token=new"})["sha256"] == ONE


def test_processes_that_write_at_once_lose_nothing(working_folder):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    place = working_folder / "my.lock.yaml"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(place), name], env=environment) for name in ("a", "b", "c")
    ]
    while any(writer.poll() is None for writer in writers):
        read_entries(place)  # never a half of it
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert len(read_entries(place)) == 60 and os.listdir(working_folder) == ["config", place.name]


def test_two_files_from_one_address_at_once_are_refused():
    first, second = (LockFile(**find_lock_file("my.yaml")) for _ in range(2))
    first.remember(URL, ONE)
    second.remember(URL, ONE)
    with pytest.raises(LinguistError, match=f"sha256 is {TWO}, but in my.lock.yaml it is {ONE}"):
        second.remember(URL, TWO)


@pytest.mark.parametrize(
    ("study", "first"),
    [
        ("config/config.yaml", "config/config.lock.yaml"),
        ("{work}/config/my.json", "config/my.lock.yaml"),
        ("{work}/../studies/my.v2.yaml", "{studies}/my.v2.lock.yaml"),
        ("my.yaml", "my.lock.yaml"),
        (None, "config.lock.yaml"),
        (f"{ROOT}/config/paper.yaml", "paper.lock.yaml"),  # of a workflow that lies elsewhere
        ("/proc/my.yaml", "my.lock.yaml"),  # a folder in which nobody can write
    ],
)
def test_where_it_lies(working_folder, study, first):
    studies = working_folder.with_name("studies")
    studies.mkdir()
    lock = LockFile(**find_lock_file(study and study.format(work=working_folder)))
    assert lock.remember(URL, ONE) == first.format(studies=studies)


def test_beside_the_workflows_own_studies_at_home(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert find_lock_file("config/paper.yaml")["places"][0] == "config/paper.lock.yaml"


def test_a_lock_file_that_cannot_be_written_is_read_all_the_same(working_folder):
    """The working folder gets what it lacks."""
    study = working_folder.with_name("read-only") / "my.yaml"
    study.parent.mkdir()
    write_entries(study.with_name("my.lock.yaml"), {"https://a": ONE})
    lock = LockFile(["/proc/my.lock.yaml", "my.lock.yaml"], find_lock_file(study)["entries"])
    lock.remember("https://b", TWO)
    found = LockFile(**find_lock_file(study))
    assert [found.pin({"url": url})["sha256"] for url in ("https://a", "https://b")] == [ONE, TWO]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<<<<<<< ours\ndownloads:\n- url: a\n", "my.lock.yaml, line 2: not YAML"),
        ("- a\n", "my.lock.yaml: not a list of downloads"),
        (
            "downloads: [{url: a}]",
            "my.lock.yaml: not a list of downloads, each with url and sha256 (KeyError: 'sha256')",
        ),
        (f"downloads: [{{url: a, sha256: {ONE[1:]}x}}]", "no url with its sha256"),
        (f"downloads: [{{url: a, sha256: {'a' * 64}}}, {{url: a, sha256: {TWO}}}]", "two sums for a"),
        ("\xff", "not UTF-8"),
    ],
)
def test_a_wrong_lock_file_gets_one_line(content, said):
    with open("my.lock.yaml", "w", encoding="latin-1") as file:
        file.write(content)
    with pytest.raises(LinguistError) as caught:
        find_lock_file("my.yaml")
    assert said in str(caught.value) and "; " in str(caught.value)


def test_a_file_that_was_fetched_before_must_be_the_one_of_the_lock_file(working_folder):
    file, record = working_folder / "file", working_folder / "record.json"
    record.write_text(json.dumps({"sha256": ONE}))

    def check(digest):
        lock = LockFile(["my.lock.yaml"], {URL: (digest, "my.lock.yaml")} if digest else {})
        lock.check({"url": URL}, file, record)
        lock.check({"url": URL, "md5": "0" * 32}, file, record)  # which has a checksum of its own

    check(TWO)  # it will be fetched
    file.write_text("x")
    check(ONE)
    check(None)
    with pytest.raises(LinguistError, match=f"sha256 is {ONE}, but in my.lock.yaml it is {TWO}; delete {file}"):
        check(TWO)
