"""Evaluation: all tests of a run in one job; then metrics, which are computed from the predictions."""

untrained_arms = dict.fromkeys(run[:2] for run in plan.all_runs(config) if run[1] == UNTRAINED)

# For controls without training, and for runs whose weights are kept. The rule `finetune` scores the tests of other runs.
for job in jobs_of("evaluate", plan.shared_jobs(config, untrained_arms)):

    rule:
        """scoring the tests of {model} on {trainset}, {runs}"""
        name:
            job.name
        input:
            weights=inputs.tested_weights,
            tests=lambda wildcards: inputs.test_files(config, wildcards.model, wildcards.trainset),
        output:
            predictions=ensure(run_outputs(job, "predictions.tsv.gz"), non_empty=True),
        log:
            f"<logs>/evaluate/{{model}}/{{trainset}}/{job.runs}.log",
        benchmark:
            f"<benchmarks>/evaluate/{{model}}/{{trainset}}/{job.runs}.tsv"
        wildcard_constraints:
            model=job.models,
            trainset=one_of(TRAINSETS if WEIGHTS_STAY else [UNTRAINED]),
        conda:
            "../envs/lm.yaml"
        threads: config["threads"]
        resources:
            gpu=1,
            gpu_share=1,
            runs_per_gpu=config["runs_per_gpu"],
            mem=growing(8, "GB", by_weights=2),
            runtime=growing(len(job.seeds), "h", by_weights=len(job.seeds)),
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
