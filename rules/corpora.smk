"""Corpora: documents from genomes, texts and proteins, mixed, split, and encoded once for each tokenizer."""


def sources_of(wildcards):
    return config["corpora"][wildcards.corpus]["sources"]


def source_of(wildcards):
    return sources_of(wildcards)[wildcards.source]


def exclusions_of(wildcards):
    return source_of(wildcards)["exclude"]


def documents_of(corpus, source):
    """The documents of a corpus's source: a genome's segments, or what its files hold."""
    spec = config["corpora"][corpus]["sources"][source]
    genome = spec["kind"] == "dna" and "resources" in spec
    return f"<results>/{'segments' if genome else 'documents'}/{corpus}/{source}.txt"


def document_files(wildcards):
    """The folders and files that a source's documents are read from."""
    source = source_of(wildcards)
    tables = [splits_of(pairset)["train"] for pairset in source.get("pairsets", [])]
    return tables or [resource_of(reference) for reference in source["resources"]]


rule segment_genome:
    input:
        fasta=lambda wildcards: f"<results>/sequences/dna/{source_of(wildcards)['resources'][0]}.fa.gz",
        beds=lambda wildcards: [f"<results>/resources/{bed}" for bed in exclusions_of(wildcards)["beds"]],
        pairs=lambda wildcards: [splits_of(pairset)["test"] for pairset in exclusions_of(wildcards)["pairsets"]],
    output:
        text=temp("<results>/segments/{corpus}/{source}.txt"),
        bed="<results>/segments/{corpus}/{source}.bed",
    log:
        "<logs>/segment_genome/{corpus}/{source}.log",
    benchmark:
        "<benchmarks>/segment_genome/{corpus}/{source}.tsv"
    conda:
        "../envs/sequences.yaml"
    params:
        source=lambda wildcards: source_of(wildcards),
        dev=lookup(dpath="corpora/{corpus}/dev", within=config),
        seed=lookup(dpath="corpora/{corpus}/seed", within=config),
        code=code_digest("segment_genome"),
    script:
        "../scripts/segment_genome.py"


rule collect_documents:
    input:
        files=lambda wildcards: document_files(wildcards),
        pairs=lambda wildcards: [splits_of(pairset)["test"] for pairset in exclusions_of(wildcards)["pairsets"]],
    output:
        temp("<results>/documents/{corpus}/{source}.txt"),
    log:
        "<logs>/collect_documents/{corpus}/{source}.log",
    benchmark:
        "<benchmarks>/collect_documents/{corpus}/{source}.tsv"
    conda:
        "../envs/sequences.yaml"
    params:
        source=lambda wildcards: source_of(wildcards),
        code=code_digest("collect_documents"),
    script:
        "../scripts/collect_documents.py"


rule mix_corpus:
    input:
        lambda wildcards: [documents_of(wildcards.corpus, name) for name in sources_of(wildcards)],
    output:
        train="<results>/corpora/{corpus}/train.txt",
        dev="<results>/corpora/{corpus}/dev.txt",
        train_sources="<results>/corpora/{corpus}/train.sources.npy",
        dev_sources="<results>/corpora/{corpus}/dev.sources.npy",
        manifest="<results>/corpora/{corpus}/manifest.json",
    log:
        "<logs>/mix_corpus/{corpus}.log",
    benchmark:
        "<benchmarks>/mix_corpus/{corpus}.tsv"
    conda:
        "../envs/sequences.yaml"
    params:
        corpus=lookup(dpath="corpora/{corpus}", within=config),
        code=code_digest("mix_corpus"),
    script:
        "../scripts/mix_corpus.py"


rule encode_corpus:
    input:
        text="<results>/corpora/{corpus}/{split}.txt",
        sources="<results>/corpora/{corpus}/{split}.sources.npy",
        tokenizer="<results>/tokenizers/{tokenizer}",
    output:
        ids="<results>/tokens/{corpus}.{tokenizer}/{split}.bin",
        about="<results>/tokens/{corpus}.{tokenizer}/{split}.json",
    log:
        "<logs>/encode_corpus/{corpus}.{tokenizer}/{split}.log",
    benchmark:
        "<benchmarks>/encode_corpus/{corpus}.{tokenizer}/{split}.tsv"
    conda:
        "../envs/lm.yaml"
    threads: 8
    params:
        code=code_digest("encode_corpus"),
    script:
        "../scripts/encode_corpus.py"
