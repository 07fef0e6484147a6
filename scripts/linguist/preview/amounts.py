"""What the work, the outputs and the GPU memory of each rule's jobs grow with: functions of (Workload, wildcards)."""

from linguist.config import plan, used
from linguist.training.controls import UNTRAINED


def weights(load, w):
    """Bytes of the weights of a model."""
    return load.shape(w["model"]).weight_bytes


def test_tokens(load, w):
    """Tokens of all tests of a run."""
    return load.test_tokens(w["model"], w["trainset"])


def evaluation_flops(load, w):
    """FLOPs of the evaluation of one run. All seeds of an untrained model share its layers."""
    shared = len(plan.seeds_of_arm(load.config, w["model"], UNTRAINED)) if w["trainset"] == UNTRAINED else 1
    return test_tokens(load, w) * load.shape(w["model"]).flops(head=False) / shared


def vocabulary(load, w):
    """Entries of a model's vocabulary."""
    return load.shape(w["model"]).vocabulary


def test_prompts(load, w):
    """Test rows of an instruction set."""
    return load.prompts(w["instructions"], ["test"])


def windows(load, w):
    """Windows of a pair set that are searched for."""
    return load.config["pairsets"][w["pairset"]]["rules"]["windows"]


def windows_of_part(load, w):
    """Windows in one of the parts of a search."""
    return windows(load, w) / load.config["blast"]["parts"]


def size(load, w):
    """Bytes of a resource."""
    return load.size(w["resource"])


def rows(load, w):
    """Rows of a pair set or task."""
    return load.rows(w.get("pairset") or w.get("task"))


def source(load, w):
    """Bytes of a corpus's source."""
    return load.source_bytes(w["corpus"], w["source"])


def corpus(load, w):
    """Bytes of a corpus."""
    return load.corpus_bytes(w["corpus"])


def dev_corpus(load, w):
    """Bytes of the dev split of a tokenizer's corpus."""
    return load.corpus_bytes(load.config["tokenizers"][w["tokenizer"]]["corpus"], "dev")


# FLOPs of a job with a model.
FLOPS = {
    "pretrain": lambda load, w: load.pretraining_flops(w["model"]),
    "finetune": lambda load, w: load.finetuning_flops(w["model"], w["trainset"]),
    "evaluate": evaluation_flops,
    "tune_instructions": lambda load, w: load.instruction_flops(w["model"], w["instructions"]),
    "answer_instructions": lambda load, w: load.answer_flops(w["model"], w["instructions"]),
    "embed_words": lambda load, w: vocabulary(load, w) * load.shape(w["model"]).flops(head=False),
    "embed_words_before": lambda load, w: vocabulary(load, w) * load.shape(w["model"]).flops(head=False),
}

# GPU memory of these jobs, in bytes: without training, of the weights.
MEMORY = dict.fromkeys(FLOPS, weights) | {
    "pretrain": lambda load, w: load.pretraining_memory(w["model"]),
    "finetune": lambda load, w: load.finetuning_memory(w["model"], w["trainset"]),
    "tune_instructions": lambda load, w: load.instruction_memory(w["model"], w["instructions"]),
}

# What the work of other jobs is proportional to. That of rules that are not here is taken to be the same in both runs.
AMOUNTS = {
    "fetch_resource": size,
    "unpack_resource": size,
    "index_sequences": size,
    "build_blast_database": size,
    "mask_repeats": size,
    "sample_queries": lambda load, w: load.size(load.config["pairsets"][w["pairset"]]["queries"]),
    "search_homologs": lambda load, w: windows_of_part(load, w) * load.size(w["resource"]),
    "choose_positives": windows,
    "build_pairs": rows,
    "audit_pairs": rows,
    "tokenize_pairs": rows,
    "search_pair_neighbours": rows,  # of so few sequences BLAST's time grows with their number
    "segment_genome": source,
    "collect_documents": source,
    "mix_corpus": corpus,
    "encode_corpus": corpus,
    "train_tokenizer": lambda load, w: load.sample_bytes(w["tokenizer"]),
    "describe_vocabulary": dev_corpus,
    "fetch_model": weights,
    "initialize_model": weights,
    "keep_best_weights": weights,
    "build_task": rows,
    "audit_task": rows,
    "tokenize_task": rows,
    "score_baselines": rows,
    "search_neighbours": rows,
    "build_instructions": lambda load, w: load.prompts(w["instructions"], ["train", "dev"]),
    "build_questions": test_prompts,
    "count_overlaps": lambda load, w: sum(map(load.rows, used.used_tasks(load.config))),
    "compute_metrics": lambda load, w: load.study_rows(w["study"]),
    "compute_task_metrics": lambda load, w: load.study_rows(w["task_study"]),
}


def kept_weights_or(amount):
    """Bytes of the outputs of a run: of its weights if all are kept, else by this amount."""
    return lambda load, w: (weights if load.config["keep_weights"] == "all" else amount)(load, w)


# What the bytes of a job's outputs are proportional to, where that is not its work.
OUTPUTS = {
    "fetch_resource": lambda load, w: size(load, w) if "url" in load.config["resources"][w["resource"]] else 0,
    "search_homologs": windows_of_part,
    "pretrain": weights,
    "finetune": kept_weights_or(test_tokens),
    "tune_instructions": kept_weights_or(test_prompts),
    "evaluate": test_tokens,
    "answer_instructions": test_prompts,
    "embed_words": vocabulary,
    "embed_words_before": vocabulary,
}


def work_of(rule, load, wildcards):
    """The amount of work of a job."""
    return (FLOPS | AMOUNTS).get(rule, same)(load, wildcards)


def outputs_of(rule, load, wildcards):
    """What the bytes of a job's outputs are proportional to."""
    return (FLOPS | AMOUNTS | OUTPUTS).get(rule, same)(load, wildcards)


def same(load, wildcards):
    """The amount of rules whose jobs have the same work in both runs."""
    return 1
