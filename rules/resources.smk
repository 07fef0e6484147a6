"""Raw files from outside, verified; sequences made ready for random access; pretrained models."""


rule fetch:
    """fetching all resources and pretrained models; the rest of a run needs no network"""
    input:
        inputs.fetched_files(config),
    localrule: True


rule fetch_resource:
    """fetching the resource {resource}"""
    input:
        lambda wildcards: in_place(config["resources"][wildcards.resource].get("path", [])),
    output:
        file=ensure("<results>/resources/{resource}", non_empty=True),
        record="<results>/records/{resource}.json",
    log:
        "<logs>/fetch_resource/{resource}.log",
    benchmark:
        "<benchmarks>/fetch_resource/{resource}.tsv"
    localrule: True
    conda:
        "../envs/sequences.yaml"
    params:
        source=source_of,
        code=code_digest("fetch_resource"),
    script:
        "../scripts/fetch_resource.py"


rule unpack_resource:
    """unpacking the resource {resource}"""
    input:
        "<results>/resources/{resource}",
    output:
        directory("<results>/unpacked/{resource}"),
    log:
        "<logs>/unpack_resource/{resource}.log",
    benchmark:
        "<benchmarks>/unpack_resource/{resource}.tsv"
    localrule: True
    conda:
        "../envs/sequences.yaml"
    params:
        code=code_digest("unpack_resource"),
    script:
        "../scripts/unpack_resource.py"


rule index_sequences:
    """indexing the sequences of {resource} ({kind})"""
    input:
        "<results>/resources/{resource}",
    output:
        fasta="<results>/sequences/{kind}/{resource}.fa.gz",
        fai="<results>/sequences/{kind}/{resource}.fa.gz.fai",
        gzi="<results>/sequences/{kind}/{resource}.fa.gz.gzi",
    log:
        "<logs>/index_sequences/{kind}/{resource}.log",
    benchmark:
        "<benchmarks>/index_sequences/{kind}/{resource}.tsv"
    group:
        "sequences"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(2, "h"),
    params:
        code=code_digest("index_sequences"),
    script:
        "../scripts/index_sequences.py"


rule fetch_model:
    """fetching the model {model}"""
    input:
        lambda wildcards: in_place(config["models"][wildcards.model].get("path", [])),
    output:
        directory("<results>/models/{model}"),
    log:
        "<logs>/fetch_model/{model}.log",
    benchmark:
        "<benchmarks>/fetch_model/{model}.tsv"
    wildcard_constraints:
        model=models_with("hub", "path"),
    localrule: True
    conda:
        "../envs/lm.yaml"
    params:
        source=lambda wildcards: settings.model_settings(config, wildcards.model),
        code=code_digest("fetch_model"),
    script:
        "../scripts/fetch_model.py"
