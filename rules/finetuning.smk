"""Fine-tuning: one run for each model, training pair set and seed."""


rule finetune:
    input:
        model="<results>/models/{model}",
        train=lambda wildcards: f"{tokens_of(wildcards.trainset, wildcards.model)}/train.npz",
        dev=lambda wildcards: f"{tokens_of(wildcards.trainset, wildcards.model)}/dev.npz",
    output:
        metrics=ensure("<results>/runs/{model}/{trainset}/seed-{seed}/metrics.json", non_empty=True),
        curve="<results>/runs/{model}/{trainset}/seed-{seed}/curve.tsv",
        weights=weights_output("<results>/runs/{model}/{trainset}/seed-{seed}/weights"),
    log:
        "<logs>/finetune/{model}/{trainset}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/finetune/{model}/{trainset}/seed-{seed}.tsv"
    wildcard_constraints:
        trainset=one_of([*config["pairsets"], *config["tasks"]]),
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        gpu=1,
        mem=lambda wildcards, attempt: f"{8 * attempt}GB",
        runtime="4h",
    params:
        options=lambda wildcards: plan.finetuning_of(config, wildcards.model, wildcards.trainset),
        classes=lambda wildcards: plan.answers_of(config, wildcards.trainset),
        checkpoint=subpath(output.metrics, parent=True),
        code=code_digest("finetune"),
    script:
        "../scripts/finetune.py"


rule keep_best_weights:
    input:
        metrics=lambda wildcards: run_files(wildcards, "metrics.json"),
        weights=lambda wildcards: run_files(wildcards, "weights"),
    output:
        directory("<results>/runs/{model}/{trainset}/best"),
    log:
        "<logs>/keep_best_weights/{model}/{trainset}.log",
    wildcard_constraints:
        trainset=one_of([*config["pairsets"], *config["tasks"], *config["instructions"]]),
    conda:
        "../envs/lm.yaml"
    params:
        select_by=lambda wildcards: plan.finetuning_of(config, wildcards.model, wildcards.trainset)["select_by"],
        code=code_digest("keep_best_weights"),
    script:
        "../scripts/keep_best_weights.py"
