"""A mixture holds every document once, in one split, with its source's number; its manifest agrees with a recount."""

import hashlib
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linguist.corpora import mixture as corpora
from linguist.corpora.documents import collect_documents
from linguist.corpora.mixture import CORPUS_SPLITS, mix_corpus
from linguist.corpora.store import choose_dev, escape, read_split, unescape
from linguist.errors import LinguistError
from linguist.files import END, write_lines

documents = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("\\nr\n\ra é"))


def lay(folder, texts):
    """Sources for `mix_corpus` of {name: documents}."""
    folder.mkdir(exist_ok=True)
    for name, those in texts.items():
        write_lines(folder / f"{name}.txt", map(escape, those))
    return {name: {"path": folder / f"{name}.txt", "kind": "text", "resources": [name]} for name in texts}


def outputs(folder):
    names = {"train": "train.txt", "dev": "dev.txt", "train_sources": "train.npy", "dev_sources": "dev.npy"}
    return {key: folder / name for key, name in names.items()} | {"manifest": folder / "manifest.json"}


def mix(folder, texts, dev=0.25, seed=1, repeated=None):
    """The splits, as lists of (source, document), and the manifest of a mixture."""
    places, given = outputs(folder / "out"), lay(folder / "in", texts)
    for name, share in (repeated or {}).items():
        given[name]["repeated"] = share
    mix_corpus(given, places, dev=dev, seed=seed)
    splits = {split: list(read_split(places[split], places[f"{split}_sources"])) for split in CORPUS_SPLITS}
    return splits, json.loads(places["manifest"].read_text())


def numbered(n, name):
    return [f"{name} {i}" for i in range(n)]


# ── lines ──


@given(documents)
def test_escaping_is_undone_and_leaves_one_line(document):
    line = escape(document)
    assert unescape(line) == document
    assert not {"\n", "\r"} & set(line)


def test_marks_are_as_documented():
    assert escape("a\\n\nb\r\tc") == "a\\\\n\\nb\\r\tc"
    assert unescape("plain \\x") == "plain \\x"


# ── dev ──


@given(st.integers(2, 500), st.floats(0, 0.5), st.integers(0, 2**31))
def test_dev_has_its_share_and_at_least_one(n, share, seed):
    chosen = choose_dev(n, share, seed)
    assert chosen.shape == (n,) and chosen.dtype == bool
    assert chosen.sum() == max(1, round(share * n))
    assert (chosen == choose_dev(n, share, seed)).all()


def test_dev_needs_two_documents():
    with pytest.raises(LinguistError, match=r"\(1\).*; "):
        choose_dev(1, 0.1, 1)


# ── mixing ──

sources = st.dictionaries(st.sampled_from("abc"), st.lists(documents, min_size=2), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sources, st.floats(0.01, 0.6), st.integers(0, 9), st.sampled_from([1, 9, 2**24]))
def test_every_document_is_in_one_split_and_the_figures_agree(tmp_path, texts, dev, seed, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpora, "BLOCK", block)
        splits, manifest = mix(tmp_path, texts, dev, seed)
    assert (manifest["seed"], manifest["dev"], list(manifest["sources"])) == (seed, dev, list(texts))
    for number, (name, those) in enumerate(texts.items()):
        is_dev = choose_dev(len(those), dev, seed)
        said = manifest["sources"][name]
        for split in CORPUS_SPLITS:
            wanted = [text for text, belongs in zip(those, is_dev == (split == "dev"), strict=True) if belongs]
            assert Counter(text for source, text in splits[split] if source == number) == Counter(wanted)
            assert said["splits"][split] == count(wanted)
        assert {key: said[key] for key in count([])} == count(those)
        lines = (tmp_path / f"in/{name}.txt").read_bytes().removesuffix(END.encode())
        assert said["sha256"] == hashlib.sha256(lines).hexdigest()
        assert (said["kind"], said["resources"]) == ("text", [name]) and "path" not in said
    for split in CORPUS_SPLITS:
        digest = hashlib.sha256((tmp_path / f"out/{split}.txt").read_bytes()).hexdigest()
        assert manifest["splits"][split] == count([text for _, text in splits[split]]) | {"sha256": digest}
    assert manifest["total"] == count([text for those in texts.values() for text in those])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sources, st.floats(0, 1), st.integers(0, 9), st.sampled_from([1, 2**24]))
def test_a_share_of_a_sources_documents_stands_twice(tmp_path, texts, share, seed, block):
    """And nothing else changes: splits, order, and the other sources."""
    first = next(iter(texts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpora, "BLOCK", block)
        before, _ = mix(tmp_path, texts, seed=seed)
        splits, manifest = mix(tmp_path, texts, seed=seed, repeated={first: share})
    changed = 0
    for split, rows in splits.items():
        for (source, text), (number, plain) in zip(rows, before[split], strict=True):
            assert source == number and text in (plain, f"{plain}\n{plain}")
            assert text == plain or source == 0
            changed += text != plain
        assert manifest["splits"][split].items() >= count([text for _, text in rows]).items()
    assert changed == round(share * len(texts[first]))
    for number, name in enumerate(texts):
        said, own = (
            manifest["sources"][name],
            [text for rows in splits.values() for source, text in rows if source == number],
        )
        assert said.items() >= count(own).items() and said.get("repeated") == (share if name == first else None)
        for split, rows in splits.items():
            assert said["splits"][split] == count([text for source, text in rows if source == number])


def count(texts):
    size = sum(len(text.encode()) for text in texts)
    return {"documents": len(texts), "bytes": size, "characters": sum(map(len, texts))}


def test_documents_of_all_sources_are_shuffled(tmp_path):
    splits, _ = mix(tmp_path, {"a": numbered(4000, "a"), "b": numbered(2000, "b")}, dev=0.1)
    assert {split: len(those) for split, those in splits.items()} == {"train": 5400, "dev": 600}
    for those in splits.values():
        labels = np.array([source for source, _ in those])
        places = np.array([int(text.split()[1]) for _, text in those])
        # Sixths of a shuffled split differ from the whole by chance only: five standard errors.
        for part in np.array_split(np.arange(len(those)), 6):
            assert abs(labels[part].mean() - 1 / 3) < 5 * (2 / 9 / len(part)) ** 0.5
        for source in (0, 1):
            own = places[labels == source]
            assert abs(np.corrcoef(own, np.arange(len(own)))[0, 1]) < 5 / len(own) ** 0.5


def test_the_same_bytes_give_the_same_bytes_and_another_seed_others(tmp_path):
    texts = {"a": numbered(50, "a"), "b": numbered(50, "b")}
    for folder, seed in (("x", 1), ("y", 1), ("z", 2)):
        (tmp_path / folder).mkdir()
        mix(tmp_path / folder, texts, seed=seed)
    files = sorted(path.name for path in (tmp_path / "x/out").iterdir())
    assert files == ["dev.npy", "dev.txt", "manifest.json", "train.npy", "train.txt"]
    for name in files:
        once, again, other = ((tmp_path / folder / "out" / name).read_bytes() for folder in "xyz")
        assert once == again != other


def test_labels_are_one_byte_a_line(tmp_path):
    mix(tmp_path, {"a": numbered(9, "a"), "b": numbered(9, "b")})
    labels = np.load(tmp_path / "out/train.npy")
    assert labels.dtype == np.uint8 and labels.shape == (14,)


def test_dev_of_a_source_does_not_depend_on_the_others(tmp_path):
    found = []
    for name, texts in (("x", {"b": numbered(40, "b")}), ("y", {"a": numbered(9, "a"), "b": numbered(40, "b")})):
        (tmp_path / name).mkdir()
        splits, _ = mix(tmp_path / name, texts)
        found.append({text for _, text in splits["dev"] if text.startswith("b")})
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n", r"two: .+two\.txt is empty; "),
        (b"one\n\n", r"two: .*\(1\).*; "),
    ],
)
def test_a_source_with_too_little_gets_one_line_and_nothing_is_left(tmp_path, content, said):
    places = outputs(tmp_path / "out")
    given = lay(tmp_path, {"one": numbered(9, "a"), "two": []})
    given["two"]["path"].write_bytes(content)
    with pytest.raises(LinguistError, match=said) as caught:
        mix_corpus(given, places, dev=0.1, seed=1)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_is_left_when_writing_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(corpora, "write_json", fail)
    with pytest.raises(OSError, match="disk full"):
        mix(tmp_path, {"a": numbered(9, "a")})
    assert list((tmp_path / "out").iterdir()) == []


def test_more_sources_than_a_byte_counts_are_refused(tmp_path):
    with pytest.raises(LinguistError, match="257 sources, 256 at most; "):
        mix_corpus({str(i): {} for i in range(257)}, outputs(tmp_path), dev=0.1, seed=1)


# ── reading ──


def test_a_split_is_read_lazily(tmp_path):
    places = outputs(tmp_path)
    places["train"].write_text("a\\nb\nc\n")
    np.save(places["train_sources"], np.array([1, 0, 0], np.uint8))
    lines = read_split(places["train"], places["train_sources"])
    assert next(lines) == (1, "a\nb")


@pytest.mark.parametrize("labels", [1, 3])
def test_files_of_different_length_are_refused(tmp_path, labels):
    places = outputs(tmp_path)
    places["train"].write_text("a\nb\n")
    np.save(places["train_sources"], np.zeros(labels, np.uint8))
    with pytest.raises(LinguistError, match=r"train\.txt: .+\.npy .+; "):
        list(read_split(places["train"], places["train_sources"]))


def test_labels_that_are_no_array_are_refused(tmp_path):
    for content in (b"", b"some text"):
        (tmp_path / "x.npy").write_bytes(content)
        with pytest.raises(LinguistError, match=r"x\.npy: .+; "):
            list(read_split(tmp_path / "x.txt", tmp_path / "x.npy"))


# ── real data ──


def test_real_texts_and_proteins_are_mixed(real_data, tmp_path):
    files = {"text": "text/enwiki_gensim_sample.txt", "protein": "proteins/uniprot_mmseqs2_20000.fasta.gz"}
    given, counts = {}, {}
    for kind, name in files.items():
        if not (real_data / name).is_file():
            pytest.skip(f"no {real_data / name}")
        counts[kind] = collect_documents([real_data / name], kind, 2_000_000, tmp_path / f"{kind}.txt")
        given[kind] = {"path": tmp_path / f"{kind}.txt", "kind": kind}
    places = outputs(tmp_path / "out")
    mix_corpus(given, places, dev=0.05, seed=7)
    manifest = json.loads(places["manifest"].read_text())
    for kind, counted in counts.items():
        assert {key: manifest["sources"][kind][key] for key in ("documents", "bytes")} == {
            key: counted[key] for key in ("documents", "bytes")
        }
    proteins = [text for source, text in read_split(places["dev"], places["dev_sources"]) if source == 1]
    assert proteins and all(text.isupper() and text.isalpha() for text in proteins)
    assert len(proteins) == manifest["sources"]["protein"]["splits"]["dev"]["documents"]
