"""Models from scratch: pretrained on a corpus, or with random weights as a control."""


rule pretrain:
    """pretraining {model}"""
    input:
        unpack(lambda wildcards: inputs.pretraining_files(config, wildcards.model)),
    output:
        model=directory("<results>/models/{model}"),
        metrics=ensure("<results>/pretraining/{model}/metrics.json", non_empty=True),
        curve="<results>/pretraining/{model}/curve.tsv",
    log:
        "<logs>/pretrain/{model}.log",
    benchmark:
        "<benchmarks>/pretrain/{model}.tsv"
    wildcard_constraints:
        model=models_with("corpus"),
    priority: 1  # many jobs wait for it
    conda:
        "../envs/lm.yaml"
    threads: config["threads"]
    resources:
        gpu=1,
        gpu_share=config["runs_per_gpu"],
        runs_per_gpu=config["runs_per_gpu"],
        mem=growing(16, "GB"),
        runtime=growing(2, "d"),
    params:
        model=lambda wildcards: settings.model_settings(config, wildcards.model),
        options=lambda wildcards: settings.pretraining_settings(config, wildcards.model),
        checkpoint=subpath(output.metrics, parent=True),
        code=code_digest("pretrain"),
    script:
        "../scripts/pretrain.py"


rule initialize_model:
    """initializing {model} with random weights"""
    input:
        lambda wildcards: inputs.initial_files(config, wildcards.model),
    output:
        directory("<results>/models/{model}"),
    log:
        "<logs>/initialize_model/{model}.log",
    wildcard_constraints:
        model=one_of(name for name, model in config["models"].items() if settings.has_random_weights(model)),
    conda:
        "../envs/lm.yaml"
    resources:
        mem=growing(4, "GB", by_weights=2),
        runtime=growing(1, "h"),
    params:
        source=lambda wildcards: settings.model_settings(config, wildcards.model),
        code=code_digest("initialize_model"),
    script:
        "../scripts/initialize_model.py"
