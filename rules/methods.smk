"""Two pages about the whole run: how everything was made, and what it cost."""

import snakemake

# The sections of the configuration that the methods page shows.
methods_keys = ["resources", "pairsets", "corpora", "tokenizers", "models", "studies", "tasks", "instructions"]
methods_keys += ["vectors", "blast", "tokens", "pretraining", "finetuning", "classification", "instruction_tuning"]
# All scripts and modules, also those that are loaded by name: the methods page shows a digest of the whole code.
all_modules = sorted(".".join(path.relative_to(SCRIPTS).with_suffix("").parts) for path in SCRIPTS.rglob("*.py"))


rule write_methods:
    """writing the page of methods"""
    input:
        splits=[path for name in used.used_pairsets(config) for path in layout.pair_splits(name).values()],
        task_splits=[path for name in used.used_tasks(config) for path in layout.task_splits(name).values()],
        records=[f"<results>/records/{name}.json" for name in used.used_resources(config)],
        models=[layout.model_folder(name) for name in used.built_models(config)],
        metrics=inputs.training_metrics(config),
        versions=inputs.search_versions(config),
        citation=shipped_file("CITATION.cff"),
        environments=[shipped_file(f"envs/{name}.yaml") for name in ("blast", "lm", "plots", "sequences")],
        template=shipped_file("reports/methods.html.j2"),
        formulas=shipped_file("reports/formulas.yaml"),
        base=shipped_file("reports/base.html.j2"),
    output:
        report("<results>/report/methods.html", category="methods", caption="../reports/captions/methods.rst"),
    log:
        "<logs>/write_methods/all.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    params:
        pairsets=used.used_pairsets(config),
        tasks=used.used_tasks(config),
        resources=used.used_resources(config),
        models=used.built_models(config),
        trained_models=[model for model, *_ in used.trainings(config)],
        # Their texts are docstrings, which the digest of the code leaves out.
        recipes={
            name: RECIPES[name].paragraphs
            for name in dict.fromkeys(config["pairsets"][p]["recipe"] for p in used.used_pairsets(config))
        },
        task_recipes={
            name: TASK_RECIPES[name].paragraphs
            for name in dict.fromkeys(config["tasks"][task]["recipe"] for task in used.used_tasks(config))
        },
        config=lambda wildcards: one_line_json({key: config[key] for key in methods_keys}),
        snakemake=snakemake.__version__,
        code=code_digest("write_methods", *all_modules),
    script:
        "../scripts/write_methods.py"


# Benchmark files are not inputs: if one were missing, as with copied results, its job would run again. The page is written
# after everything else and reads the benchmark files that exist; their wildcards tell which belong to this configuration.
rule write_costs:
    """writing the page of costs"""
    input:
        inputs.requested_files(config),
        "<results>/report/methods.html",
        metrics=inputs.training_metrics(config),
        template=shipped_file("reports/costs.html.j2"),
        base=shipped_file("reports/base.html.j2"),
    output:
        page=report("<results>/report/costs.html", category="cost", caption="../reports/captions/costs.rst"),
        table=report("<results>/report/costs.tsv", category="cost", caption="../reports/captions/costs.rst"),
        figure=report("<results>/report/costs.svg", category="cost", caption="../reports/captions/costs.rst"),
    log:
        "<logs>/write_costs/all.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    params:
        steps=measured_steps,
        used=used.wildcard_values(config),
        runs=plan.all_runs(config),
        trainings=used.trainings(config),
        code=code_digest("write_costs"),
    script:
        "../scripts/write_costs.py"
