"""Models from scratch. For now their weights are random: pretraining on corpora takes this rule's place."""


rule initialize_model:
    input:
        lambda wildcards: tokenizer_folder(plan.tokenizer_of(config, wildcards.model)),
    output:
        directory("<results>/models/{model}"),
    log:
        "<logs>/initialize_model/{model}.log",
    wildcard_constraints:
        model=models_with("architecture"),
    conda:
        "../envs/lm.yaml"
    params:
        source=lambda wildcards: plan.source_of(config, wildcards.model),
        code=code_digest("initialize_model"),
    script:
        "../scripts/initialize_model.py"
