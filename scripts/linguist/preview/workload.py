"""The work of a run: bytes, rows, tokens and FLOPs, of a preview or of the whole run that it stands for."""

from pathlib import Path

from linguist.config import plan
from linguist.config.cut import whole_layers
from linguist.config.settings import is_genome, pretraining_settings, tuning_settings
from linguist.files import read_json
from linguist.preview.shape import read_shape
from linguist.splits import SPLITS
from linguist.training.changes import source_set

BACKWARD, CHECKPOINTED = 3, 4  # FLOPs of a step of training, in forward passes; with gradient checkpointing
PROMPT = 256  # tokens of a prompt, if no training of the preview has counted them


class Workload:
    """The amounts of work in a preview or, if `whole`, in the run that it stands for. `config` is the configuration of the one
    or the other; what was measured lies in `folder`, the results of the preview."""

    def __init__(self, config, folder, whole):
        self.config, self.folder, self.whole = config, Path(folder), whole

    def read(self, path):
        return read_json(self.folder / path)

    # ── data ──

    def size(self, resource):
        """Bytes of a resource; of the whole one, if the server says them."""
        record = self.read(f"records/{resource}.json")
        return (self.whole and record["whole_bytes"]) or record["bytes"]

    def growth(self, references):
        """How many times the preview's part of some resources the whole is; 1 without resources."""
        names = {reference.partition(":")[0] for reference in references} & self.config["resources"].keys()
        if not (self.whole and names):
            return 1
        return sum(map(self.size, names)) / sum(self.read(f"records/{name}.json")["bytes"] for name in names)

    def rows(self, name, splits=SPLITS):
        """Rows of some splits of a pair set or task."""
        spec = (self.config["pairsets"] | self.config["tasks"])[name]
        return sum(self.split_rows(name, spec, split) for split in splits)

    def split_rows(self, name, spec, split):
        """Rows of a split: those that the configuration asks for, or those that its files have."""
        if split in spec.get("sizes", {}):
            return spec["sizes"][split]
        found = self.read(f"tasks/{name}/rows.json")["rows"]
        read = found[split]["read"] if split in found else sum(part["read"] for part in found.values()) / len(SPLITS)
        return read * self.growth([] if "folder" in spec else spec.get("files", {}).get(split, []))

    def study_rows(self, study):
        """Rows that the metrics of a study are computed from."""
        tests = self.config["studies"][study]["tests"]
        return len(plan.study_runs(self.config, study)) * sum(self.rows(test, ["test"]) for test in tests)

    def source_bytes(self, corpus, name):
        """Bytes that are read for a corpus's source: of a genome all, else what is taken."""
        source = self.config["corpora"][corpus]["sources"][name]
        return self.size(source["resources"][0]) if is_genome(source) else self.taken_bytes(corpus, name)

    def taken_bytes(self, corpus, name):
        """Bytes of a source's documents."""
        source = self.config["corpora"][corpus]["sources"][name]
        found = self.read(f"corpora/{corpus}/manifest.json")["sources"][name]["bytes"]
        if not self.whole:
            return found
        if "pairsets" in source:
            rows = sum(self.config["pairsets"][pairset]["sizes"]["train"] for pairset in source["pairsets"])
            return found * rows / max(1, sum(map(self.train_rows_of_preview, source["pairsets"])))
        return source["bytes"] if "bytes" in source else found * self.growth(source["resources"])

    def train_rows_of_preview(self, pairset):
        with open(self.folder / f"pairs/{pairset}/train.tsv", encoding="utf-8") as lines:
            return sum(1 for _ in lines) - 2  # the header, and the empty line at the end

    def corpus_bytes(self, corpus, split=None):
        """Bytes of a corpus, or of one of its splits."""
        spec = self.config["corpora"][corpus]
        share = {None: 1, "train": 1 - spec["dev"], "dev": spec["dev"]}[split]
        return share * sum(self.taken_bytes(corpus, name) for name in spec["sources"])

    def sample_bytes(self, tokenizer):
        """Bytes of the sample that a tokenizer is trained on."""
        spec = self.config["tokenizers"][tokenizer]
        return spec.get("sample") or self.corpus_bytes(spec["corpus"])

    # ── tokens ──

    def counts(self, name, model):
        """The counts of tokens of a set for a model; for another one, if the preview does not have the two together."""
        own = self.folder / f"tokens/{name}.{plan.tokenizer_of(self.config, model)}/tokens.json"
        return read_json(own if own.exists() else min(self.folder.glob(f"tokens/{name}.*/tokens.json")))

    def tokens(self, name, model, split):
        """Tokens of a split of a pair set or task, for a model."""
        counts = self.counts(name, model)[split]
        return self.rows(name, [split]) * counts["tokens"] / max(1, counts["inputs"])

    def test_tokens(self, model, trainset):
        """Tokens of all tests of a run."""
        return sum(self.tokens(test, model, "test") for test in plan.tests_of_arm(self.config, model, trainset))

    def prompt_tokens(self, instructions):
        """Tokens of a prompt of an instruction set, from the trainings of the preview."""
        runs = [read_json(path) for path in self.folder.glob(f"runs/*/{instructions}/seed-*/metrics.json")]
        means = [run["tokens_per_second"] * run["seconds"] / run["train_pairs"] for run in runs]
        return sum(means) / len(means) if means else PROMPT

    def prompts(self, instructions, splits):
        """Rows of all tasks of an instruction set."""
        return sum(self.rows(task, splits) for task in self.config["instructions"][instructions]["tasks"])

    # ── models ──

    def shape(self, model):
        """The Shape of a model: in the preview it has fewer layers, and perhaps a smaller vocabulary."""
        spec = self.config["models"][model]
        folder = self.folder / "models" / spec.get("random_of", model)  # a model with random weights has the same shape
        cut = read_shape(folder)
        if not self.whole:
            return cut
        original = self.config["models"].get(spec.get("random_of"), spec)
        fetched = read_json(folder / "config.json").get("whole_layers", cut.layers)
        layers = whole_layers(original) if "architecture" in original else fetched
        tokenizer = self.config["tokenizers"].get(original.get("tokenizer"), {})
        return cut.resized(layers, tokenizer.get("vocab_size", cut.vocabulary))

    def options(self, model, trainset):
        """The options of a fine-tuning or instruction tuning."""
        return tuning_settings(self.config, model, source_set(trainset))

    def finetuning_flops(self, model, trainset):
        """FLOPs of a fine-tuning and of its tests."""
        options, source = self.options(model, trainset), source_set(trainset)
        train, dev = (self.tokens(source, model, split) for split in ("train", "dev"))
        tokens = options["epochs"] * (step_passes(options) * train + dev) + self.test_tokens(model, trainset)
        return tokens * self.shape(model).flops(head=False)

    def instruction_flops(self, model, instructions):
        """FLOPs of an instruction tuning, and of its answers where the same job gives them."""
        options = self.options(model, instructions)
        train, dev = (self.prompts(instructions, [split]) for split in ("train", "dev"))
        tokens = options["epochs"] * (step_passes(options) * train + dev) * self.prompt_tokens(instructions)
        answers = 0 if self.config["keep_weights"] == "all" else self.answer_flops(model, instructions)
        return tokens * self.shape(model).flops(head=True) + answers

    def answer_flops(self, model, instructions):
        """FLOPs of the answers to the test questions; each is asked in two ways."""
        tokens = 2 * self.prompts(instructions, ["test"]) * self.prompt_tokens(instructions)
        return tokens * self.shape(model).flops(head=True)

    def pretraining_flops(self, model):
        spec, options = self.config["models"][model], pretraining_settings(self.config, model)
        read = self.read(f"tokens/{spec['corpus']}.{spec['tokenizer']}/train.json")
        density = read["tokens"] / sum(source["bytes"] for source in read["sources"].values())
        tokens = options["epochs"] * density * self.corpus_bytes(spec["corpus"], "train")
        return step_passes(options) * tokens * self.shape(model).flops(head=True)

    def finetuning_memory(self, model, trainset):
        """Bytes of GPU memory of a fine-tuning, with the longest rows."""
        options, counts = self.options(model, trainset), self.counts(source_set(trainset), model)
        tokens = options["batch_size"] * max(counts[split]["longest"] for split in SPLITS)
        return self.shape(model).training_bytes(tokens, False, options["gradient_checkpointing"])

    def instruction_memory(self, model, instructions):
        options = self.options(model, instructions)
        tokens = options["batch_size"] * self.prompt_tokens(instructions)
        return self.shape(model).training_bytes(tokens, True, options["gradient_checkpointing"])

    def pretraining_memory(self, model):
        options = pretraining_settings(self.config, model)
        tokens = options["context"] * min(options["batch_size"], options["micro_batch"] or options["batch_size"])
        return self.shape(model).training_bytes(tokens, True, options["gradient_checkpointing"])


def step_passes(options):
    """FLOPs of training on a token, in forward passes."""
    return CHECKPOINTED if options["gradient_checkpointing"] else BACKWARD
