"""Token vectors: distances of DNA and protein tokens from English ones before and after fine-tuning; figures and page."""


rule embed_words:
    """computing the token vectors of {model} on {trainset}, seed {seed}"""
    input:
        "<results>/runs/{model}/{trainset}/seed-{seed}/weights",
    output:
        distances=ensure("<results>/vectors/{model}/{trainset}/seed-{seed}/distances.json", non_empty=True),
        words="<results>/vectors/{model}/{trainset}/seed-{seed}/words.npz",
    log:
        "<logs>/embed_words/{model}/{trainset}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/embed_words/{model}/{trainset}/seed-{seed}.tsv"
    wildcard_constraints:
        trainset=one_of(config["pairsets"]),
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        gpu=1,
        gpu_share=1,
        runs_per_gpu=config["runs_per_gpu"],
        mem=growing(8, "GB", by_weights=2),
        runtime=growing(4, "h", by_weights=1),
    params:
        options={key: value for key, value in config["vector"].items() if key != "points"},
        code=code_digest("embed_words"),
    script:
        "../scripts/embed_words.py"


use rule embed_words as embed_words_before with:
    """computing the token vectors of {model} before fine-tuning"""
    input:
        "<results>/models/{model}",
    output:
        distances=ensure("<results>/vectors/{model}/before/distances.json", non_empty=True),
        words="<results>/vectors/{model}/before/words.npz",
    log:
        "<logs>/embed_words/{model}/before.log",
    benchmark:
        "<benchmarks>/embed_words/{model}/before.tsv"


rule plot_vectors:
    """plotting the token vectors {vectors}"""
    input:
        before=lambda wildcards: inputs.files_before_tuning(config, wildcards.vectors, "words.npz"),
        after=lambda wildcards: inputs.files_after_tuning(config, wildcards.vectors, "words.npz", first=True),
        distances_before=lambda wildcards: inputs.files_before_tuning(config, wildcards.vectors, "distances.json"),
        distances_after=lambda wildcards: inputs.files_after_tuning(config, wildcards.vectors, "distances.json"),
    output:
        words=report(
            "<results>/report/{vectors}/words.svg", category="{vectors}", caption="../reports/captions/words.rst"
        ),
        distances=report(
            "<results>/report/{vectors}/distances.svg",
            category="{vectors}",
            caption="../reports/captions/distances.rst",
        ),
    log:
        "<logs>/plot_vectors/{vectors}.log",
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(2, "GB"),
        runtime=growing(20, "m"),
    params:
        models=lookup(dpath="vectors/{vectors}/models", within=config),
        runs=lambda wildcards: plan.vector_runs(config, wildcards.vectors),
        points=config["vector"]["points"],
        code=code_digest("plot_vectors"),
    script:
        "../scripts/plot_vectors.py"


rule write_vectors_page:
    """writing the page of the token vectors {vectors}"""
    input:
        before=lambda wildcards: inputs.files_before_tuning(config, wildcards.vectors, "distances.json"),
        after=lambda wildcards: inputs.files_after_tuning(config, wildcards.vectors, "distances.json"),
        runs=lambda wildcards: inputs.run_files(plan.vector_runs(config, wildcards.vectors), "metrics.json"),
        words="<results>/report/{vectors}/words.svg",
        distances="<results>/report/{vectors}/distances.svg",
        published=shipped_file("resources/published.yaml"),
        template=shipped_file("reports/vectors.html.j2"),
        base=shipped_file("reports/base.html.j2"),
        captions=[shipped_file(f"reports/captions/{figure}.rst") for figure in ("distances", "words")],
    output:
        page=report(
            "<results>/report/{vectors}/page.html", category="{vectors}", caption="../reports/captions/vectors.rst"
        ),
        table=report(
            "<results>/report/{vectors}/table.tsv",
            category="{vectors}",
            caption="../reports/captions/vectors_table.rst",
        ),
    log:
        "<logs>/write_vectors_page/{vectors}.log",
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(2, "GB"),
        runtime=growing(20, "m"),
    params:
        runs=lambda wildcards: plan.vector_runs(config, wildcards.vectors),
        config=lambda wildcards: one_line_json(design.page_config(config, wildcards.vectors)),
        code=code_digest("write_vectors_page"),
    script:
        "../scripts/write_vectors_page.py"
