"""Tokenizers, and pair sets encoded with them: once for each (pair set, tokenizer), not once a run."""


rule train_tokenizer:
    input:
        lambda wildcards: [splits_of(p)["train"] for p in config["tokenizers"][wildcards.tokenizer]["pairsets"]],
    output:
        directory("<results>/tokenizers/{tokenizer}"),
    log:
        "<logs>/train_tokenizer/{tokenizer}.log",
    benchmark:
        "<benchmarks>/train_tokenizer/{tokenizer}.tsv"
    conda:
        "../envs/lm.yaml"
    params:
        tokenizer=lookup(dpath="tokenizers/{tokenizer}", within=config),
        code=code_digest("train_tokenizer"),
    script:
        "../scripts/train_tokenizer.py"


rule tokenize_pairs:
    input:
        **splits_of("{pairset}"),
        tokenizer=lambda wildcards: tokenizer_folder(wildcards.tokenizer),
    output:
        **splits_of("{pairset}.{tokenizer}", "tokens", "npz"),
        report="<results>/tokens/{pairset}.{tokenizer}/tokens.json",
    log:
        "<logs>/tokenize_pairs/{pairset}.{tokenizer}.log",
    conda:
        "../envs/lm.yaml"
    params:
        max_length=config["tokens"]["max_length"],
        code=code_digest("tokenize_pairs"),
    script:
        "../scripts/tokenize_pairs.py"
