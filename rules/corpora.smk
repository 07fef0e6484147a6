"""Corpora: documents from genomes, texts and proteins, mixed, split, and encoded once for each tokenizer."""


rule segment_genome:
    """cutting the text of source {source} of corpus {corpus} from its genome"""
    input:
        unpack(lambda wildcards: inputs.source_files(config, wildcards.corpus, wildcards.source)),
    output:
        text=temp("<results>/segments/{corpus}/{source}.txt"),
        bed="<results>/segments/{corpus}/{source}.bed",
        rows="<results>/segments/{corpus}/{source}.json",
    log:
        "<logs>/segment_genome/{corpus}/{source}.log",
    benchmark:
        "<benchmarks>/segment_genome/{corpus}/{source}.tsv"
    priority: 1  # pretraining waits for it
    group:
        "corpus"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(2, "GB"),
        runtime=growing(12, "h"),
    params:
        source=lambda wildcards: settings.source_settings(config, wildcards.corpus, wildcards.source),
        kinds=lambda wildcards: inputs.excluded_kinds(config, wildcards.corpus, wildcards.source),
        dev=lookup(dpath="corpora/{corpus}/dev", within=config),
        seed=lookup(dpath="corpora/{corpus}/seed", within=config),
        code=code_digest("segment_genome"),
    script:
        "../scripts/segment_genome.py"


rule collect_documents:
    """collecting the documents of source {source} of corpus {corpus}"""
    input:
        unpack(lambda wildcards: inputs.source_files(config, wildcards.corpus, wildcards.source)),
    output:
        text=temp("<results>/documents/{corpus}/{source}.txt"),
        rows="<results>/documents/{corpus}/{source}.json",
    log:
        "<logs>/collect_documents/{corpus}/{source}.log",
    benchmark:
        "<benchmarks>/collect_documents/{corpus}/{source}.tsv"
    priority: 1  # pretraining waits for it
    group:
        "corpus"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(8, "GB"),
        runtime=growing(12, "h"),
    params:
        source=lambda wildcards: settings.source_settings(config, wildcards.corpus, wildcards.source),
        kinds=lambda wildcards: inputs.excluded_kinds(config, wildcards.corpus, wildcards.source),
        code=code_digest("collect_documents"),
    script:
        "../scripts/collect_documents.py"


rule mix_corpus:
    """mixing the corpus {corpus}"""
    input:
        texts=lambda wildcards: inputs.document_files(config, wildcards.corpus, "txt"),
        rows=lambda wildcards: inputs.document_files(config, wildcards.corpus, "json"),
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
    priority: 1  # pretraining waits for it
    group:
        "corpus"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(8, "GB"),
        runtime=growing(12, "h"),
    params:
        corpus=lookup(dpath="corpora/{corpus}", within=config),
        code=code_digest("mix_corpus"),
    script:
        "../scripts/mix_corpus.py"


rule encode_corpus:
    """encoding the corpus {corpus} with the tokenizer {tokenizer}"""
    input:
        texts=expand("<results>/corpora/{corpus}/{split}.txt", split=CORPUS_SPLITS, allow_missing=True),
        sources=expand("<results>/corpora/{corpus}/{split}.sources.npy", split=CORPUS_SPLITS, allow_missing=True),
        tokenizer="<results>/tokenizers/{tokenizer}",
    output:
        ids=expand("<results>/tokens/{corpus}.{tokenizer}/{split}.bin", split=CORPUS_SPLITS, allow_missing=True),
        about=expand("<results>/tokens/{corpus}.{tokenizer}/{split}.json", split=CORPUS_SPLITS, allow_missing=True),
    log:
        "<logs>/encode_corpus/{corpus}.{tokenizer}.log",
    benchmark:
        "<benchmarks>/encode_corpus/{corpus}.{tokenizer}.tsv"
    priority: 1  # pretraining waits for it
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        mem=growing(4, "GB"),
        runtime=growing(12, "h"),
    params:
        code=code_digest("encode_corpus"),
    script:
        "../scripts/encode_corpus.py"
