"""Fine-tuning: one run for each model, training set and seed."""

trained_arms = dict.fromkeys(run[:2] for run in plan.trained_runs(plan.all_runs(config)))
shared = plan.shared_jobs(config, trained_arms)
shared_arms = [arm for arms in shared.values() for arm in arms]

# The job that trains a run also scores its tests: for a small model, starting another job takes longer than the training. With
# `keep_weights: all` another rule scores the tests, so that a new test does not repeat the training.
for job in jobs_of("finetune", shared):

    rule:
        """fine-tuning {model} on {trainset}, {runs}"""
        name:
            job.name
        input:
            unpack(lambda wildcards: inputs.training_files(config, wildcards.model, wildcards.trainset)),
            model="<results>/models/{model}",
            tests=lambda wildcards: (
                [] if WEIGHTS_STAY else inputs.test_files(config, wildcards.model, wildcards.trainset)
            ),
        output:
            metrics=ensure(run_outputs(job, "metrics.json"), non_empty=True),
            curve=run_outputs(job, "curve.tsv"),
            weights=[] if len(job.seeds) > 1 else weights_output(run_outputs(job, "weights")),
            predictions=[] if WEIGHTS_STAY else ensure(run_outputs(job, "predictions.tsv.gz"), non_empty=True),
        log:
            f"<logs>/finetune/{{model}}/{{trainset}}/{job.runs}.log",
        benchmark:
            f"<benchmarks>/finetune/{{model}}/{{trainset}}/{job.runs}.tsv"
        wildcard_constraints:
            model=job.models,
            trainset=one_of(TRAINABLE),
        conda:
            "../envs/lm.yaml"
        threads: config["threads"]
        resources:
            gpu=1,
            gpu_share=1,
            runs_per_gpu=config["runs_per_gpu"],
            mem=growing(8, "GB", by_weights=6),
            runtime=growing(4 * len(job.seeds), "h", by_weights=2 * len(job.seeds)),
        params:
            options=lambda wildcards: settings.tuning_settings(config, wildcards.model, wildcards.trainset),
            change=lambda wildcards: row_change(wildcards.trainset),
            classes=lambda wildcards: settings.answers_of(config, wildcards.trainset),
            tests=lambda wildcards: (
                [] if WEIGHTS_STAY else plan.tests_of_arm(config, wildcards.model, wildcards.trainset)
            ),
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
        # Runs that share a job leave no weights.
        model=f"(?!{models_of(shared_arms)})(?:{one_of(config['models'])})",
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
