"""Evaluation: all tests of a run in one job; then metrics, which are computed from the predictions."""


# For controls without training, and for runs whose weights are kept. The rule `finetune` scores the tests of other runs.
rule evaluate:
    """scoring the tests of {model} on {trainset}, seed {seed}"""
    input:
        weights=lambda wildcards: inputs.tested_weights(wildcards.model, wildcards.trainset, wildcards.seed),
        tests=lambda wildcards: inputs.test_files(config, wildcards.model, wildcards.trainset),
    output:
        ensure("<results>/runs/{model}/{trainset}/seed-{seed}/predictions.tsv.gz", non_empty=True),
    log:
        "<logs>/evaluate/{model}/{trainset}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/evaluate/{model}/{trainset}/seed-{seed}.tsv"
    wildcard_constraints:
        trainset=one_of(TRAINSETS if WEIGHTS_STAY else [UNTRAINED]),
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        gpu=1,
        gpu_share=1,
        runs_per_gpu=config["runs_per_gpu"],
        mem=growing(8, "GB", by_weights=2),
        runtime=growing(1, "h", by_weights=1),
    params:
        tests=lambda wildcards: plan.tests_of_arm(config, wildcards.model, wildcards.trainset),
        options=lambda wildcards: settings.tuning_settings(config, wildcards.model, wildcards.trainset),
        classes=lambda wildcards: settings.answers_of(config, wildcards.trainset),
        code=code_digest("evaluate"),
    script:
        "../scripts/evaluate.py"


rule compute_metrics:
    """computing the metrics of the study {study}"""
    input:
        runs=lambda wildcards: inputs.prediction_files(config, wildcards.study),
        identity=lambda wildcards: inputs.identity_files(config, wildcards.study),
    output:
        metrics="<results>/tables/{study}.metrics.tsv",
        comparisons="<results>/tables/{study}.comparisons.tsv",
        kinds="<results>/tables/{study}.kinds.tsv",
        identity="<results>/tables/{study}.identity.tsv",
    log:
        "<logs>/compute_metrics/{study}.log",
    benchmark:
        "<benchmarks>/compute_metrics/{study}.tsv"
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(2, "h"),
    params:
        tests=lookup(dpath="studies/{study}/tests", within=config),
        runs=lambda wildcards: plan.study_runs(config, wildcards.study),
        own=lambda wildcards: plan.own_tests(config, wildcards.study),
        comparisons=lambda wildcards: design.comparisons_of(config, wildcards.study),
        code=code_digest("compute_metrics"),
    script:
        "../scripts/compute_metrics.py"


rule collect_metrics:
    """collecting the metrics of all studies"""
    input:
        expand("<results>/tables/{study}.metrics.tsv", study=config["studies"]),
    output:
        "<results>/tables/metrics.tsv",
    log:
        "<logs>/collect_metrics/all.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    params:
        code=code_digest("collect_metrics"),
    script:
        "../scripts/collect_metrics.py"
