"""The configuration: what ships is right, what is documented is there, and every mistake gets one line that says its cure."""

import contextlib
import copy
import datetime
import functools
import json
import subprocess
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import ROOT
from linguist.config.schema import CONFIG_FOLDER, default_config
from linguist.config.settle import merge, ordered, settle
from linguist.config.shapes import HEADS, SHAPES, WIDTH
from linguist.errors import LinguistError
from linguist.pairs.recipes import RECIPES

DEFAULTS = default_config()
STUDY = """
resources:
  genome: {path: genome.fa}
pairsets:
  en: {kind: sentence, recipe: grammar, language: en}
  dna: {kind: dna, recipe: homologs, queries: genome, search: [genome], length: 50}
  tab: {kind: sentence, recipe: table, files: {train: [genome], dev: [genome], test: [genome]}}
  cod: {kind: coding, recipe: coding, sequences: genome, length: 150}
tasks:
  tab-task:
    recipe: table
    files: {train: [genome], dev: [genome], test: [genome]}
    answers: ["no", "yes"]
    phrasings: ["Is it?"]
    held_out: Tell me.
  cut: {recipe: repeats, sequences: genome, length: 60, sizes: {train: 400, dev: 4, test: 4}, answers: [a, b], phrasings: [x], held_out: z}
instructions:
  told: {tasks: [tab-task, cut]}
corpora:
  mix:
    sources:
      words: {kind: text, pairsets: [en]}
      dna: {kind: dna, resources: [genome], bytes: 1000}
tokenizers:
  bpe: {type: bpe, vocab_size: 500, corpus: mix}
models:
  nano: {architecture: gpt2, tokenizer: bpe, shape: {n_layer: 1}}
studies:
  first: {title: t, question: q, models: [nano], trainsets: [en], seeds: [1], tests: [en, dna], controls: [untrained]}
  tasks: {title: t, question: q, models: [nano], trainsets: [cut, told], seeds: [1], tests: [cut, tab-task], controls: [random-weights]}
vectors:
  words: {title: t, question: q, models: [nano], trainset: en, seeds: [1, 2], published: paper1-vectors}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A small study that settles; the file it names is there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "genome.fa").write_text(">r\nACGT\n")
    (tmp_path / "folder").mkdir()
    return yaml.safe_load(STUDY)


def patch(study, place, value):
    """`study` with the YAML text `value` at the dotted `place`; DELETE removes the key."""
    value = value.replace("SHA256", "a" * 64).replace("COMMIT", "b" * 40)
    study = copy.deepcopy(study)
    *above, last = place.split(".")
    block = study
    for key in above:
        block = block[key]
    if value == "DELETE":
        del block[last]
    else:
        block[last] = yaml.safe_load(value)
    return study


# ── what ships ──


@pytest.mark.parametrize(
    "path", sorted(set(CONFIG_FOLDER.glob("*.yaml")) - {CONFIG_FOLDER / "defaults.yaml"}), ids=lambda p: p.name
)
def test_a_shipped_config_settles(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    config = settle(yaml.safe_load(path.read_text()))
    assert config["studies"]
    for pairset in config["pairsets"].values():
        assert set(pairset["sizes"]) == {"train", "dev", "test"}
        assert set(pairset["rules"]) == set(RECIPES[pairset["recipe"]].rules) <= set(DEFAULTS["pairs"]["rules"])
        assert isinstance(pairset["seed"], int)
    assert all("controls" in block for block in config["studies"].values())


# ── laying one over the other ──

trees = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)


@given(trees, trees)
def test_merging_keeps_all_of_the_upper_and_adds_the_lower(under, over):
    merged = merge(under, over)
    assert merge(merged, over) == merged
    assert merge(under, {}) == (under if isinstance(under, dict) else {})
    if isinstance(under, dict) and isinstance(over, dict):
        assert set(merged) == set(under) | set(over)
        assert all(merged[key] == merge(under.get(key), over[key]) for key in over)
        assert all(merged[key] == under[key] for key in set(under) - set(over))
    else:
        assert merged == over


def test_a_study_is_completed_and_not_changed(study):
    before = copy.deepcopy(study)
    del before["studies"]["first"]["controls"], study["studies"]["first"]["controls"]
    study["pairs"], before["pairs"] = {"seed": 7}, {"seed": 7}
    study["pairsets"]["dna"] |= {"sizes": {"test": 6}, "rules": {"max_hits": 3}}
    before["pairsets"]["dna"] |= {"sizes": {"test": 6}, "rules": {"max_hits": 3}}
    config = settle(study)
    assert study == before
    assert config["studies"]["first"]["controls"] == []
    assert config["pairsets"]["dna"]["sizes"] == DEFAULTS["pairs"]["sizes"] | {"test": 6}
    read = {rule: DEFAULTS["pairs"]["rules"][rule] for rule in RECIPES["homologs"].rules}
    assert config["pairsets"]["dna"]["rules"] == read | {"max_hits": 3}
    assert config["pairsets"]["en"]["seed"] == 7
    assert config["finetuning"] == DEFAULTS["finetuning"]


def test_a_sets_own_negatives_replace_the_common_ones(study):
    study["pairs"] = {"rules": {"negatives": {"unrelated": 1.0}}}
    study["pairsets"]["tab"] |= {"rules": {"negatives": {"own": 1}}}
    config = settle(study)
    assert config["pairsets"]["en"]["rules"] == {"negatives": {"unrelated": 1.0}}
    assert config["pairsets"]["tab"]["rules"]["negatives"] == {"own": 1}


def test_only_a_tables_own_sizes_are_asked_of_it(study):
    study["pairs"] = {"sizes": {"train": 900}}
    assert not any("asked" in spec for spec in settle(study)["pairsets"].values())
    for name in ("tab", "en"):
        study["pairsets"][name]["sizes"] = {"test": 6}
    sets = settle(study)["pairsets"]
    assert sets["tab"]["asked"] == {"test": 6} and sets["tab"]["sizes"]["train"] == 900 and "asked" not in sets["en"]


def test_a_set_without_a_train_split_gives_no_vectors(study):
    study["pairsets"]["tab"]["files"] = {"test": ["genome"]}
    study["vectors"]["words"]["trainset"] = "tab"
    with pytest.raises(LinguistError, match="vectors.words.trainset: tab has no split 'train'; add it to pairsets.tab"):
        settle(study)


# ── texts, as Snakemake passes them inside --config 'a={b: 1}' ──


def as_texts(value):
    """A config value with a text for each number, true, false and null, as Snakemake reads it from the command line."""
    if isinstance(value, dict):
        return {key: as_texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_texts(part) for part in value]
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def test_a_config_of_texts_settles_as_it_is_meant(study):
    meant = merge(DEFAULTS, study) | {"mirror": "x", "container": "x"}  # which take a text, also "null"
    assert settle(as_texts(meant)) == settle(meant)


@pytest.mark.parametrize(
    ("place", "text", "meant"),
    [
        ("finetuning", "{learning_rate: 1e-5}", {"learning_rate": 1e-5}),  # what YAML itself reads as text
        ("finetuning", "{epochs: '2'}", {"epochs": 2}),
        ("pretraining", "{micro_batch: 'null', compile: 'True'}", {"micro_batch": None, "compile": True}),
        ("studies.first.seeds", "['1', '7']", [1, 7]),
        ("studies.first.title", "'12'", "12"),
        ("models.nano.shape", "{n_layer: '2', resid_pdrop: '.1'}", {"n_layer": 2, "resid_pdrop": 0.1}),
    ],
)
def test_a_text_is_read_as_the_schema_wants_it(study, place, text, meant):
    found = settle(patch(study, place, text))
    for key in place.split("."):
        found = found[key]
    assert (found | meant if isinstance(meant, dict) else meant) == found


# ── mistakes: (place, YAML put there, what the one line says) ──

MAPPING = "must be a mapping of keys to values"
MISTAKES = [
    # unknown keys, at each level
    ("studys", "{}", "config: unknown key 'studys'; did you mean 'studies'?"),
    ("resources.genome.pat", "x", "resources.genome: unknown key 'pat'; did you mean 'path'?"),
    ("pairsets.dna.lenght", "5", "pairsets.dna: unknown key 'lenght'; did you mean 'length'?"),
    ("pairsets.dna.rules", "{min_similarty: 1}", "pairsets.dna.rules: unknown key 'min_similarty'; did you mean"),
    ("pairsets.dna.sizes", "{trian: 4}", "pairsets.dna.sizes: unknown key 'trian'; did you mean 'train'?"),
    ("pairsets.tab.files", "{trian: []}", "pairsets.tab.files: unknown key 'trian'; did you mean 'train'?"),
    ("pairs", "{rules: {max_hit: 3}}", "pairs.rules: unknown key 'max_hit'; did you mean 'max_hits'?"),
    ("pairs", "{seeds: 3}", "pairs: unknown key 'seeds'; did you mean 'seed'?"),
    ("tokenizers.bpe.vocab", "4", "tokenizers.bpe: unknown key 'vocab'; did you mean 'vocab_size'?"),
    ("models.nano.hug", "x", "models.nano: unknown key 'hug'; did you mean 'hub'?"),
    ("models.nano.finetuning", "{epoch: 3}", "models.nano.finetuning: unknown key 'epoch'; did you mean 'epochs'?"),
    ("studies.first.model", "[nano]", "studies.first: unknown key 'model'; did you mean 'models'?"),
    ("studies.first.1", "2", "studies.first: unknown key '1'; known: title, question"),
    ("finetuning", "{lr: 1}", "finetuning: unknown key 'lr'; known: learning_rate, batch_size"),
    ("blast", "{db: 1}", "blast: unknown key 'db'; known: parts, dbsize, max_target_seqs"),
    ("tokens", "{maxlength: 1}", "tokens: unknown key 'maxlength'; did you mean 'max_length'?"),
    ("tokens", '{"a\\nb": 1}', r"tokens: unknown key 'a\nb'; known: max_length"),
    # missing keys
    ("studies.first.title", "DELETE", "studies.first: missing key 'title'; add it (a heading for the report)"),
    ("pairsets.dna.kind", "DELETE", "pairsets.dna: missing key 'kind'; add it (what the two sides are: sentence, dna"),
    ("pairsets.dna.queries", "DELETE", "pairsets.dna: missing key 'queries', which recipe 'homologs' needs; add it"),
    ("pairsets.cod.length", "DELETE", "pairsets.cod: missing key 'length', which recipe 'coding' needs; add it"),
    ("pairsets.tab.files", "{train: [genome], dev: [genome]}", "pairsets.tab.files: missing key 'test'; add it"),
    ("tokenizers.bpe.type", "DELETE", "tokenizers.bpe: missing key 'type'; add it ("),
    ("models.nano.shape", "DELETE", "models.nano: missing key 'shape', which 'architecture' needs; add it"),
    ("models.nano.tokenizer", "DELETE", "models.nano: missing key 'tokenizer', which 'architecture' needs; add it"),
    # wrong types and values
    ("threads", "two", "threads: is 'two', but must be a whole number (CPU threads"),
    ("threads", "'2.0'", "threads: is '2.0', but must be a whole number"),
    ("threads", "'2.0'", "YAML reads this as text, write 2"),
    ("finetuning", "{learning_rate: 'nan'}", "finetuning.learning_rate: is 'nan', but must be a number"),
    ("threads", "0", "threads: is 0, but must be at least 1 (CPU threads"),
    ("runs_per_job", "0", "runs_per_job: is 0, but must be at least 1 (fine-tunings"),
    ("threads", "true", "threads: is true, but must be a whole number"),
    ("threads", "2.0", "threads: is 2.0, but must be a whole number"),
    ("threads", "2024-01-01", 'threads: is "2024-01-01", but must be a whole number'),
    ("finetuning", "{learning_rate: 0}", "finetuning.learning_rate: is 0, but must be above 0 (peak"),
    ("blast", "{dbsize: 1.0e8}", "blast.dbsize: is '1.0e8', but must be a whole number"),
    ("blast", "{dbsize: 1.0e8}", "YAML reads this as text, write 100000000"),
    ("pairs", "{rules: {min_similarity: 85}}", "pairs.rules.min_similarity: is 85, but must be at most 1 (similarity"),
    ("pairs", "{rules: {disjoint: 'yes'}}", "pairs.rules.disjoint: is 'yes', but must be true or false (drop"),
    ("pairs", "{sizes: {train: 1}}", "pairs.sizes.train: is 1, but must be at least 2"),
    ("pairsets.dna.length", "50.0", "pairsets.dna.length: is 50.0, but must be a whole number"),
    ("pairsets.cod.length", "151", "pairsets.cod.length: is 151, but must be a multiple of 3"),
    ("keep_weights", "nun", "keep_weights: is 'nun'; known: none, best, all"),
    ("keep_weights", "null", "keep_weights: is null; did you mean 'none'?"),
    ("mirror", "5", "mirror: is 5, but must be text or null (folder or URL"),
    ("finetuning", "{schedule: consine}", "finetuning.schedule: is 'consine'; did you mean 'cosine'?"),
    ("models.nano.shape", "{}", "models.nano.shape: is empty; give at least one (fields of"),
    ("tokenizers.bpe.vocab_size", "10", "tokenizers.bpe.vocab_size: is 10, but must be at least 300"),
    ("studies.first.title", "null", "studies.first.title: is null, but must be text (a heading"),
    # values that pass a bound, or fail in hours
    ("finetuning", "{learning_rate: .nan}", "finetuning.learning_rate: is NaN, but must be a finite number (peak"),
    ("finetuning", "{warmup: .inf}", "finetuning.warmup: is Infinity, but must be a finite number (steps"),
    ("finetuning", "{max_grad_norm: -.inf}", "finetuning.max_grad_norm: is -Infinity, but must be a finite number"),
    ("finetuning", f"{{warmup: 1{'0' * 400}}}", " ..., but must be a number of at most 64 bits"),
    ("finetuning", "{learning_rate: 10}", "finetuning.learning_rate: is 10, but must be at most 1"),
    ("threads", "1e999999", "threads: is '1e999999', but must be a whole number (CPU threads"),
    ("finetuning", "{warmup: 3200}", "finetuning.warmup: is 3200 steps, but nano on en has at most 3200 (rows: 16000)"),
    (
        "models.nano",
        "{architecture: gpt2, tokenizer: bpe, shape: {n_layer: 1}, prune_vocabulary: true, finetuning: {weight_decay: 0.01}}",
        "models.nano.prune_vocabulary: needs finetuning",
    ),
    ("models.nano.finetuning", "{warmup: 9999}", "models.nano.finetuning.warmup: is 9999 steps, but nano on en has at"),
    ("classification", "{epochs: 1}", "classification.warmup: is 50 steps, but nano on cut has at most 13 (rows: 400)"),
    (
        "instructions.told",
        "{tasks: [cut], tuning: {warmup: 40}}",
        "instructions.told.tuning.warmup: is 40 steps, but nano",
    ),
    ("tasks.cut.sizes", "{train: 400, dev: 1, test: 4}", "tasks.cut.sizes.dev: is 1, but must be at least 2"),
    (
        "studies.first.title",
        '"\\ud800"',
        r"studies.first.title: is '\ud800', but must be text without control characters",
    ),
    ("studies.first.title", '"\\0"', r"studies.first.title: is '\x00', but must be text without control characters"),
    (
        "studies.first.title",
        '"\\e[2J"',
        r"studies.first.title: is '\x1b[2J', but must be text without control characters",
    ),
    ("studies.first.title", "' '", "studies.first.title: is empty; give text (a heading"),
    (
        "studies.first.title",
        "x" * 10000,
        "studies.first.title: has 10,000 characters, but must have at most 200 (a heading",
    ),
    ("studies", f"{{{'x' * 201}: {{}}}}", "xxx ... is not a name; use lower-case letters"),
    ("studies", '{"first\\n": {}}', r"studies: 'first\n' is not a name; use lower-case letters"),
    ("resources", '{"genome\\n": {path: genome.fa}}', r"resources: 'genome\n' is not a name; use letters"),
    (
        "corpora.mix.sources",
        '{"dna\\n": {kind: text, pairsets: [en]}}',
        r"sources: 'dna\n' is not a name; use lower-case",
    ),
    (
        "tasks.cut.answers",
        "[no, yes]",
        "is false, but must be text (an answer, without blanks around it, tabs and line",
    ),
    ("tasks.cut.answers", "[no, yes]", "; put it in quotes, since YAML reads no, yes, on and off as true or false"),
    ("tasks.cut.answers", "[7, b]", "tasks.cut.answers[0]: is 7, but must be text"),
    ("tasks.cut.answers", '["a\\n", b]', r"tasks.cut.answers[0]: is 'a\n', but must be this"),
    (
        "resources.genome",
        '{url: "https://a/\\n", sha256: SHA256}',
        r"resources.genome.url: is 'https://a/\n', but must be",
    ),
    ("models.nano", '{hub: "a/b\\n", revision: COMMIT}', r"models.nano.hub: is 'a/b\n', but must be this"),
    ("models.nano", "{hub: ../b, revision: COMMIT}", "models.nano.hub: is '../b', but must be this"),
    ("container", "docker://a; touch ran", "container: is 'docker://a; touch ran', but must be this"),
    ("resources.genome.path", "'a{b}.fa'", "resources.genome.path: is 'a{b}.fa', but must be this"),
    ("resources.genome.path", "a<script>", "resources.genome.path: is 'a<script>', but must be this"),
    ("pairsets.tab.files.test", "['genome:a<b>']", "pairsets.tab.files.test[0]: is 'genome:a<b>', but must be this"),
    ("tasks.cut.answers", '["a\\tb", b]', r"tasks.cut.answers[0]: is 'a\tb', but must be this"),
    ("models.nano.shape", "{null: 2}", "models.nano.shape: unknown key null; known: n_layer, n_embd"),
    ("models.nano.shape", "{2024-01-01: 2}", 'models.nano.shape: unknown key "2024-01-01"; known: n_layer'),
    ("models.nano.shape", "{n_layer: 1.5}", "models.nano.shape.n_layer: is 1.5, but must be a whole number from 1 to"),
    ("models.nano.shape", "{n_positions: 100000000000}", "models.nano.shape.n_positions: is 100000000000, but must be"),
    ("models.nano.shape", "{attn_pdrop: .nan}", "models.nano.shape.attn_pdrop: is NaN, but must be a finite number or"),
    ("models.nano.shape", "{attn_pdrop: 2}", "models.nano.shape.attn_pdrop: is 2, but must be a number from 0 to 1"),
    (
        "studies.first.published",
        "{tables: [table1], as: {1: gpt2}}",
        "published.as: 1 is no model of this study; known: nano",
    ),
    ("studies.first.published", "{tables: [table1], as: {nano: 1}}", "published.as.nano: is 1, but must be text"),
    # something else where a mapping or a list should be
    ("resources", "null", f"resources: is null, but {MAPPING} (raw files"),
    ("resources", "[genome]", f'resources: is ["genome"], but {MAPPING} (raw files'),
    ("resources.genome", "genome.fa", f"resources.genome: is 'genome.fa', but {MAPPING} (a resource"),
    ("pairsets", "null", f"pairsets: is null, but {MAPPING} (pair sets"),
    ("pairsets.tab.files", "[genome]", f'pairsets.tab.files: is ["genome"], but {MAPPING}'),
    ("tokenizers.bpe", "bpe", f"tokenizers.bpe: is 'bpe', but {MAPPING} (a tokenizer)"),
    ("models", "{a: null}", f"models.a: is null, but {MAPPING} (a model"),
    ("models", "gpt2", f"models: is 'gpt2', but {MAPPING} (models"),
    ("studies", "null", f"studies: is null, but {MAPPING} (questions"),
    ("studies", "[first]", f'studies: is ["first"], but {MAPPING} (questions'),
    ("studies", "{first: [a]}", f'studies.first: is ["a"], but {MAPPING} (a study)'),
    ("pairs", "null", f"pairs: is null, but {MAPPING} (defaults of all pair sets)"),
    ("finetuning", "[]", f"finetuning: is [], but {MAPPING}"),
    ("studies.first.models", "nano", "studies.first.models: is 'nano', but must be a list (names"),
    ("studies.first.models", "[[nano]]", 'studies.first.models[0]: is ["nano"], but must be text'),
    ("studies.first.controls", "null", "studies.first.controls: is null, but must be a list"),
    (
        "pairsets.tab.files",
        "{train: genome, dev: [genome], test: [genome]}",
        "files.train: is 'genome', but must be a list",
    ),
    # seeds
    ("studies.first.seeds", "[]", "studies.first.seeds: is empty; give at least one (seeds, one run for each)"),
    ("studies.first.seeds", "[1, 1]", "studies.first.seeds: holds the same value twice; give each once"),
    ("studies.first.seeds", "[a]", "studies.first.seeds[0]: is 'a', but must be a whole number (a seed from 0)"),
    ("studies.first.seeds", "[-1]", "studies.first.seeds[0]: is -1, but must be at least 0 (a seed from 0)"),
    (
        "studies.first.seeds",
        "[18446744073709551616]",
        "seeds[0]: is 18446744073709551616, but must be a whole number of",
    ),
    (
        "models.nano.seed",
        "9223372036854775808",
        "models.nano.seed: is 9223372036854775808, but must be a whole number of",
    ),
    ("studies.first.seeds", "3", "studies.first.seeds: is 3, but must be a list (seeds, one run for each)"),
    # word vectors
    ("vectors.words.trainsets", "[en]", "vectors.words: unknown key 'trainsets'; did you mean 'trainset'?"),
    ("vectors.words.trainset", "DELETE", "vectors.words: missing key 'trainset'; add it (pair set to fine-tune on)"),
    ("vectors.words.trainset", "enn", "vectors.words.trainset: 'enn' is not in pairsets; did you mean 'en'?"),
    ("vectors.words.trainset", "cut", "vectors.words.trainset: 'cut' is not in pairsets; known: en, dna, tab, cod"),
    ("vectors.words.models", "[nanno]", "vectors.words.models[0]: 'nanno' is not in models; did you mean 'nano'?"),
    ("vectors.words.seeds", "[]", "vectors.words.seeds: is empty; give at least one (seeds, one run for each)"),
    (
        "vectors.words.published",
        "gue-core",
        "vectors.words.published: is 'gue-core'; known: paper1-vectors",
    ),
    (
        "vectors.words.published",
        "paper1",
        "vectors.words.published: is 'paper1'; did you mean 'paper1-vectors'?",
    ),
    ("tasks.cut.published", "paper1-vectors", "tasks.cut.published: is 'paper1-vectors'; known: "),
    (
        "vectors.first",
        "{title: t, question: q, models: [nano], trainset: en, seeds: [1]}",
        "vectors.first: one of stud",
    ),
    ("vectors.Words", "{}", "vectors: 'Words' is not a name; use lower-case letters"),
    ("vector", "{permutations: 5}", "vector.permutations: is 5, but must be at least 20 (shuffles of the labels"),
    ("vector", "{samples: 5}", "vector: unknown key 'samples'; did you mean 'sample'?"),
    # names that stand for nothing
    ("studies.first.models", "[nanno]", "studies.first.models[0]: 'nanno' is not in models; did you mean 'nano'?"),
    ("studies.first.models", "[other]", "studies.first.models[0]: 'other' is not in models; known: nano"),
    ("studies.first.trainsets", "[zz]", "studies.first.trainsets: 'zz' is not in pairsets; known: en, dna, tab, cod"),
    ("studies.first.trainsets", "[untrained]", "studies.first.trainsets: 'untrained' is not in pairsets"),
    ("studies.first.tests", "[dnaa]", "studies.first.tests: 'dnaa' is not in pairsets; did you mean 'dna'?"),
    ("studies.first.controls", "[untrain]", "studies.first.controls[0]: is 'untrain'; did you mean 'untrained'?"),
    ("studies.first.controls", "[shuffle]", "studies.first.controls[0]: is 'shuffle'; did you mean 'shuffled'?"),
    ("models.nano.tokenizer", "bpee", "models.nano.tokenizer: 'bpee' is not in tokenizers; did you mean 'bpe'?"),
    ("tokenizers.bpe.corpus", "mixx", "tokenizers.bpe.corpus: 'mixx' is not in corpora; did you mean 'mix'?"),
    ("tokenizers.bpe.k", "6", "tokenizers.bpe.k: is for type kmer, not bpe; remove it"),
    ("tokenizers.bpe", "{type: kmer, corpus: mix}", "tokenizers.bpe: missing key 'k', which type 'kmer' needs; add it"),
    ("tokenizers.bpe", "{type: bpe, corpus: mix}", "tokenizers.bpe: missing key 'vocab_size', which type 'bpe' needs"),
    ("tokenizers.bpe.type", "kmer", "tokenizers.bpe.vocab_size: is for type bpe or wordpiece, not kmer; remove it"),
    ("models.nano.corpus", "mx", "models.nano.corpus: 'mx' is not in corpora; did you mean 'mix'?"),
    ("models.nano.pretraining", "{epochs: 3}", "models.nano: missing key 'corpus', which 'pretraining' needs; add it"),
    ("models.nano.architecture", "bert", "models.nano.tokenizer: bert needs one of type kmer or wordpiece, not bpe"),
    (
        "models.nano",
        "{architecture: gpt2, tokenizer: bpe, corpus: mix, shape: {n_positions: 64}}",
        "models.nano.shape: 64 pos",
    ),
    ("pretraining", "{micro_batch: 0}", "pretraining.micro_batch: is 0, but must be at least 1"),
    ("corpora.mix.sources", "{}", "corpora.mix.sources: is empty; give at least one"),
    (
        "corpora.mix.sources.words.kind",
        "english",
        "corpora.mix.sources.words.kind: is 'english'; known: text, dna, pro",
    ),
    (
        "corpora.mix.sources.words.pairsets",
        "[en2]",
        "corpora.mix.sources.words.pairsets[0]: 'en2' is not in pairsets; did",
    ),
    (
        "corpora.mix.sources.words",
        "{kind: text}",
        "corpora.mix.sources.words: has 'kind', but must be a source with either",
    ),
    ("corpora.mix.sources.dna.resources", "[genom]", "mix.sources.dna.resources[0]: 'genom' is not in resources"),
    ("corpora.mix.sources.dna.resources", "['genome:x']", "corpora.mix.sources.dna.resources: a genome must be a file"),
    (
        "corpora.mix.sources.dna.resources",
        "[genome, 'genome:x']",
        "corpora.mix.sources.dna.resources: names 2 genomes;",
    ),
    ("corpora.mix.sources.dna.share", "0.5", "corpora.mix.sources.dna: has both bytes and share; give one"),
    (
        "corpora.mix.sources.dna.lengths",
        "[1000, 300]",
        "corpora.mix.sources.dna.lengths: is [1000, 300], but the short",
    ),
    ("corpora.mix.sources.words.strands", "both", "corpora.mix.sources.words.strands: only a genome is cut; remove it"),
    (
        "corpora.mix.sources.dna.strands",
        "reverse",
        "corpora.mix.sources.dna.strands: is 'reverse'; known: forward, both",
    ),
    (
        "corpora.mix.sources.dna.exclude",
        "{beds: [bed]}",
        "corpora.mix.sources.dna.exclude.beds[0]: 'bed' is not in resour",
    ),
    ("corpora.mix.sources.dna.exclude", "{pairsets: [dnaa]}", "mix.sources.dna.exclude.pairsets[0]: 'dnaa' is no"),
    (
        "corpora.mix.sources.dna.exclude",
        "{pairsets: [en]}",
        "mix.sources.dna.exclude.pairsets: en has no DNA in its pai",
    ),
    ("corpora.mix.sources.words.exclude", "{places: [chr1]}", "corpora.mix.sources.words.exclude.places: only a geno"),
    (
        "corpora.mix.sources.words",
        "{kind: text, resources: [genome], exclude: {pairsets: [en]}}",
        "corpora.mix.sources.words.exclude.pairsets: only genomes, protein files and pair sets",
    ),
    (
        "corpora.mix.sources.words.documents",
        "pair",
        "corpora.mix.sources.words.documents: is 'pair'; did you mean 'pairs'?",
    ),
    ("corpora.mix.sources.dna.documents", "pairs", "corpora.mix.sources.dna.documents: only pair sets have sentences"),
    ("corpora.mix.sources.dna.repeated", "1.5", "corpora.mix.sources.dna.repeated: is 1.5, but must be at most 1"),
    ("corpora.mix.dev", "0.6", "corpora.mix.dev: is 0.6, but must be at most 0.5"),
    ("tokenizers.bpe.type", "word", "tokenizers.bpe.type: is 'word'; did you mean 'wordpiece'?"),
    ("pairsets.dna.queries", "genom", "pairsets.dna.queries: 'genom' is not in resources; did you mean 'genome'?"),
    ("pairsets.dna.queries", "genome:x.fa", "pairsets.dna.queries: 'genome:x.fa' is not in resources"),
    ("pairsets.dna.search", "[a]", "pairsets.dna.search[0]: 'a' is not in resources; known: genome"),
    (
        "pairsets.tab.files",
        "{train: ['x:m'], dev: [genome], test: [genome]}",
        "pairsets.tab.files.train[0]: 'x' is not",
    ),
    # names
    ("models", "{nano: {path: folder}, bpe: {path: folder}}", "tokenizers.bpe: one of models has the same name"),
    ("studies.first.models", "[nano, nano]", "studies.first.models: holds the same value twice"),
    ("pairsets.dna.search", "[genome, genome]", "pairsets.dna.search: holds the same value twice"),
    ("pairsets.untrained", "{kind: sentence, recipe: grammar, language: en}", "pairsets.untrained: this name stands"),
    ("pairsets.My_Set", "{kind: sentence, recipe: grammar, language: en}", "pairsets: 'My_Set' is not a name; use low"),
    ("resources.a b", "{path: genome.fa}", "resources: 'a b' is not a name; use letters, digits"),
    ("pairsets", "{no: {kind: sentence, recipe: grammar, language: en}}", "pairsets: false is not a name; use lower-"),
    ("studies", "{1: {}}", "studies: 1 is not a name; use lower-case letters"),
    # recipes
    ("pairsets.en.kind", "dna", "pairsets.en.kind: recipe 'grammar' makes sentence pairs, not dna"),
    (
        "pairsets.dna.kind",
        "sentence",
        "pairsets.dna.kind: recipe 'homologs' makes dna or rna or protein pairs, not sentence",
    ),
    ("pairsets.en.recipe", "gramar", "pairsets.en.recipe: is 'gramar'; did you mean 'grammar'?"),
    ("pairsets.en.length", "50", "pairsets.en: recipe 'grammar' has no key 'length'; known: language"),
    ("pairsets.dna.language", "en", "pairsets.dna: recipe 'homologs' has no key 'language'; known: queries, search"),
    ("pairsets.en.language", "xx", "pairsets.en.language: is 'xx'; known: "),
    ("pairsets.en.of", "dna", "pairsets.en: recipe 'grammar' has no key 'of'; known: language"),
    ("pairsets.tab.length", "50", "pairsets.tab: recipe 'table' has no key 'length'; known: files"),
    ("pairsets.cod.search", "[genome]", "pairsets.cod: recipe 'coding' has no key 'search'; known: sequences, length"),
    ("pairsets.dna.proteins", "genome", "pairsets.dna: recipe 'homologs' has no key 'proteins'; known: queries"),
    ("pairsets.cod.proteins", "genom", "pairsets.cod.proteins: 'genom' is not in resources; did you mean 'genome'?"),
    ("pairsets.cod.sequences", "genom", "pairsets.cod.sequences: 'genom' is not in resources; did you mean"),
    # negatives
    (
        "pairsets.en.rules",
        "{negatives: {unrelated: 0.4, overlap: 0.3}}",
        "pairsets.en.rules.negatives: the shares are 0.7",
    ),
    ("pairsets.en.rules", "{negatives: {unrelatd: 1}}", "pairsets.en.rules.negatives: unknown key 'unrelatd'; did you"),
    (
        "pairsets.en.rules",
        "{negatives: {own: 1}}",
        "pairsets.en.rules.negatives: recipe 'grammar' makes no 'own' negatives",
    ),
    (
        "pairsets.tab.rules",
        "{negatives: {swapped: 1}}",
        "recipe 'table' makes no 'swapped' negatives; known: unrelated, own",
    ),
    ("pairsets.en.rules", "{negatives: {}}", "pairsets.en.rules.negatives: is empty; give at least one"),
    ("pairsets.dna.rules", "{negatives: {own: 1}}", "pairsets.dna.rules: recipe 'homologs' reads no rule 'negatives'"),
    (
        "pairsets.tab",
        "{kind: dna, recipe: table, files: {test: [genome]}, rules: {negatives: {own: 1}}}",
        "pairsets.tab.rules.negatives: is for sentence pairs, not dna; remove it",
    ),
    # sets made from others
    ("pairsets.far", "{kind: dna, recipe: hard}", "pairsets.far: missing key 'of', which recipe 'hard' needs; add it"),
    ("pairsets.far", "{kind: dna, recipe: hard, of: dnna}", "pairsets.far.of: 'dnna' is not in pairsets; did you mean"),
    ("pairsets.far", "{kind: dna, recipe: hard, of: en}", "pairsets.far.of: en is not of kind dna; name a set that is"),
    ("pairsets.far", "{kind: protein, recipe: hard, of: dna}", "pairsets.far.of: dna is not of kind protein; name a"),
    ("pairsets.far", "{kind: protein, recipe: reverse-complement, of: dna}", "makes dna pairs, not protein"),
    ("pairsets.far", "{kind: dna, recipe: hard, of: far}", "pairsets.far.of: far must stand above far in the file"),
    ("pairsets.en", "{kind: dna, recipe: hard, of: dna}", "pairsets.en.of: dna must stand above en in the file; move"),
    (
        "pairsets.far",
        "{kind: dna, recipe: hard, of: dna, divergence: 0.1}",
        "pairsets.far: recipe 'hard' has no key 'divergence'; known: of",
    ),
    (
        "pairsets.far",
        "{kind: dna, recipe: evolved, of: dna}",
        "pairsets.far: missing key 'divergence', which recipe 'evolved' needs; add it",
    ),
    (
        "pairsets.far",
        "{kind: dna, recipe: evolved, of: dna, divergence: 0}",
        "pairsets.far.divergence: is 0, but must be above 0 (substitutions",
    ),
    (
        "pairsets.far",
        "{kind: dna, recipe: evolved, of: dna, divergence: 0.8}",
        "pairsets.far.divergence: is 0.8, but must be at most 0.75",
    ),
    # sets made from several
    (
        "pairsets.all",
        "{kind: sentence, recipe: union, of: en}",
        "pairsets.all.of: recipe 'union' is made from a list of",
    ),
    (
        "pairsets.far",
        "{kind: dna, recipe: hard, of: [dna]}",
        "pairsets.far.of: recipe 'hard' is made from one pair set",
    ),
    (
        "pairsets.all",
        "{kind: sentence, recipe: union}",
        "pairsets.all: missing key 'of', which recipe 'union' needs; add",
    ),
    ("pairsets.all", "{kind: sentence, recipe: union, of: []}", "pairsets.all.of: is empty; give at least one"),
    (
        "pairsets.all",
        "{kind: sentence, recipe: union, of: [en, enn]}",
        "pairsets.all.of[1]: 'enn' is not in pairsets; did",
    ),
    ("pairsets.all", "{kind: sentence, recipe: union, of: [en, dna]}", "pairsets.all.of: dna is not of kind sentence"),
    ("pairsets.all", "{kind: dna, recipe: union, of: [dna]}", "recipe 'union' makes sentence pairs, not dna"),
    (
        "pairsets.all",
        "{kind: sentence, recipe: union, of: [all, en]}",
        "pairsets.all.of: all must stand above all in the",
    ),
    ("pairsets.all", "{kind: sentence, recipe: union, of: [en, en]}", "pairsets.all.of: holds the same value twice"),
    # a paper's figures
    ("studies.first.published", "{as: {nano: gpt2}}", "studies.first.published: missing key 'tables'; add it (names"),
    ("studies.first.published", "{tables: [tabel1]}", "published.tables[0]: is 'tabel1'; did you mean 'table1'?"),
    (
        "studies.first.published",
        "{tables: [table1]}",
        "studies.first.published.tables: table1 has no cell (model, train",
    ),
    (
        "studies.first.published",
        "{tables: [table1], as: {nana: gpt2}}",
        "studies.first.published.as: 'nana' is no model of this study; did you mean 'nano'?",
    ),
    (
        "studies.first.published",
        "{tables: [table1], as: {nano: gpt3}}",
        "studies.first.published.as.nano: 'gpt3' is no model of its tables; did you mean 'gpt2'?",
    ),
    (
        "studies.first.published",
        "{tables: [table1, table5], as: {nano: gpt2}}",
        "studies.first.published.tables: table5 has no cell (model, training set and test) in common with this study",
    ),
    ("studies.first.published", "{tables: [table1], at: {}}", "studies.first.published: unknown key 'at'"),
    # a primary hypothesis
    (
        "studies.first.primary",
        "{model: nano, trainset: en}",
        "studies.first.primary: missing key 'group'; add it (a group",
    ),
    (
        "studies.first.primary",
        "{model: nana, trainset: en, group: DNA}",
        "studies.first.primary.model: 'nana' is not in the study's models; did you mean 'nano'?",
    ),
    (
        "studies.first.primary",
        "{model: nano, trainset: dna, group: DNA}",
        "studies.first.primary.trainset: 'dna' is not in the study's trainsets; known: en",
    ),
    (
        "studies.first.primary",
        "{model: nano, trainset: en, group: sentences}",
        "studies.first.primary.group: the study has no tests of group 'sentences' for en; known: DNA",
    ),
    (
        "studies.tasks.primary",
        "{model: nano, trainset: cut, group: DNA}",
        "studies.tasks.primary: is for studies of pair sets; remove it",
    ),
    (
        "studies.tasks.published",
        "{tables: [table1]}",
        "studies.tasks.published: is for studies of pair sets; give tasks.",
    ),
    # shares of the positives
    (
        "pairsets.dna.rules",
        "{identical: 0.6, contained: 0.5}",
        "pairsets.dna.rules: identical and contained are shares",
    ),
    (
        "pairs",
        "{rules: {identical: 0.6, contained: 0.5}}",
        "rules: identical and contained are shares; together at most 1",
    ),
    ("pairsets.dna.rules", "{identical: 1.1}", "pairsets.dna.rules.identical: is 1.1, but must be at most 1 (share"),
    ("pairsets.dna.rules", "{masking: hard}", "pairsets.dna.rules.masking: is 'hard'; known: soft, windowmasker"),
    ("blast", "{parts: 0}", "blast.parts: is 0, but must be at least 1 (jobs"),
    # resources
    ("resources.genome.path", "no/such.fa", "resources.genome.path: no such file: 'no/such.fa'; correct it"),
    ("resources.genome.path", "folder", "resources.genome.path: no such file: 'folder'; this is a folder; name a file"),
    ("models.other", "{path: folder}", "models.other.path: 'folder' holds no config.json"),
    ("resources.genome.path", "x" * 300, "resources.genome.path: no such file: 'xxx"),
    ("resources.genome.path", "null", "resources.genome.path: is null, but must be text"),
    ("resources.genome", "{url: 'ftp://a', sha256: SHA256}", "resources.genome.url: is 'ftp://a', but must be"),
    ("resources.genome", "{url: 'https://a.org/x', sha256: ab}", "resources.genome.sha256: is 'ab', but must be"),
    ("resources.genome", "{url: 'https://a', sha256: SHA256, path: x}", "has 'url' and 'sha256' and 'path', but"),
    ("resources.genome", "{url: 'https://a', checksum: x}", "resources.genome: unknown key 'checksum'"),
    ("resources.genome", "{}", "resources.genome: has no key, but must be a resource with either 'url'"),
    # tasks and instructions
    ("tasks.cut.recipe", "splice", "tasks.cut.recipe: is 'splice'; did you mean 'splice-sites'?"),
    (
        "tasks.cut.held_out",
        "DELETE",
        "tasks.cut: missing key 'held_out', with which instructions.told asks models; add it",
    ),
    (
        "tasks.cut",
        "{recipe: bed, sequences: genome, regions: [genome], length: 60, sizes: {train: 4, dev: 4, test: 4}, answers: [a, b, c], "
        "phrasings: [x], held_out: z}",
        "tasks.cut.regions: names 1 BED files for 3 answers; name one for each, or give class_column",
    ),
    ("tasks.cut.answers", "[a, A]", "tasks.cut.answers: two of them differ in capital letters alone"),
    ("tasks.cut.sequences", "DELETE", "tasks.cut: missing key 'sequences', which recipe 'repeats' needs; add it"),
    ("tasks.cut.sequences", "genom", "tasks.cut.sequences: 'genom' is not in resources; did you mean 'genome'?"),
    ("tasks.cut.sizes", "DELETE", "tasks.cut: missing key 'sizes', which recipe 'repeats' needs; add it"),
    ("tasks.cut.sizes", "{train: 4, dev: 4}", "tasks.cut.sizes: missing key 'test'; add it (rows)"),
    (
        "tasks.cut.published",
        "gue-cor",
        "tasks.cut.published: is 'gue-cor'; did you mean 'gue-core'?",
    ),
    ("models.k-mers", "{path: folder}", "models.k-mers: this name stands for something else; choose another"),
    (
        "instructions.classification",
        "{tasks: [cut]}",
        "instructions.classification: this name stands for something else",
    ),
    ("tasks.cut.length", "61", "tasks.cut.length: is 61, but must be a multiple of 2 (bases of a window"),
    ("tasks.cut.answers", "[a, b, c]", "tasks.cut.answers: recipe 'repeats' has 2 classes; name 2"),
    ("tasks.cut.answers", "[a]", "tasks.cut.answers: has 1, but must have at least 2 (the classes in words"),
    ("tasks.cut.answers", "[a, ' b']", "tasks.cut.answers[1]: is ' b', but must be this"),
    ("tasks.cut.held_out", "x", "tasks.cut.held_out: is among the phrasings that are trained; take it out of them"),
    ("tasks.cut.folder", "folder", "tasks.cut: recipe 'repeats' has no key 'f"),
    ("tasks.tab-task.folder", "folder", "tasks.tab-task: has both files and folder; give one"),
    ("tasks.tab-task.files.dev", "[nowhere]", "tasks.tab-task.files.dev[0]: 'nowhere' is not in resources"),
    ("tasks.tab-task.files", "{train: [genome], test: [genome]}", "tasks.tab-task.files: missing key 'dev'; add it"),
    ("tasks.tab-task.length", "60", "tasks.tab-task: recipe 'table' has no key 'length'"),
    (
        "instructions.told.tasks",
        "[cut, cuts]",
        "instructions.told.tasks[1]: 'cuts' is not in tasks; did you mean 'cut'?",
    ),
    ("instructions.told.style", "words", "instructions.told.style: is 'words'; known: language, ids"),
    ("instructions.told.tuning", "{epoch: 1}", "instructions.told.tuning: unknown key 'epoch'; did you mean 'epochs'?"),
    ("instructions", "{told: {}}", "instructions.told: missing key 'tasks'; add it (tasks that are mixed)"),
    (
        "instructions",
        "{cut: {tasks: [cut]}}",
        "instructions.cut: one of tasks has the same name; give one of them another",
    ),
    ("studies.tasks.tests", "[cut, en]", "studies.tasks.tests: 'en' is not in tasks"),
    ("studies.tasks.trainsets", "[cut, tolld]", "'tolld' is not in tasks or instructions; did you mean 'told'?"),
    ("studies.tasks.tests", "[cuts]", "studies.tasks.tests: 'cuts' is not in tasks; did you mean 'cut'?"),
    ("studies.tasks.trainsets", "[en]", "studies.tasks.trainsets: 'en' is not in tasks or instructions"),
    (
        "studies.tasks.tests",
        "[tab-task]",
        "studies.tasks.trainsets: cut is tested on none of its tests; add one of its tasks",
    ),
    ("studies.tasks.controls", "[untrained]", "studies.tasks.controls: 'untrained' is for studies of pair sets; take"),
    (
        "studies.tasks.controls",
        "[shuffled]",
        "studies.tasks.controls: 'shuffled' is for studies of pair sets; take 'random-weights'",
    ),
    ("models.nano", "{architecture: bert, tokenizer: bpe, shape: {}}", "models.nano"),
    ("models.nano-random", "{path: folder}", "models.nano-random: this name stands for something else; choose another"),
    # models
    ("models.nano", "{}", "models.nano: has no key, but must be a model with exactly one of 'hub'"),
    ("models.nano", "{hub: a/b, revision: COMMIT, path: folder}", "models.nano: has 'hub' and 'revision' and 'pa"),
    ("models.nano", "{hub: a/b}", "models.nano: missing key 'revision', which 'hub' needs; add it"),
    ("models.nano", "{hub: gpt2, revision: COMMIT}", "models.nano.hub: is 'gpt2', but must be this"),
    ("models.nano", "{hub: a/b, revision: main}", "models.nano.revision: is 'main', but must be this"),
    ("models.nano", "{path: folder, seed: 3}", "models.nano: missing key 'architecture', which 'seed' needs; add it"),
    ("models.nano", "{path: genome.fa}", "models.nano.path: no such folder: 'genome.fa'; correct it"),
    ("models.nano", "{path: nowhere}", "models.nano.path: no such folder: 'nowhere'; correct it"),
    (
        "models.nano.shape",
        "{n_layers: 2}",
        "config: models.nano.shape: unknown key 'n_layers'; did you mean 'n_layer'?",
    ),
    ("models.nano.shape", "{hidden_size: 32}", "models.nano.shape: unknown key 'hidden_size'; known: n_layer, n_embd"),
    ("models.nano.shape", "{2: 2, n: 1}", "models.nano.shape: unknown key 2; known: n_layer"),
    ("models.nano.shape", "{2: 2}", "models.nano.shape: unknown key 2; known: n_layer, n_embd"),
    ("models.nano.shape", "{vocab_size: 9}", "models.nano.shape: vocab_size comes from the tokenizer; leave it out"),
    ("models.nano.shape", "{pad_token_id: 9}", "models.nano.shape: pad_token_id comes from the tokenizer; leave it"),
    ("models.nano.shape", "{n_embd: 33, n_head: 2}", "shape: n_embd (33) must be a multiple of n_head (2); change one"),
    ("models.nano.shape", "{n_embd: 64}", "models.nano.shape: n_embd (64) must be a multiple of n_head (12); change"),
    ("models.nano.shape", "{n_head: 0}", "models.nano.shape.n_head: is 0, but must be a whole number from 1 to"),
    ("models.nano.architecture", "gpt3", "models.nano.architecture: is 'gpt3'; did you mean 'gpt2'?"),
]


@pytest.mark.parametrize(("place", "value", "said"), MISTAKES, ids=[f"{p}={v[:30]}" for p, v, _ in MISTAKES])
def test_a_mistake_gets_one_line(study, place, value, said):
    with pytest.raises(LinguistError) as caught:
        settle(patch(study, place, value))
    message = str(caught.value)
    assert said in message and message.startswith("config: ")
    assert "\n" not in message and len(message) < 500


def test_without_a_mistake_it_settles(study):
    settle(study)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("{n_embd: 32}", "unknown key 'n_embd'; known: num_hidden_layers, hidden_size, num_attention_heads"),
        ("{num_layers: 1}", "unknown key 'num_layers'; did you mean 'num_hidden_layers'?"),
        (
            "{hidden_size: 32}",
            r"hidden_size \(32\) must be a multiple of num_attention_heads \(12\); change one of them",
        ),
        (
            "{hidden_size: 50, num_attention_heads: 4}",
            r"hidden_size \(50\) must be a multiple of num_attention_heads \(4\)",
        ),
    ],
)
def test_a_wrong_shape_of_a_bert_gets_one_line(study, shape, said):
    study["tokenizers"]["words"] = {"type": "wordpiece", "vocab_size": 500, "corpus": "mix"}
    study["models"]["other"] = {"architecture": "bert", "tokenizer": "words", "shape": {"hidden_size": 96}}
    settle(study)
    with pytest.raises(LinguistError, match=f"^config: models.other.shape: {said}"):
        settle(patch(study, "models.other.shape", shape))


@pytest.mark.parametrize("architecture", SHAPES)
def test_fields_of_a_shape_are_those_of_transformers(architecture):
    from transformers import AutoConfig, PreTrainedConfig

    theirs = AutoConfig.for_model(architecture)
    fields = theirs.to_dict().keys() - PreTrainedConfig().to_dict().keys()
    fields = {field for field in fields if field != "vocab_size" and not field.endswith("_token_id")}
    assert set(SHAPES[architecture]) == fields and len(SHAPES[architecture]) == len(fields)
    layers, wide, many, long, *_ = SHAPES[architecture]
    assert (getattr(theirs, wide), getattr(theirs, many)) == (WIDTH, HEADS)
    sizes = {"num_hidden_layers": 5, "hidden_size": 12, "num_attention_heads": 3, "max_position_embeddings": 7}
    made = AutoConfig.for_model(architecture, **dict(zip((layers, wide, many, long), sizes.values(), strict=True)))
    assert {name: getattr(made, name) for name in sizes} == sizes


def test_a_config_is_settled_without_transformers():
    """Every job settles the config, and these packages take seconds to import."""
    heavy = {"torch", "transformers", "tokenizers", "numpy", "pandas"}
    code = f"import sys, linguist.config.settle; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT / "scripts").returncode == 0


# ── what is no mistake ──


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("studies", "{}"),
        ("studies", "DELETE"),
        ("resources.genome", "{url: 'https://a.org/x'}"),
        ("resources.genome", "{url: 'https://a.org/x', md5: 0123456789abcdef0123456789abcdef}"),
        ("pairsets.cod.proteins", "genome"),
        ("pairsets.tab.files", "{test: ['genome:member']}"),
        ("pairsets.dna.rules", "{identical: 0.7, contained: 0.3, masking: windowmasker}"),
        ("pairsets.far", "{kind: dna, recipe: evolved, of: dna, divergence: 0.75}"),
        ("pairsets.far", "{kind: dna, recipe: reverse-complement, of: dna}"),
        ("studies.first.tests", "[tab, cod, dna]"),
        ("studies.first.published", "{tables: [table1], as: {nano: gpt2}}"),
        ("studies.first.primary", "{model: nano, trainset: en, group: DNA}"),
        ("pairsets.all", "{kind: sentence, recipe: union, of: [en, tab], sizes: {train: 9}, rules: {disjoint: true}}"),
        ("tokenizers.bpe", "{type: kmer, k: 6, corpus: mix}"),
        ("models.nano.corpus", "mix"),
        ("corpora.mix.sources.dna.exclude", "{places: [r], beds: [genome], pairsets: [dna]}"),
        ("corpora.mix.sources.dna", "{kind: protein, resources: ['genome:a', 'genome:b'], bytes: 9, share: 0.1}"),
    ],
)
def test_it_settles(study, place, value):
    final = settle(patch(study, place, value))
    assert place.startswith("studies") or list(final["studies"]) == ["first", "tasks"]
    assert place != "studies" or final["studies"] == {}


def test_a_union_has_the_rows_of_all_its_sets_unless_it_says_fewer(study):
    study["pairsets"]["en"]["sizes"] = {"train": 10, "dev": 4, "test": 6}
    study["pairsets"]["tab"]["sizes"] = {"train": 100, "dev": 40, "test": 60}
    study["pairsets"]["all"] = {"kind": "sentence", "recipe": "union", "of": ["en", "tab"]}
    assert settle(study)["pairsets"]["all"]["sizes"] == {"train": 110, "dev": 44, "test": 66}
    study["pairsets"]["all"]["sizes"] = {"train": 50}
    assert settle(study)["pairsets"]["all"]["sizes"] == {"train": 50, "dev": 44, "test": 66}
    study["pairsets"]["twin"] = {"kind": "sentence", "recipe": "union", "of": ["all"]}
    assert settle(study)["pairsets"]["twin"]["sizes"] == {"train": 50, "dev": 44, "test": 66}


def test_the_order_of_pair_sets_is_kept_and_that_of_keys_is_none_of_it(study):
    study["pairsets"] = {name: dict(reversed(study["pairsets"][name].items())) for name in ("tab", "en", "dna", "cod")}
    assert list(settle(study)["pairsets"]) == ["tab", "en", "dna", "cod"]
    assert list(settle(study)["pairsets"]["dna"]) == sorted(settle(study)["pairsets"]["dna"])


@pytest.mark.parametrize("missing", ["train", "dev"])
def test_a_table_without_a_split_is_tested_on_alone(study, missing):
    del study["pairsets"]["tab"]["files"][missing]
    study["studies"]["first"]["tests"] = ["tab"]
    settle(study)
    said = f"tab has no split '{missing}'; add it to pairsets.tab.files"
    with pytest.raises(LinguistError, match=f"^config: studies.first.trainsets: {said}"):
        settle(patch(study, "studies.first.trainsets", "[tab]"))
    if missing == "train":
        with pytest.raises(LinguistError, match=f"^config: corpora.mix.sources.words.pairsets: {said}"):
            settle(patch(study, "corpora.mix.sources.words.pairsets", "[en, tab]"))


@pytest.mark.parametrize("whole", [[], None, "text", 3])
def test_a_study_that_is_no_mapping_gets_one_line(whole):
    with pytest.raises(LinguistError, match=f"^config: is .*{MAPPING}"):
        settle(whole)


def test_a_corpus_is_completed_from_the_defaults(study):
    study["corpora"]["mix"] |= {"dev": 0.2}
    study["corpora"]["mix"]["sources"]["dna"] |= {"lengths": [50, 60], "exclude": {"places": ["r"]}}
    corpus = settle(study)["corpora"]["mix"]
    assert (corpus["dev"], corpus["seed"]) == (0.2, DEFAULTS["corpus"]["seed"])
    assert corpus["sources"]["dna"]["lengths"] == [50, 60]
    assert corpus["sources"]["dna"]["strands"] == DEFAULTS["corpus"]["strands"]
    assert corpus["sources"]["dna"]["exclude"] == {"places": ["r"], "beds": [], "pairsets": []}
    assert "lengths" not in corpus["sources"]["words"]


def leaves(value, place=()):
    """(place, value) of everything in a config that is neither a mapping nor a list."""
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(below, (*place, key))
    else:
        yield place, value


DEEP = functools.reduce(lambda below, _: [below], range(300), [])
STRANGE = [float("nan"), float("inf"), -float("inf"), 10**400, -(10**30), 2**64, "one", None]
STRANGE += [
    "",
    "\n",
    "\ud800",
    "\0",
    "\x1b[2J",
    "x" * 10_000,
    b"x",
    {1: 1},
    {None: 1},
    {datetime.date(2024, 1, 1): 1},
    DEEP,
]
EVERYTHING = merge(DEFAULTS, yaml.safe_load(STUDY.replace("genome.fa", __file__)))


@pytest.mark.parametrize("strange", STRANGE, ids=lambda value: repr(value)[:12])
def test_a_strange_value_is_refused_in_one_line_wherever_it_stands(strange):
    """Or taken where it is right: null for a mirror, "one" for a title."""
    for place, value in leaves(EVERYTHING):
        *above, last = place
        broken = copy.deepcopy(EVERYTHING)
        functools.reduce(lambda block, key: block[key], above, broken)[last] = strange
        null_or_text = value is None or isinstance(value, str)
        taken = (strange == "one" and null_or_text) or (strange is None and (value is None or last == "micro_batch"))
        with contextlib.nullcontext() if taken else pytest.raises(LinguistError) as caught:
            try:
                settle(broken)
            except LinguistError as error:
                assert str(error).isprintable() and len(str(error)) < 500
                if not taken:
                    raise
        assert taken or str(caught.value).startswith("config: "), place


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), below, max_size=3),
    max_leaves=5,
)
PLACES = sorted({place for place, value, _ in MISTAKES if value != "DELETE"})


@settings(max_examples=60, deadline=None)
@given(place=st.sampled_from(PLACES), value=junk)
def test_junk_anywhere_is_refused_in_one_line_or_taken(place, value):
    broken = yaml.safe_load(STUDY.replace("genome.fa", __file__))
    *above, last = place.split(".")
    block = broken
    for key in above:
        block = block[key]
    block[last] = value
    try:
        settle(broken)
    except LinguistError as error:
        assert "\n" not in str(error) and str(error).startswith("config: ")


def test_keys_of_several_types_can_be_ordered():
    assert list(ordered({"b": 1, 0: {2: 3, "": 4}, "a": 5})) == [0, "a", "b"]
