"""Jobs of several runs: what a finished run leaves stays beside it, so that the job, if it is begun again, goes on with the others.

Snakemake deletes the outputs of a job that fails, or that is begun again because a seed is added: also those of runs that are
finished.
"""

import hashlib
import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from linguist.files import atomic_path, file_digest, write_json
from linguist.provenance import versions
from linguist.training.devices import forget_models

logger = logging.getLogger("linguist")
METRICS = "metrics.json"
RESULTS = (METRICS, "curve.tsv", "predictions.tsv.gz")
RECORD = "record.json"


def make_runs(metrics, made_from, make):
    """Make the run of each of these files ("…/seed-3/metrics.json"), one after another, by `make(folder, seed, keep)`, which calls
    `keep()` when its results are written. If there are several, those that are finished stay; `made_from` is from
    `digest_sources`."""
    for number, folder in enumerate((Path(path).parent for path in metrics), 1):
        logger.info("run %d of %d: %s", number, len(metrics), folder)
        finished = Finished.in_folder(folder, made_from)
        if len(metrics) > 1 and finished.restore():
            logger.info("finished before: it stays (to make it again, delete its folder)")
        else:
            make(folder, seed_of(folder / METRICS), finished.keep)
            forget_models()


def seed_of(path):
    """The seed of the run that has this file."""
    return int(Path(path).parent.name.removeprefix("seed-"))


@dataclass(frozen=True)
class Finished:
    """The results of a finished run, in a folder beside them.

    folder: the folder; it holds the files, and a record of their digests and of what they are made from
    files: the paths of the results
    made_from: a digest of what the results depend on, from `digest_sources`
    """

    folder: Path
    files: tuple[Path, ...]
    made_from: str

    @classmethod
    def in_folder(cls, folder, made_from):
        """The results of the run whose folder this is."""
        return cls(folder / "finished", tuple(folder / name for name in RESULTS), made_from)

    def keep(self):
        """Keep the results, which are written, as links to the same data: copying them takes no space."""
        with atomic_path(self.folder) as temporary:
            temporary.mkdir()
            for path in self.files:
                link(path, temporary / path.name)
            write_json(temporary / RECORD, {"made_from": self.made_from, "files": self._digests(self.files)})

    def restore(self):
        """Put the results in their places, if they were kept, are whole and are made from the same; whether that is so."""
        kept = [self.folder / path.name for path in self.files]
        try:
            record = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
            if record != {"made_from": self.made_from, "files": self._digests(kept)}:
                return False
        except (OSError, ValueError):  # not kept, or damaged
            return False
        for source, path in zip(kept, self.files, strict=True):
            path.unlink(missing_ok=True)
            link(source, path)
        return True

    def _digests(self, paths):
        return {path.name: file_digest(path) for path in paths}


def link(source, target):
    """A second name of a file, or a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def digest_sources(paths, **settings):
    """Hex digest of what a run is made from: the bytes of files and of the files in folders, settings, and software."""
    files = [file for path in map(Path, paths) for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    content = json.dumps([[file_digest(file) for file in files], settings, versions()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
