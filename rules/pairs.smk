"""Pair sets: BLAST finds homologs, recipes make pairs of them, an audit looks at the result."""


rule build_blast_database:
    input:
        "<results>/sequences/{kind}/{resource}.fa.gz",
    output:
        directory("<results>/blast/{kind}/{resource}"),
    log:
        "<logs>/build_blast_database/{kind}/{resource}.log",
    conda:
        "../envs/blast.yaml"
    params:
        dbtype=lambda wildcards: blast.DATABASE_TYPES[wildcards.kind],
    shell:
        "gzip -dc {input} | makeblastdb -in - -dbtype {params.dbtype} -title {wildcards.resource} -out {output}/db > {log} 2>&1"


rule sample_queries:
    input:
        lambda wildcards: pair_files(wildcards.pairset)["queries"],
    output:
        "<results>/queries/{pairset}.fa",
    log:
        "<logs>/sample_queries/{pairset}.log",
    conda:
        "../envs/sequences.yaml"
    params:
        kind=lookup(dpath="pairsets/{pairset}/kind", within=config),
        length=lookup(dpath="pairsets/{pairset}/length", within=config),
        windows=lookup(dpath="pairsets/{pairset}/rules/windows", within=config),
        seed=lookup(dpath="pairsets/{pairset}/seed", within=config),
        max_masked=lookup(dpath="pairsets/{pairset}/rules/max_masked", within=config),
        code=code_digest("sample_queries"),
    script:
        "../scripts/sample_queries.py"


rule search_homologs:
    input:
        queries="<results>/queries/{pairset}.fa",
        database=lambda wildcards: "<results>/blast/{kind}/{{resource}}".format(**config["pairsets"][wildcards.pairset]),
    output:
        "<results>/hits/{pairset}/{resource}.tsv",
    log:
        "<logs>/search_homologs/{pairset}/{resource}.log",
    benchmark:
        "<benchmarks>/search_homologs/{pairset}/{resource}.tsv"
    conda:
        "../envs/blast.yaml"
    threads: 16  # BLAST's hits do not depend on it
    resources:
        mem=lambda wildcards, attempt: f"{8 * attempt}GB",
        runtime="12h",
    params:
        program=lambda wildcards: blast.PROGRAMS[config["pairsets"][wildcards.pairset]["kind"]],
        evalue=lookup(dpath="pairsets/{pairset}/rules/max_evalue", within=config),
        dbsize=config["blast"]["dbsize"],
        targets=config["blast"]["max_target_seqs"],
        hsps=lambda wildcards: config["pairsets"][wildcards.pairset]["rules"]["max_hits"] + 1,
        columns=" ".join(blast.HIT_COLUMNS),
    shell:
        "{params.program} -query {input.queries} -db {input.database}/db -num_threads {threads} -evalue {params.evalue}"
        " -dbsize {params.dbsize} -max_target_seqs {params.targets} -max_hsps {params.hsps} -outfmt '6 {params.columns}' -out {output} > {log} 2>&1"


rule build_pairs:
    input:
        unpack(lambda wildcards: pair_files(wildcards.pairset)),
    output:
        **splits_of("{pairset}"),
    log:
        "<logs>/build_pairs/{pairset}.log",
    benchmark:
        "<benchmarks>/build_pairs/{pairset}.tsv"
    conda:
        "../envs/sequences.yaml"
    params:
        spec=lookup(dpath="pairsets/{pairset}", within=config),
        code=lambda wildcards: code_digest("build_pairs", f"linguist.{recipe_of(wildcards.pairset).module}"),
    script:
        "../scripts/build_pairs.py"


rule audit_pairs:
    input:
        **splits_of("{pairset}"),
    output:
        "<results>/pairs/{pairset}/audit.json",
    log:
        "<logs>/audit_pairs/{pairset}.log",
    conda:
        "../envs/sequences.yaml"
    params:
        code=code_digest("audit_pairs"),
    script:
        "../scripts/audit_pairs.py"
