"""Models from a folder, a mirror, a hub that answers as the real one does, or from nothing."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer, GPTNeoConfig, GPTNeoModel

from helpers.data import SHAPES
from helpers.models import MARK, add_own_code
from linguist.errors import LinguistError
from linguist.training import cpu as dropout
from linguist.training.models import fetch_model, initialize_model, load_classifier

COMMIT = "a" * 40


def weights(folder):
    return (Path(folder) / "model.safetensors").read_bytes()


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_sizes_and_ids_come_from_the_tokenizer(architecture, base_models):
    """GPT-2's own defaults (50,257 tokens, special tokens at 50,256) would point past a small vocabulary."""
    model, tokenizer = (
        AutoModel.from_pretrained(base_models[architecture]),
        AutoTokenizer.from_pretrained(base_models[architecture]),
    )
    assert model.config.vocab_size == len(tokenizer) == model.get_input_embeddings().weight.shape[0]
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        assert getattr(model.config, name) == getattr(tokenizer, name)
    assert model.dtype == torch.float32


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_a_seed_is_its_bytes(architecture, base_models, tokenizers, tmp_path):
    torch.rand(7)
    for seed in (1, 2):
        initialize_model(
            "m",
            {"architecture": architecture, "shape": SHAPES[architecture], "seed": seed},
            tokenizers[architecture],
            tmp_path / str(seed),
        )
    assert weights(tmp_path / "1") == weights(base_models[architecture])
    assert weights(tmp_path / "2") != weights(base_models[architecture])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_embd": 33}, "divisible"),
        ({"n_head": "two"}, "n_head"),
        ({"n_head": 0}, "zero"),
        ({"n_embd": -4}, "negative"),
        ({"activation_function": "foo"}, "foo"),
    ],
)
def test_a_wrong_shape_is_one_line(change, message, tokenizers, tmp_path):
    with pytest.raises(LinguistError, match=message) as caught:
        initialize_model(
            "tiny",
            {"architecture": "gpt2", "shape": SHAPES["gpt2"] | change, "seed": 1},
            tokenizers["gpt2"],
            tmp_path / "model",
        )
    assert str(caught.value).startswith("config: models.tiny.shape: ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_a_folder_is_fetched_unchanged(architecture, base_models, tmp_path):
    fetch_model("m", tmp_path / "model", path=base_models[architecture])
    assert weights(tmp_path / "model") == weights(base_models[architecture])
    assert (tmp_path / "model" / "tokenizer.json").read_bytes() == (
        base_models[architecture] / "tokenizer.json"
    ).read_bytes()


def test_half_precision_comes_out_single(base_models, tmp_path):
    AutoModel.from_pretrained(base_models["bert"], dtype=torch.float16).save_pretrained(tmp_path / "half")
    AutoTokenizer.from_pretrained(base_models["bert"]).save_pretrained(tmp_path / "half")
    fetch_model("m", tmp_path / "model", path=tmp_path / "half")
    fetched, half = (load_file(tmp_path / name / "model.safetensors") for name in ("model", "half"))
    assert {tensor.dtype for tensor in fetched.values()} == {torch.float32}
    assert all(torch.equal(fetched[name], half[name].float()) for name in half)


def test_missing_weights_are_drawn_alike(base_models, tmp_path):
    """A checkpoint without a pooler gets the same one on every machine."""
    AutoModel.from_pretrained(base_models["bert"], add_pooling_layer=False).save_pretrained(tmp_path / "bare")
    AutoTokenizer.from_pretrained(base_models["bert"]).save_pretrained(tmp_path / "bare")
    for copy in "ab":
        fetch_model("m", tmp_path / copy, path=tmp_path / "bare")
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "bare")


def test_a_mirror_is_taken_instead_of_the_hub(base_models, tmp_path):
    """The tests forbid transformers the network, so nothing else could have answered."""
    (tmp_path / "mirror" / "org").mkdir(parents=True)
    (tmp_path / "mirror" / "org" / "tiny").symlink_to(base_models["gpt2"])
    fetch_model("m", tmp_path / "model", hub="org/tiny", revision=COMMIT, mirror=tmp_path / "mirror")
    assert weights(tmp_path / "model") == weights(base_models["gpt2"])
    with pytest.raises(LinguistError, match="models/m: cannot load org/other"):
        fetch_model("m", tmp_path / "none", hub="org/other", revision=COMMIT, mirror=tmp_path / "mirror")


@pytest.mark.parametrize("damage", ["absent", "no weights", "half", "no config"])
def test_a_broken_folder_is_one_line(damage, base_models, tmp_path):
    folder = tmp_path / "broken"
    if damage != "absent":
        folder.mkdir()
        for path in base_models["bert"].iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
    if damage == "half":
        (folder / "model.safetensors").write_bytes(weights(folder)[:5000])
    elif damage != "absent":
        (folder / ("model.safetensors" if damage == "no weights" else "config.json")).unlink()
    with pytest.raises(LinguistError, match="models/m: cannot load .*check the folder") as caught:
        fetch_model("m", tmp_path / "model", path=folder)
    assert "\n" not in str(caught.value)
    with pytest.raises(LinguistError, match="cannot be loaded as a sequence classifier"):
        load_classifier(folder, ("different", "same"), 0, "eager")


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_the_head_is_drawn_from_the_seed(architecture, base_models):
    """Whatever was drawn before: the authors of paper 1 built the head before they seeded."""

    def head(seed):
        torch.rand(seed + 3)
        model = load_classifier(base_models[architecture], ("different", "same"), seed, "eager")
        return getattr(model, "classifier" if architecture == "bert" else "score").weight

    assert torch.equal(head(5), head(5))
    assert not torch.equal(head(5), head(6))


def test_an_attention_that_the_architecture_lacks_is_one_line_with_its_cure(tmp_path):
    shape = {"hidden_size": 8, "num_layers": 1, "num_heads": 1, "attention_types": [[["global"], 1]]}
    GPTNeoModel(GPTNeoConfig(vocab_size=50, **shape)).save_pretrained(tmp_path)
    for attention in (dropout.ATTENTION, "sdpa"):
        with pytest.raises(LinguistError, match="set finetuning.attention: eager$") as caught:
            load_classifier(tmp_path, ("different", "same"), 0, attention)
        assert "\n" not in str(caught.value)
    load_classifier(tmp_path, ("different", "same"), 0, "eager")


class Hub(BaseHTTPRequestHandler):
    """Serves one repository, org/tiny, at one commit, with the addresses and headers of the Hugging Face hub."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        self.server.requests.append((self.command, self.path))
        path = self.path.partition("?")[0]
        if path == f"/api/models/org/tiny/tree/{COMMIT}":
            files = [
                {
                    "type": "file",
                    "path": p.name,
                    "size": p.stat().st_size,
                    "oid": hashlib.sha1(p.read_bytes()).hexdigest(),
                }
                for p in self.server.folder.iterdir()
            ]
            return self.reply(200, json.dumps(files).encode(), Content_Type="application/json")
        if path == f"/api/models/org/tiny/revision/{COMMIT}":
            siblings = [{"rfilename": p.name} for p in self.server.folder.iterdir()]
            body = json.dumps({"id": "org/tiny", "sha": COMMIT, "siblings": siblings, "tags": []})
            return self.reply(200, body.encode(), Content_Type="application/json")
        revision, _, name = path.removeprefix("/org/tiny/resolve/").partition("/")
        if path.startswith("/org/tiny/resolve/") and revision != COMMIT:
            return self.reply(404, X_Error_Code="RevisionNotFound")
        if path.startswith("/org/tiny/resolve/") and (self.server.folder / name).is_file():
            body = (self.server.folder / name).read_bytes()
            return self.reply(200, body, ETag=f'"{hashlib.sha1(body).hexdigest()}"', X_Repo_Commit=COMMIT)
        code = "EntryNotFound" if path.startswith("/org/tiny/") else "RepoNotFound"
        return self.reply(404, X_Error_Code=code, X_Repo_Commit=COMMIT)

    do_HEAD = do_GET


@contextmanager
def hub_of(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.folder, server.requests = folder, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


CLIENT = """
import sys, time
time.sleep = lambda seconds: None  # the client of the hub waits 23 s in all before it gives up
from linguist.errors import LinguistError
from linguist.training.models import fetch_model
for fetch in sys.argv[1:]:
    hub, revision, folder = fetch.split()
    try:
        fetch_model("m", folder, hub=hub, revision=revision)
        print("fetched")
    except LinguistError as error:
        print(error)
"""


def run_client(port, home, *fetches):
    """What each fetch printed, in a process of its own with `home` for a cache."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    library = str(Path(sys.modules["linguist"].__path__[0]).parent)
    environment = kept | {"PYTHONPATH": library, "HF_HOME": str(home), "HF_ENDPOINT": f"http://127.0.0.1:{port}"}
    command = [sys.executable, "-c", CLIENT, *(" ".join(map(str, fetch)) for fetch in fetches)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_model_comes_from_the_hub_then_from_its_cache(base_models, tmp_path):
    with hub_of(base_models["bert"]) as server:
        lines = run_client(
            server.server_port,
            tmp_path / "home",
            ("org/tiny", COMMIT, tmp_path / "first"),
            ("org/tiny", "b" * 40, tmp_path / "none"),
            ("org/none", COMMIT, tmp_path / "none"),
        )
        assert ("GET", f"/org/tiny/resolve/{COMMIT}/model.safetensors") in server.requests
    assert lines[0] == "fetched"
    assert len(lines) == 3, "every failure is one line"
    assert lines[1].startswith("models/m: cannot load org/tiny (" + "b" * 40)
    assert lines[2].startswith("models/m: cannot load org/none (")
    # The server is gone: a known commit comes from the cache, anything else is one line.
    lines = run_client(
        server.server_port,
        tmp_path / "home",
        ("org/tiny", COMMIT, tmp_path / "second"),
        ("org/tiny", "c" * 40, tmp_path / "none"),
    )
    assert lines[0] == "fetched"
    assert len(lines) == 2
    assert "check id, revision and network" in lines[1]
    for folder in ("first", "second"):
        assert weights(tmp_path / folder) == weights(base_models["bert"])
        loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path / folder)
        assert loaded.config.vocab_size == len(AutoTokenizer.from_pretrained(tmp_path / folder))
    assert not (tmp_path / "none").exists()


def test_a_model_of_the_hub_with_its_own_code_is_refused_before_its_weights_come(base_models, tmp_path):
    shutil.copytree(base_models["bert"], tmp_path / "hostile")
    add_own_code(tmp_path / "hostile", "config.json")
    with hub_of(tmp_path / "hostile") as server:
        lines = run_client(server.server_port, tmp_path / "home", ("org/tiny", COMMIT, tmp_path / "model"))
        assert not [path for _, path in server.requests if path.endswith((".safetensors", ".py"))]
    assert len(lines) == 1 and lines[0].startswith("models/m: org/tiny: this model needs its own code")
    assert not list(tmp_path.rglob(MARK)) and not (tmp_path / "model").exists()
