"""Tasks: labelled sequences, instruction sets made of them, instruction tuning, answers, baselines, and the metrics of a study."""


rule build_task:
    """building the task {task}"""
    input:
        unpack(lambda wildcards: in_place(inputs.recipe_files(config, "tasks", wildcards.task))),
    output:
        **layout.task_splits("{task}"),
        record=layout.record_file("tasks", "{task}"),
    log:
        "<logs>/build_task/{task}.log",
    benchmark:
        "<benchmarks>/build_task/{task}.tsv"
    group:
        "task"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(1, "h"),
    params:
        spec=lambda wildcards: settings.task_settings(config, wildcards.task),
        code=lambda wildcards: code_digest("build_task", TASK_RECIPES[config["tasks"][wildcards.task]["recipe"]].module),
    script:
        "../scripts/build_task.py"


rule count_overlaps:
    """counting the overlaps of tasks"""
    input:
        inputs.task_rows(used.used_tasks(config)),
    output:
        "<results>/tables/overlaps.json",
    log:
        "<logs>/count_overlaps/all.log",
    benchmark:
        "<benchmarks>/count_overlaps/all.tsv"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(8, "GB"),
        runtime=growing(1, "h"),
    params:
        answers={task: config["tasks"][task]["answers"] for task in used.used_tasks(config)},
        code=code_digest("count_overlaps"),
    script:
        "../scripts/count_overlaps.py"


use rule search_pair_neighbours as search_neighbours with:
    """searching the nearest training sequences of the task {task} ({split})"""
    input:
        train="<results>/tasks/{task}/train.tsv",
        split="<results>/tasks/{task}/{split}.tsv",
    output:
        hits="<results>/neighbours/{task}/{split}.tsv",
        version="<results>/neighbours/{task}/{split}.version",
        database=temp(directory("<results>/neighbours/{task}/{split}.db")),
    log:
        "<logs>/search_neighbours/{task}/{split}.log",
    benchmark:
        "<benchmarks>/search_neighbours/{task}/{split}.tsv"
    group:
        "task"
    params:
        check=REFUSE_CUT,
        fasta=lambda wildcards: neighbours.TASK_TO_FASTA,
        dbtype="nucl",
        program="blastn",
        blast=neighbours.search_command(config["blast"]["dbsize"]),
        code=shell_digest("search_pair_neighbours"),


rule audit_task:
    """auditing the task {task}"""
    input:
        **layout.task_splits("{task}"),
        hits="<results>/neighbours/{task}/test.tsv",
        record=layout.record_file("tasks", "{task}"),
    output:
        audit="<results>/tasks/{task}/audit.json",
        identity=layout.identity_file("tasks", "{task}"),
    log:
        "<logs>/audit_task/{task}.log",
    benchmark:
        "<benchmarks>/audit_task/{task}.tsv"
    group:
        "task"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(2, "h"),
    params:
        answers=lookup(dpath="tasks/{task}/answers", within=config),
        code=code_digest("audit_task"),
    script:
        "../scripts/audit_task.py"


rule tokenize_task:
    """tokenizing the task {task} with the tokenizer of {tokenizer}"""
    input:
        **layout.task_splits("{task}"),
        tokenizer=lambda wildcards: inputs.tokenizer_folder(config, wildcards.tokenizer),
    output:
        **layout.token_splits("{task}", "{tokenizer}"),
        report="<results>/tokens/{task}.{tokenizer}/tokens.json",
    log:
        "<logs>/tokenize_task/{task}.{tokenizer}.log",
    benchmark:
        "<benchmarks>/tokenize_task/{task}.{tokenizer}.tsv"
    group:
        "tokens"
    conda:
        "../envs/lm.yaml"
    resources:
        mem=growing(2, "GB"),
        runtime=growing(1, "h"),
    params:
        max_length=config["tokens"]["max_length"],
        code=code_digest("tokenize_task"),
    script:
        "../scripts/tokenize_task.py"


rule score_baselines:
    """scoring the baselines of the task {task}"""
    input:
        **layout.task_splits("{task}"),
        hits="<results>/neighbours/{task}/test.tsv",
    output:
        predictions="<results>/baselines/{task}.tsv.gz",
        about="<results>/baselines/{task}.json",
    log:
        "<logs>/score_baselines/{task}.log",
    benchmark:
        "<benchmarks>/score_baselines/{task}.tsv"
    group:
        "task"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(1, "h"),
    params:
        answers=lookup(dpath="tasks/{task}/answers", within=config),
        code=code_digest("score_baselines"),
    script:
        "../scripts/score_baselines.py"


rule build_instructions:
    """building the instruction set {instructions}"""
    input:
        unpack(lambda wildcards: inputs.instruction_files(config, wildcards.instructions)),
    output:
        train="<results>/instructions/{instructions}/train.jsonl",
        dev="<results>/instructions/{instructions}/dev.jsonl",
        about="<results>/instructions/{instructions}/about.json",
    log:
        "<logs>/build_instructions/{instructions}.log",
    benchmark:
        "<benchmarks>/build_instructions/{instructions}.tsv"
    group:
        "instructions"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(1, "h"),
    params:
        spec=lambda wildcards: settings.instruction_settings(config, wildcards.instructions),
        tasks=lambda wildcards: settings.prompt_settings(config, wildcards.instructions),
        code=code_digest("build_instructions"),
    script:
        "../scripts/build_instructions.py"


# A rule of its own: a changed unseen wording or number of test rows retrains nothing.
rule build_questions:
    """building the test questions of the instruction set {instructions}"""
    input:
        unpack(lambda wildcards: inputs.instruction_files(config, wildcards.instructions)),
    output:
        rows="<results>/instructions/{instructions}/test.jsonl",
        unseen="<results>/instructions/{instructions}/unseen.json",
    log:
        "<logs>/build_questions/{instructions}.log",
    benchmark:
        "<benchmarks>/build_questions/{instructions}.tsv"
    group:
        "instructions"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(1, "h"),
    params:
        spec=lambda wildcards: settings.instruction_settings(config, wildcards.instructions, tested=True),
        tasks=lambda wildcards: settings.prompt_settings(config, wildcards.instructions, tested=True),
        code=code_digest("build_questions"),
    script:
        "../scripts/build_questions.py"


# The job that tunes a model also answers the test questions, as a fine-tuning scores its tests.
rule tune_instructions:
    """instruction tuning of {model} on {instructions}, seed {seed}"""
    input:
        model="<results>/models/{model}",
        train="<results>/instructions/{instructions}/train.jsonl",
        dev="<results>/instructions/{instructions}/dev.jsonl",
        rows=[] if WEIGHTS_STAY else "<results>/instructions/{instructions}/test.jsonl",
    output:
        metrics=ensure("<results>/runs/{model}/{instructions}/seed-{seed}/metrics.json", non_empty=True),
        curve="<results>/runs/{model}/{instructions}/seed-{seed}/curve.tsv",
        weights=weights_output("<results>/runs/{model}/{instructions}/seed-{seed}/weights"),
        predictions=(
            []
            if WEIGHTS_STAY
            else ensure("<results>/runs/{model}/{instructions}/seed-{seed}/predictions.tsv.gz", non_empty=True)
        ),
    log:
        "<logs>/tune_instructions/{model}/{instructions}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/tune_instructions/{model}/{instructions}/seed-{seed}.tsv"
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        gpu=1,
        gpu_share=1,
        runs_per_gpu=config["runs_per_gpu"],
        mem=growing(8, "GB", by_weights=6),
        runtime=growing(10, "h", by_weights=3),
    params:
        spec=lambda wildcards: {key: config["instructions"][wildcards.instructions][key] for key in ("tasks", "style")},
        loss=lookup(dpath="instructions/{instructions}/loss", within=config),
        tasks=lambda wildcards: settings.prompt_settings(config, wildcards.instructions),
        options=lambda wildcards: settings.tuning_settings(config, wildcards.model, wildcards.instructions),
        checkpoint=subpath(output.metrics, parent=True),
        code=code_digest("tune_instructions"),
    script:
        "../scripts/tune_instructions.py"


# For runs whose weights are kept. The rule `tune_instructions` answers the questions of other runs.
rule answer_instructions:
    """answering the test questions with {model} on {instructions}, seed {seed}"""
    input:
        weights="<results>/runs/{model}/{instructions}/seed-{seed}/weights",
        rows="<results>/instructions/{instructions}/test.jsonl",
    output:
        ensure("<results>/runs/{model}/{instructions}/seed-{seed}/predictions.tsv.gz", non_empty=True),
    log:
        "<logs>/answer_instructions/{model}/{instructions}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/answer_instructions/{model}/{instructions}/seed-{seed}.tsv"
    wildcard_constraints:
        instructions=one_of(config["instructions"] if WEIGHTS_STAY else []),
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        gpu=1,
        gpu_share=1,
        runs_per_gpu=config["runs_per_gpu"],
        mem=growing(8, "GB", by_weights=2),
        runtime=growing(2, "h", by_weights=1),
    params:
        answers=lambda wildcards: {
            task: config["tasks"][task]["answers"] for task in config["instructions"][wildcards.instructions]["tasks"]
        },
        options=lambda wildcards: settings.tuning_settings(config, wildcards.model, wildcards.instructions),
        code=code_digest("answer_instructions"),
    script:
        "../scripts/answer_instructions.py"


rule compute_task_metrics:
    """computing the metrics of the study {task_study}"""
    input:
        runs=lambda wildcards: inputs.prediction_files(config, wildcards.task_study),
        baselines=lambda wildcards: expand(
            "<results>/baselines/{task}.tsv.gz", task=config["studies"][wildcards.task_study]["tests"]
        ),
        identity=lambda wildcards: [
            layout.identity_file("tasks", task) for task in config["studies"][wildcards.task_study]["tests"]
        ],
    output:
        metrics="<results>/tables/{task_study}.metrics.tsv",
        comparisons="<results>/tables/{task_study}.comparisons.tsv",
        identity="<results>/tables/{task_study}.identity.tsv",
    log:
        "<logs>/compute_task_metrics/{task_study}.log",
    benchmark:
        "<benchmarks>/compute_task_metrics/{task_study}.tsv"
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(2, "h"),
    params:
        runs=lambda wildcards: plan.study_runs(config, wildcards.task_study),
        answers=lambda wildcards: {
            task: config["tasks"][task]["answers"] for task in config["studies"][wildcards.task_study]["tests"]
        },
        every={task: spec["answers"] for task, spec in config["tasks"].items()},
        code=code_digest("compute_task_metrics"),
    script:
        "../scripts/compute_task_metrics.py"
