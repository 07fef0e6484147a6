"""The report: for each study a page with its table and figures; pages of pair sets, tasks, tokenizers and pretrained models."""

for job in set_jobs_of("write_audit", used.shared_sets(config)):

    rule:
        """writing the audit page of the pair set {pairset}"""
        name:
            job.name
        input:
            audits=job.paths("<results>/pairs/{pairset}/audit.json"),
            template=shipped_file("reports/audit.html.j2"),
            base=shipped_file("reports/base.html.j2"),
            caption=shipped_file("reports/captions/audit_figure.rst"),
        output:
            pages=report(
                job.paths("<results>/report/pairs/{pairset}.html"),
                category="pair sets",
                caption="../reports/captions/audit.rst",
            ),
            figures=report(
                job.paths("<results>/report/pairs/{pairset}.svg"),
                category="pair sets",
                caption="../reports/captions/audit_figure.rst",
            ),
        log:
            f"<logs>/write_audit/{job.place}.log",
        group:
            "audit"
        conda:
            "../envs/plots.yaml"
        resources:
            mem=growing(1, "GB"),
            runtime=growing(20, "m"),
        params:
            sets=job.params(lambda name: one_line_json(config["pairsets"][name])),
            texts=REGISTRY_TEXTS,
            code=code_digest("write_audit"),
        script:
            "../scripts/write_audit.py"


# A rule with a `name:` passes it on, and then `rules` would have the rule below under that name.
rules.write_audit.rule.ruleinfo.name = None


use rule write_audit as write_task_audit with:
    """writing the audit page of the task {task}"""
    input:
        audits=["<results>/tasks/{task}/audit.json"],
        template=shipped_file("reports/audit.html.j2"),
        base=shipped_file("reports/base.html.j2"),
        caption=shipped_file("reports/captions/task_audit_figure.rst"),
    output:
        pages=report(["<results>/report/tasks/{task}.html"], category="tasks", caption="../reports/captions/audit.rst"),
        figures=report(
            ["<results>/report/tasks/{task}.svg"],
            category="tasks",
            caption="../reports/captions/task_audit_figure.rst",
        ),
    log:
        "<logs>/write_task_audit/{task}.log",
    params:
        sets=lambda wildcards: {wildcards.task: one_line_json(config["tasks"][wildcards.task])},
        texts=REGISTRY_TEXTS,
        code=code_digest("write_audit"),


rule write_vocabulary:
    """writing the page of the tokenizer {tokenizer}"""
    input:
        vocabulary="<results>/vocabularies/{tokenizer}.json",
        manifest=lambda wildcards: inputs.manifest_file(config, "tokenizers", wildcards.tokenizer),
        published=shipped_file("resources/published.yaml"),
        template=shipped_file("reports/vocabulary.html.j2"),
        part=shipped_file("reports/rows.html.j2"),
        base=shipped_file("reports/base.html.j2"),
        caption=shipped_file("reports/captions/vocabulary_figure.rst"),
    output:
        page=report(
            "<results>/report/tokenizers/{tokenizer}.html",
            category="tokenizers",
            caption="../reports/captions/vocabulary.rst",
        ),
        figure=report(
            "<results>/report/tokenizers/{tokenizer}.svg",
            category="tokenizers",
            caption="../reports/captions/vocabulary_figure.rst",
        ),
    log:
        "<logs>/write_vocabulary/{tokenizer}.log",
    group:
        "vocabulary"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(1, "GB"),
        runtime=growing(20, "m"),
    params:
        tokenizer=lookup(dpath="tokenizers/{tokenizer}", within=config),
        synthetic=SYNTHETIC,
        texts=REGISTRY_TEXTS,
        code=code_digest("write_vocabulary"),
    script:
        "../scripts/write_vocabulary.py"


rule write_pretraining:
    """writing the page of the pretraining of {model}"""
    input:
        metrics="<results>/pretraining/{model}/metrics.json",
        curve="<results>/pretraining/{model}/curve.tsv",
        manifest=lambda wildcards: inputs.manifest_file(config, "models", wildcards.model),
        template=shipped_file("reports/pretraining.html.j2"),
        part=shipped_file("reports/rows.html.j2"),
        base=shipped_file("reports/base.html.j2"),
        caption=shipped_file("reports/captions/pretraining_figure.rst"),
    output:
        page=report(
            "<results>/report/models/{model}.html",
            category="pretrained models",
            caption="../reports/captions/pretraining.rst",
        ),
        figure=report(
            "<results>/report/models/{model}.svg",
            category="pretrained models",
            caption="../reports/captions/pretraining_figure.rst",
        ),
    log:
        "<logs>/write_pretraining/{model}.log",
    wildcard_constraints:
        model=models_with("corpus"),
    localrule: True
    conda:
        "../envs/plots.yaml"
    params:
        model=lambda wildcards: one_line_json(settings.model_settings(config, wildcards.model)),
        synthetic=SYNTHETIC,
        code=code_digest("write_pretraining"),
    script:
        "../scripts/write_pretraining.py"


# All figures in one job: to start another takes longer than to draw a figure.
rule plot_study:
    """plotting the figures of the study {study}"""
    input:
        unpack(
            lambda wildcards: {
                figure: FIGURES[figure].files(config, wildcards.study)
                for figure in figures_of(config, wildcards.study)
            }
        ),
    output:
        report(
            directory("<results>/report/{study}/figures"),
            patterns=["{figure}.svg"],
            category=lambda wildcards, params: params.study,
            caption="../reports/captions/figure.rst",
        ),
    log:
        "<logs>/plot_study/{study}.log",
    benchmark:
        "<benchmarks>/plot_study/{study}.tsv"
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(1, "GB"),
        runtime=growing(20, "m"),
    params:
        study=lambda wildcards: wildcards.study,
        settings=lambda wildcards: {
            figure: FIGURES[figure].settings(config, wildcards.study) for figure in figures_of(config, wildcards.study)
        },
        captions=lambda wildcards: {figure: FIGURES[figure].caption for figure in figures_of(config, wildcards.study)},
        code=code_digest("plot_study"),
    script:
        "../scripts/plot_study.py"


rule compare_published:
    """comparing the study {study} with published results"""
    input:
        metrics="<results>/tables/{study}.metrics.tsv",
        published=shipped_file("resources/published.yaml"),
    output:
        table=report(
            "<results>/report/{study}/published.tsv",
            category="{study}",
            caption="../reports/captions/published.rst",
        ),
        figure=report(
            "<results>/report/{study}/published.svg",
            category="{study}",
            caption="../reports/captions/published_figure.rst",
        ),
    log:
        "<logs>/compare_published/{study}.log",
    wildcard_constraints:
        study=one_of(plan.published_studies(config)),
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(1, "GB"),
        runtime=growing(20, "m"),
    params:
        study=lambda wildcards: one_line_json(config["studies"][wildcards.study]),
        code=code_digest("compare_published"),
    script:
        "../scripts/compare_published.py"


rule write_page:
    """writing the page of the study {study}"""
    input:
        unpack(lambda wildcards: in_place(inputs.published_files(config, wildcards.study))),
        metrics="<results>/tables/{study}.metrics.tsv",
        comparisons="<results>/tables/{study}.comparisons.tsv",
        runs=lambda wildcards: inputs.metrics_files(config, wildcards.study),
        tokens=lambda wildcards: inputs.tokens_reports(config, plan.study_inputs(config, wildcards.study)),
        kinds="<results>/tables/{study}.kinds.tsv",
        identity="<results>/tables/{study}.identity.tsv",
        figures="<results>/report/{study}/figures",
        audits=lambda wildcards: inputs.audit_files(config, config["studies"][wildcards.study]["tests"]),
        template=shipped_file("reports/study.html.j2"),
        parts=[shipped_file(f"reports/{part}.html.j2") for part in ("identity", "problems", "warnings")],
        base=shipped_file("reports/base.html.j2"),
        caption=shipped_file("reports/captions/published_figure.rst"),
    output:
        page=report("<results>/report/{study}/page.html", category="{study}", caption="../reports/captions/page.rst"),
        table=report("<results>/report/{study}/table.tsv", category="{study}", caption="../reports/captions/table.rst"),
        claims=report(
            "<results>/report/{study}/claims.tsv", category="{study}", caption="../reports/captions/claims.rst"
        ),
    log:
        "<logs>/write_page/{study}.log",
    benchmark:
        "<benchmarks>/write_page/{study}.tsv"
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(2, "GB"),
        runtime=growing(20, "m"),
    params:
        readings=lambda wildcards: [", ".join(cell) for cell in plan.study_inputs(config, wildcards.study)],
        figures=lambda wildcards: figures_of(config, wildcards.study),
        config=lambda wildcards: one_line_json(design.page_config(config, wildcards.study)),
        texts=REGISTRY_TEXTS,
        code=code_digest("write_page"),
    script:
        "../scripts/write_page.py"


rule plot_tasks:
    """plotting the figures of the study {task_study}"""
    input:
        "<results>/tables/{task_study}.metrics.tsv",
    output:
        report(
            "<results>/report/{task_study}/accuracy.svg",
            category="{task_study}",
            caption="../reports/captions/tasks_figure.rst",
        ),
    log:
        "<logs>/plot_tasks/{task_study}.log",
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(1, "GB"),
        runtime=growing(20, "m"),
    params:
        code=code_digest("plot_tasks"),
    script:
        "../scripts/plot_tasks.py"


rule write_task_page:
    """writing the page of the study {task_study}"""
    input:
        unpack(lambda wildcards: inputs.task_page_files(config, wildcards.task_study)),
        metrics="<results>/tables/{task_study}.metrics.tsv",
        comparisons="<results>/tables/{task_study}.comparisons.tsv",
        figure="<results>/report/{task_study}/accuracy.svg",
        identity="<results>/tables/{task_study}.identity.tsv",
        overlaps="<results>/tables/overlaps.json",
        published=shipped_file("resources/published.yaml"),
        template=shipped_file("reports/tasks.html.j2"),
        parts=[shipped_file(f"reports/{part}.html.j2") for part in ("identity", "problems", "warnings")],
        base=shipped_file("reports/base.html.j2"),
        caption=shipped_file("reports/captions/tasks_figure.rst"),
    output:
        page=report(
            "<results>/report/{task_study}/page.html",
            category="{task_study}",
            caption="../reports/captions/tasks.rst",
        ),
        table=report(
            "<results>/report/{task_study}/table.tsv",
            category="{task_study}",
            caption="../reports/captions/tasks_table.rst",
        ),
    log:
        "<logs>/write_task_page/{task_study}.log",
    group:
        "study"
    conda:
        "../envs/plots.yaml"
    resources:
        mem=growing(2, "GB"),
        runtime=growing(20, "m"),
    params:
        tests=lookup(dpath="studies/{task_study}/tests", within=config),
        sets=lambda wildcards: plan.instruction_sets(config, wildcards.task_study),
        readings=lambda wildcards: [", ".join(cell) for cell in plan.classifier_inputs(config, wildcards.task_study)],
        config=lambda wildcards: one_line_json(design.page_config(config, wildcards.task_study)),
        texts=REGISTRY_TEXTS,
        code=code_digest("write_task_page"),
    script:
        "../scripts/write_task_page.py"


rule write_power:
    """writing the page of errors and power"""
    input:
        tests=[layout.pair_splits(test)["test"] for test in plan.pair_tests(config)],
        template=shipped_file("reports/power.html.j2"),
        base=shipped_file("reports/base.html.j2"),
    output:
        report("<results>/report/power.html", category="power", caption="../reports/captions/power.rst"),
    log:
        "<logs>/write_power/all.log",
    benchmark:
        "<benchmarks>/write_power/all.tsv"
    localrule: True
    conda:
        "../envs/plots.yaml"
    params:
        tests=plan.pair_tests(config),
        studies=one_line_json(design.study_designs(config)),
        code=code_digest("write_power"),
    script:
        "../scripts/write_power.py"


rule summarize_studies:
    """summarizing all studies"""
    input:
        metrics=expand("<results>/tables/{study}.metrics.tsv", study=plan.pair_studies(config)),
        comparisons=expand("<results>/tables/{study}.comparisons.tsv", study=plan.pair_studies(config)),
        task_metrics=expand("<results>/tables/{study}.metrics.tsv", study=plan.task_studies(config)),
        task_comparisons=expand("<results>/tables/{study}.comparisons.tsv", study=plan.task_studies(config)),
        vectors=expand("<results>/report/{vectors}/table.tsv", vectors=config["vectors"]),
        audits=inputs.audit_files(config, used.tested_sets(config)),
    output:
        "<results>/tables/summary.txt",
    log:
        "<logs>/summarize_studies/all.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    params:
        studies=plan.titles_of(plan.pair_studies(config)),
        task_studies=plan.titles_of(plan.task_studies(config)),
        vectors=plan.titles_of(config["vectors"]),
        tests=used.tested_sets(config),
        tests_of={name: study["tests"] for name, study in config["studies"].items()},
        kinds={name: spec["kind"] for name, spec in config["pairsets"].items()},
        notes=design.caveats(config),
        code=code_digest("summarize_studies"),
    script:
        "../scripts/summarize_studies.py"


rule write_answer:
    """writing the front page"""
    input:
        claims=expand("<results>/report/{study}/claims.tsv", study=plan.pair_studies(config)),
        comparisons=expand("<results>/tables/{study}.comparisons.tsv", study=plan.pair_studies(config)),
        task_comparisons=expand("<results>/tables/{study}.comparisons.tsv", study=plan.task_studies(config)),
        vectors=expand("<results>/report/{vectors}/table.tsv", vectors=config["vectors"]),
        audits=inputs.audit_files(config, used.tested_sets(config)),
        template=shipped_file("reports/answer.html.j2"),
        base=shipped_file("reports/base.html.j2"),
    output:
        page=report("<results>/report/answer.html", category="answer", caption="../reports/captions/answer.rst"),
        figure=report(
            "<results>/report/closest_controls.svg",
            category="answer",
            caption="../reports/captions/closest_controls.rst",
        ),
    log:
        "<logs>/write_answer/all.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    params:
        titles=lambda wildcards: one_line_json(plan.titles_of(config["studies"] | config["vectors"])),
        studies=list(plan.pair_studies(config)),
        task_studies=list(plan.task_studies(config)),
        vectors=list(config["vectors"]),
        tests=used.tested_sets(config),
        tests_of={name: study["tests"] for name, study in config["studies"].items()},
        kinds={name: spec["kind"] for name, spec in config["pairsets"].items()},
        caveats=design.caveats(config),
        code=code_digest("write_answer"),
    script:
        "../scripts/write_answer.py"


# Only on request: `snakemake write_abstract --configfile …`. It is small enough to stand in a repository.
rule write_abstract:
    """writing the abstract of the run"""
    input:
        metrics=expand("<results>/tables/{study}.metrics.tsv", study=design.abstract_studies(config)),
        comparisons=expand("<results>/tables/{study}.comparisons.tsv", study=design.abstract_studies(config)),
        audits=inputs.audit_files(config, design.abstract_tests(config)),
        runs=inputs.run_files(design.abstract_runs(config), "metrics.json"),
        records=[f"<results>/records/{name}.json" for name in used.used_resources(config)],
    output:
        directory("<results>/abstract"),
    log:
        "<logs>/write_abstract/all.log",
    localrule: True
    conda:
        "../envs/plots.yaml"
    params:
        tests=design.abstract_tests(config),
        runs=design.abstract_runs(config),
        resources=used.used_resources(config),
        design=lambda wildcards: one_line_json(design.abstract_design(config)),
        config=lambda wildcards: one_line_json(config),
        code=code_digest("write_abstract"),
    script:
        "../scripts/write_abstract.py"
