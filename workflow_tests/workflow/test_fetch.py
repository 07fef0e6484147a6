"""`snakemake fetch` brings all that comes from outside; the rest of a run has no network."""

import hashlib
import os
import random
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from helpers.data import SENTENCES
from helpers.hub import COMMIT, hub_of, site_of
from helpers.models import make_model
from helpers.runs import error_lines

SPLITS = {"train": 64, "dev": 20, "test": 20}
ALONE = ["unshare", "--net", "--map-root-user"]  # a network of its own, in which not even the loopback device is up
# Python reads it at each start, and notes each attempt to reach another machine.
WATCH = """
import os, sys

def note(event, arguments):
    if event == "socket.getaddrinfo" or event == "socket.connect" and not isinstance(arguments[1], (str, bytes)):
        with open(os.environ["ATTEMPTS"], "a") as file:
            print(event, sys.argv[:1], arguments[1:], file=file)

sys.addaudithook(note)
"""


def write_tables(folder):
    """Tables of sentence pairs, half of each label."""
    draw, words = random.Random(1), " ".join(SENTENCES[:4]).split()
    folder.mkdir()
    for split, rows in SPLITS.items():
        lines = ["id\tsentence1\tsentence2\tlabel"]
        for row in range(rows):
            first, second = (" ".join(draw.choices(words, k=8)) for _ in range(2))
            lines.append(f"{row}\t{first}\t{first if row % 2 else second} {row}\t{row % 2}")
        (folder / f"{split}.tsv").write_text("\n".join(lines) + "\n")


def study_of(site):
    """A study whose tables come from a web server and whose model comes from the hub."""
    sums = {split: hashlib.sha256((site.folder / f"{split}.tsv").read_bytes()).hexdigest() for split in SPLITS}
    return {
        "resources": {split: {"url": f"{site.base}/{split}.tsv", "sha256": sums[split]} for split in SPLITS},
        "pairsets": {"en": {"kind": "sentence", "recipe": "table", "sizes": SPLITS, "files": {s: [s] for s in SPLITS}}},
        "models": {"tiny": {"hub": "org/tiny", "revision": COMMIT}},
        "studies": {
            "small": {
                "title": "A small study",
                "question": "Does it run without a network?",
                "models": ["tiny"],
                "trainsets": ["en"],
                "seeds": [1],
                "tests": ["en"],
            }
        },
        "finetuning": {"epochs": 1, "batch_size": 16},
        "threads": 1,
    }


def test_after_fetch_a_run_needs_no_network(checkout, snakemake, tmp_path):
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let a user make a network namespace (unshare --net)")
    write_tables(tmp_path / "site")
    make_model(tmp_path / "org")
    fetch = ["fetch", "--cores", "4", "--configfile", "study.yaml"]
    attempts = tmp_path / "attempts"
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch/sitecustomize.py").write_text(WATCH)
    with site_of(tmp_path / "site") as site, hub_of(tmp_path / "org") as hub:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_CACHE"))}
        kept |= {"PYTHONPATH": str(tmp_path / "watch"), "ATTEMPTS": str(attempts)}
        environment = kept | {"HF_ENDPOINT": hub.base, "HF_HOME": str(tmp_path / "home"), "NO_PROXY": "*"}
        study = study_of(site)

        def run_fetch():
            (checkout / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
            return snakemake(checkout, *fetch, env=environment)

        # What cannot be had fails in one line each; the rest comes all the same.
        (checkout / "mirror").mkdir()
        study["mirror"] = "mirror"
        study["models"]["tiny"]["revision"] = "b" * 40
        study["resources"]["dev"]["url"] += ".gz"
        failed = run_fetch()
        assert failed.returncode != 0 and "Traceback" not in failed.stderr
        assert "models/tiny, resources/dev of unknown size" in failed.stderr
        lines = set(error_lines(failed))
        assert len([line for line in lines if "resources/dev: " in line and "HTTP 404" in line]) == 1
        [of_model] = [line for line in lines if "models/tiny: " in line and "HTTP 404" in line]
        assert "no folder mirror/org/tiny in the mirror" in of_model
        assert (checkout / "results/resources/train").is_file() and not (checkout / "results/models/tiny").exists()

        study = study_of(site)
        done = run_fetch()
        assert done.returncode == 0, done.stderr
        output = done.stdout + done.stderr
        assert re.search(
            r"To fetch: 1 resource and 1 model, .* GB\n.*rule fetch_.*\nFetched: 1 resource and 1 model, .* GB",
            output,
            re.S,
        )
        assert "Nothing to be done" in run_fetch().stderr
    assert str(hub.server_port) in attempts.read_text()  # so that the next lines can fail
    attempts.unlink()
    command = [*ALONE, sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml"]
    rest = subprocess.run(command, cwd=checkout, capture_output=True, text=True, env=kept)
    assert rest.returncode == 0, rest.stderr[-4000:]
    assert not attempts.exists(), attempts.read_text()
    assert "fetch_" not in re.sub("fetch_(resource|model)/", "", rest.stdout + rest.stderr)
    assert (checkout / "results/report/answer.html").is_file()


def test_a_first_download_is_remembered_beside_the_study(checkout, snakemake, tmp_path):
    """By three jobs at once; on a second machine with the lock file, the same file is taken and another one refused."""
    write_tables(tmp_path / "site")
    first, second = tmp_path / "first/studies", tmp_path / "second/studies"
    environment = {**os.environ, "NO_PROXY": "*"}

    def fetch_in(studies):
        command = ["fetch", "--snakefile", checkout / "Snakefile", "--configfile", "studies/my.yaml", "--cores", "4"]
        return snakemake(studies.parent, *command, env=environment)

    def sums(folder):
        return {split: hashlib.sha256((folder / f"{split}.tsv").read_bytes()).hexdigest() for split in SPLITS}

    with site_of(tmp_path / "site") as site:
        study = {key: part for key, part in study_of(site).items() if key in ("resources", "pairsets")}
        for resource in study["resources"].values():
            del resource["sha256"]
        first.mkdir(parents=True)
        (first / "my.yaml").write_text(yaml.safe_dump(study))
        done = fetch_in(first)
        assert done.returncode == 0, done.stderr
        lock, begun = first / "my.lock.yaml", sums(tmp_path / "site")
        downloads = yaml.safe_load(lock.read_text())["downloads"]
        assert downloads == [{"url": f"{site.base}/{split}.tsv", "sha256": begun[split]} for split in sorted(SPLITS)]
        assert "Nothing to be done" in fetch_in(first).stderr

        shutil.copytree(first, second)
        with open(tmp_path / "site/dev.tsv", "a") as table:
            table.write("99\ta\tb\t0\n")
        changed, asked = sums(tmp_path / "site"), fetch_in(second)
        assert asked.returncode != 0 and "Traceback" not in asked.stderr
        [line] = set(error_lines(asked))
        assert all(text in line for text in ("resources/dev", begun["dev"], changed["dev"], "studies/my.lock.yaml"))
        assert sorted(path.name for path in (second.parent / "results/resources").iterdir()) == ["test", "train"]

        # The new file is accepted, here and where the old one lies.
        accepted = lock.read_text().replace(begun["dev"], changed["dev"])
        (second / lock.name).write_text(accepted)
        assert fetch_in(second).returncode == 0 and (second / lock.name).read_text() == accepted
        lock.write_text(accepted)
        stopped = fetch_in(first)
        assert stopped.returncode != 0 and "Traceback" not in stopped.stderr
        [line] = error_lines(stopped)
        assert all(text in line for text in ("delete results/resources/dev", begun["dev"], changed["dev"]))
