"""The files of pretrained models: in the user's folder, in a mirror, in the hub's cache or on the Hugging Face hub."""

import json
import os
import re
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import quote

import requests

from linguist.errors import LinguistError
from linguist.sequences.fetching import QUICK, DownloadFailed, download
from linguist.tokenizers.pretrained import refuse_own_code

SETTINGS = ("config*.json", "generation_config.json", "*token*", "vocab*", "merges*")  # files beside the weights
NO_HUB = (ValueError, KeyError, TypeError, AttributeError)  # raised by an answer that is not a hub's


def weight_files(names):
    """The files among `names` that hold a model's weights: safetensors, else those of torch.save; whole, else in parts."""
    for stem, ending in (("model", "safetensors"), ("pytorch_model", "bin")):
        for part in ("", r"-\d{5}-of-\d{5}"):
            found = sorted(name for name in names if re.fullmatch(rf"{stem}{part}\.{ending}", name))
            if found:
                return found
    return []


def model_files(names):
    """The files among `names` that are needed: the settings of model and tokenizer first, then the weights."""
    own = [name for name in names if "/" not in name]
    settings = sorted(name for name in own if any(fnmatch(name, pattern) for pattern in SETTINGS))
    return settings + weight_files(names)


def files_in(folder):
    """The names of the files in a folder."""
    return [path.name for path in Path(folder).iterdir() if path.is_file()]


def find_model(hub, revision, path=None, mirror=None):
    """The folder on this machine that holds a model: `path` if given; else `{mirror}/{hub}`; else the hub's cache, if weights
    are there. None if the model must be downloaded."""
    if path is not None:
        return Path(path)
    mirrored = Path(mirror or "") / hub
    if mirror and mirrored.is_dir():
        return mirrored
    cached = _cache() / f"models--{hub.replace('/', '--')}" / "snapshots" / revision
    return cached if cached.is_dir() and weight_files(files_in(cached)) else None


def measure_model(hub=None, revision=None, path=None, mirror=None):
    """Bytes of the files that `fetch_model` will bring; None if that cannot be known before."""
    try:
        folder = find_model(hub, revision, path, mirror)
        if folder is not None:
            return sum((folder / name).stat().st_size for name in model_files(files_in(folder)))
        with requests.get(_listing(hub, revision), headers=_access(), timeout=QUICK) as response:
            entries = _entries(response.json())
            return sum(entries[name]["size"] for name in model_files(entries)) or None
    except (OSError, *NO_HUB):
        return None


def download_model(where, hub, revision, folder, mirror=None, weights=True):
    """Download the files of a model that are needed into `folder`, the weights last, unless they shall stay where they are.
    Those with a checksum on the hub are verified. `where` names the model in the log, `mirror` a folder that lacks it.

    Raises LinguistError if the hub does not give them or if the model needs code of its own.
    """
    folder = Path(folder)
    try:
        download(where, _listing(hub, revision), folder / "listing", headers=_access())
        entries = _entries(json.loads((folder / "listing").read_bytes()))
        (folder / "listing").unlink()
        if not weight_files(entries):
            raise DownloadFailed("no model.safetensors and no pytorch_model.bin")
        for name in model_files(entries):
            if name in weight_files(entries):
                refuse_own_code(folder, hub)
                if not weights:
                    break
            checksum = entries[name].get("lfs", {}).get("oid")
            address = f"{_endpoint()}/{hub}/resolve/{revision}/{quote(name)}"
            download(f"{where}: {name}", address, folder / name, checksum and ("sha256", checksum), _access())
    except (DownloadFailed, *NO_HUB) as error:
        reason = error if isinstance(error, DownloadFailed) else "this is no hub (HF_ENDPOINT)"
        cure = "check id and revision, set HF_TOKEN for a model with restricted access, or give a folder as path"
        problem = f"cannot fetch {hub} at {revision} from {_endpoint()}: {reason}"
        if mirror and "://" not in str(mirror):  # an address holds resources alone
            problem, cure = (
                f"no folder {Path(mirror) / hub} in the mirror, and {problem}",
                f"put the model there, {cure}",
            )
        raise LinguistError(f"{problem}; {cure}") from error


def _entries(listing):
    """{name: what the hub says of it} of the files in a model's repository."""
    return {entry["path"]: entry for entry in listing if entry["type"] == "file"}


def _endpoint():
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def _listing(hub, revision):
    return f"{_endpoint()}/api/models/{hub}/tree/{revision}"


def _home():
    return Path(
        os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    ).expanduser()


def _cache():
    return Path(os.environ.get("HF_HUB_CACHE") or _home() / "hub").expanduser()


def _access():
    """The header that gives access to restricted models, if the user has a token."""
    stored = _home() / "token"
    token = os.environ.get("HF_TOKEN") or (stored.read_text().strip() if stored.is_file() else "")
    return {"Authorization": f"Bearer {token}"} if token else {}
