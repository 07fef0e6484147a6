"""Tokenizers, and pair sets encoded with them: once for each pair set and tokenizer, for all runs."""


rule train_tokenizer:
    """training the tokenizer {tokenizer}"""
    input:
        unpack(lambda wildcards: inputs.corpus_files(config, wildcards.tokenizer, "train")),
    output:
        directory("<results>/tokenizers/{tokenizer}"),
    log:
        "<logs>/train_tokenizer/{tokenizer}.log",
    benchmark:
        "<benchmarks>/train_tokenizer/{tokenizer}.tsv"
    priority: 1  # pretraining waits for it
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        mem=growing(16, "GB"),
        runtime=growing(2, "h"),
    params:
        tokenizer=lookup(dpath="tokenizers/{tokenizer}", within=config),
        kinds=lambda wildcards: settings.source_kinds(config, config["tokenizers"][wildcards.tokenizer]["corpus"]),
        code=lambda wildcards: code_digest(
            "train_tokenizer", f"linguist.tokenizers.types.{config['tokenizers'][wildcards.tokenizer]['type']}"
        ),
    script:
        "../scripts/train_tokenizer.py"


rule describe_vocabulary:
    """describing the vocabulary of the tokenizer {tokenizer}"""
    input:
        unpack(lambda wildcards: inputs.corpus_files(config, wildcards.tokenizer, "dev")),
        tokenizer="<results>/tokenizers/{tokenizer}",
    output:
        "<results>/vocabularies/{tokenizer}.json",
    log:
        "<logs>/describe_vocabulary/{tokenizer}.log",
    benchmark:
        "<benchmarks>/describe_vocabulary/{tokenizer}.tsv"
    group:
        "vocabulary"
    conda:
        "../envs/lm.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(1, "h"),
    params:
        type=lookup(dpath="tokenizers/{tokenizer}/type", within=config),
        sources=lambda wildcards: list(
            config["corpora"][config["tokenizers"][wildcards.tokenizer]["corpus"]]["sources"]
        ),
        code=code_digest("describe_vocabulary"),
    script:
        "../scripts/describe_vocabulary.py"


for job in set_jobs_of("tokenize_pairs", used.shared_tokens(config)):

    rule:
        """tokenizing the pair set {pairset} with the tokenizer of {tokenizer}"""
        name:
            job.name
        input:
            **{split: job.paths(path) for split, path in layout.pair_splits("{pairset}").items()},
            tokenizer=lambda wildcards: inputs.tokenizer_folder(config, wildcards.tokenizer),
        output:
            **{split: job.paths(path) for split, path in layout.token_splits("{pairset}", "{tokenizer}").items()},
            reports=job.paths("<results>/tokens/{pairset}.{tokenizer}/tokens.json"),
        log:
            f"<logs>/tokenize_pairs/{job.place}.{{tokenizer}}.log",
        benchmark:
            f"<benchmarks>/tokenize_pairs/{job.place}.{{tokenizer}}.tsv"
        wildcard_constraints:
            tokenizer=job.tokenizers,
        group:
            "tokens"
        conda:
            "../envs/lm.yaml"
        resources:
            mem=growing(2, "GB"),
            runtime=growing(len(job.sets), "h"),
        params:
            max_length=config["tokens"]["max_length"],
            sets=job.params(lambda name: {}),
            code=code_digest("tokenize_pairs"),
        script:
            "../scripts/tokenize_pairs.py"
