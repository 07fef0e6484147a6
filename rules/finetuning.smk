"""Fine-tuning: one run for each model, training set and seed."""


# The job that trains a run also scores its tests: for a small model, starting another job takes longer than the training. With
# `keep_weights: all` another rule scores the tests, so that a new test does not repeat the training.
rule finetune:
    """fine-tuning {model} on {trainset}, seed {seed}"""
    input:
        unpack(lambda wildcards: inputs.training_files(config, wildcards.model, wildcards.trainset)),
        model="<results>/models/{model}",
        tests=lambda wildcards: ([] if WEIGHTS_STAY else inputs.test_files(config, wildcards.model, wildcards.trainset)),
    output:
        metrics=ensure("<results>/runs/{model}/{trainset}/seed-{seed}/metrics.json", non_empty=True),
        curve="<results>/runs/{model}/{trainset}/seed-{seed}/curve.tsv",
        weights=weights_output("<results>/runs/{model}/{trainset}/seed-{seed}/weights"),
        predictions=(
            []
            if WEIGHTS_STAY
            else ensure("<results>/runs/{model}/{trainset}/seed-{seed}/predictions.tsv.gz", non_empty=True)
        ),
    log:
        "<logs>/finetune/{model}/{trainset}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/finetune/{model}/{trainset}/seed-{seed}.tsv"
    wildcard_constraints:
        trainset=one_of(TRAINABLE),
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        gpu=1,
        gpu_share=1,
        runs_per_gpu=config["runs_per_gpu"],
        mem=growing(8, "GB", by_weights=6),
        runtime=growing(4, "h", by_weights=2),
    params:
        options=lambda wildcards: settings.tuning_settings(config, wildcards.model, wildcards.trainset),
        change=lambda wildcards: row_change(wildcards.trainset),
        classes=lambda wildcards: settings.answers_of(config, wildcards.trainset),
        tests=lambda wildcards: [] if WEIGHTS_STAY else plan.tests_of_arm(config, wildcards.model, wildcards.trainset),
        checkpoint=subpath(output.metrics, parent=True),
        code=code_digest("finetune"),
    script:
        "../scripts/finetune.py"


rule keep_best_weights:
    """keeping the best weights of {model} on {trainset}"""
    input:
        metrics=lambda wildcards: inputs.seed_files(config, wildcards.model, wildcards.trainset, "metrics.json"),
        weights=lambda wildcards: inputs.seed_files(config, wildcards.model, wildcards.trainset, "weights"),
    output:
        directory("<results>/runs/{model}/{trainset}/best"),
    log:
        "<logs>/keep_best_weights/{model}/{trainset}.log",
    wildcard_constraints:
        trainset=one_of([*TRAINABLE, *config["instructions"]]),
    conda:
        "../envs/lm.yaml"
    resources:
        mem=growing(2, "GB"),
        runtime=growing(30, "m"),
    params:
        select_by=lambda wildcards: settings.tuning_settings(config, wildcards.model, wildcards.trainset)["select_by"],
        code=code_digest("keep_best_weights"),
    script:
        "../scripts/keep_best_weights.py"
