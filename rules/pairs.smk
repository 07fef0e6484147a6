"""Pair sets: BLAST finds homologs, recipes make pairs, an audit checks each pair set."""


rule build_blast_database:
    """building the BLAST database of {resource} ({kind})"""
    input:
        "<results>/sequences/{kind}/{resource}.fa.gz",
    output:
        directory("<results>/blast/{kind}/{resource}"),
    log:
        "<logs>/build_blast_database/{kind}/{resource}.log",
    benchmark:
        "<benchmarks>/build_blast_database/{kind}/{resource}.tsv"
    group:
        "sequences"
    conda:
        "../envs/blast.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(2, "h"),
    params:
        dbtype=lambda wildcards: KINDS[wildcards.kind].database,
        sums=WRITE_SUMS,
        code=shell_digest("build_blast_database"),
    shell:
        "({{ gzip -dc {input} || {{ echo 'error: {input}: damaged; delete it and run again' >&2; exit 1; }}; }}"
        " | makeblastdb -in - -dbtype {params.dbtype} -title {wildcards.resource} -out {output}/db"
        " && {params.sums} {output}) > {log} 2>&1"


rule mask_repeats:
    """masking the repeats of {resource}"""
    input:
        "<results>/blast/dna/{resource}",
    output:
        intervals="<results>/masks/{resource}.txt",
        counts=temp("<results>/masks/{resource}.counts"),
        version="<results>/masks/{resource}.version",
    log:
        "<logs>/mask_repeats/{resource}.log",
    benchmark:
        "<benchmarks>/mask_repeats/{resource}.tsv"
    group:
        "sequences"
    conda:
        "../envs/blast.yaml"
    resources:
        mem=growing(6, "GB"),
        runtime=growing(4, "h"),
    params:
        check=CHECK_SUMS,
        code=shell_digest("mask_repeats"),
    shell:
        "({params.check} {input} && (windowmasker -version && echo) > {output.version}"
        " && windowmasker -mk_counts -in {input}/db -infmt blastdb -mem 4000 -sformat obinary -out {output.counts}"
        " && (windowmasker -ustat {output.counts} -in {input}/db -infmt blastdb -dust true -outfmt interval && echo)"
        " > {output.intervals}) > {log} 2>&1"


rule sample_queries:
    """sampling the queries of the pair set {pairset}"""
    input:
        unpack(lambda wildcards: inputs.query_files(config, wildcards.pairset)),
    output:
        scatter.queries("<results>/queries/{{pairset}}/{scatteritem}.fa"),
    log:
        "<logs>/sample_queries/{pairset}.log",
    benchmark:
        "<benchmarks>/sample_queries/{pairset}.tsv"
    wildcard_constraints:
        pairset=SEARCHED,
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(1, "h"),
    params:
        resource=lookup(dpath="pairsets/{pairset}/queries", within=config),
        kind=lookup(dpath="pairsets/{pairset}/kind", within=config),
        length=lookup(dpath="pairsets/{pairset}/length", within=config),
        seed=lookup(dpath="pairsets/{pairset}/seed", within=config),
        rules=lambda wildcards: {
            rule: config["pairsets"][wildcards.pairset]["rules"][rule] for rule in ("windows", "max_masked")
        },
        code=code_digest("sample_queries"),
    script:
        "../scripts/sample_queries.py"


rule search_homologs:
    """searching {resource} for homologs for the pair set {pairset}, part {scatteritem}"""
    input:
        queries="<results>/queries/{pairset}/{scatteritem}.fa",
        database=lambda wildcards: f"<results>/blast/{config['pairsets'][wildcards.pairset]['kind']}/{wildcards.resource}",
    output:
        hits="<results>/hits/{pairset}/{resource}/{scatteritem}.tsv",
        version="<results>/hits/{pairset}/{resource}/{scatteritem}.version",
    log:
        "<logs>/search_homologs/{pairset}/{resource}/{scatteritem}.log",
    benchmark:
        "<benchmarks>/search_homologs/{pairset}/{resource}/{scatteritem}.tsv"
    wildcard_constraints:
        pairset=SEARCHED,
    group:
        "search"
    conda:
        "../envs/blast.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(4, "h"),
    params:
        program=lambda wildcards: KINDS[config["pairsets"][wildcards.pairset]["kind"]].blast,
        evalue=lookup(dpath="pairsets/{pairset}/rules/max_evalue", within=config),
        dbsize=config["blast"]["dbsize"],
        targets=config["blast"]["max_target_seqs"],
        # +1 to detect more hits than allowed, +1 for the window's hit on itself
        hsps=lambda wildcards: config["pairsets"][wildcards.pairset]["rules"]["max_hits"] + 2,
        columns=" ".join(BLAST_COLUMNS),
        check=REFUSE_CUT,
        check_database=CHECK_SUMS,
        code=shell_digest("search_homologs"),
    shell:
        "({params.check} {input.queries} && {params.check_database} {input.database}"
        " && ({params.program} -version && echo) > {output.version}"
        " && ({params.program} -query {input.queries} -db {input.database}/db -evalue {params.evalue} -dbsize {params.dbsize}"
        " -max_target_seqs {params.targets} -max_hsps {params.hsps} -outfmt '6 {params.columns}'"
        " | sed 's/^/{wildcards.resource}\t/' && echo) > {output.hits}) 2> {log}"


rule choose_positives:
    """choosing the positives of the pair set {pairset}"""
    input:
        unpack(lambda wildcards: inputs.homolog_files(config, wildcards.pairset)),
    output:
        "<results>/positives/{pairset}.tsv",
    log:
        "<logs>/choose_positives/{pairset}.log",
    benchmark:
        "<benchmarks>/choose_positives/{pairset}.tsv"
    wildcard_constraints:
        pairset=SEARCHED,
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(8, "GB"),
        runtime=growing(2, "h"),
    params:
        spec=lambda wildcards: settings.positives_settings(config, wildcards.pairset),
        code=code_digest("choose_positives"),
    script:
        "../scripts/choose_positives.py"


rule build_pairs:
    """building the pair set {pairset}"""
    input:
        unpack(lambda wildcards: in_place(inputs.recipe_files(config, "pairsets", wildcards.pairset))),
    output:
        **layout.pair_splits("{pairset}"),
        record=layout.record_file("pairs", "{pairset}"),
    log:
        "<logs>/build_pairs/{pairset}.log",
    benchmark:
        "<benchmarks>/build_pairs/{pairset}.tsv"
    group:
        "pairs"
    conda:
        "../envs/sequences.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(2, "h"),
    params:
        spec=lookup(dpath="pairsets/{pairset}", within=config),
        code=lambda wildcards: code_digest(
            "build_pairs", RECIPES[config["pairsets"][wildcards.pairset]["recipe"]].module
        ),
    script:
        "../scripts/build_pairs.py"


rule search_pair_neighbours:
    """searching the nearest training sequences of the pair set {pairset} ({kind})"""
    input:
        train="<results>/pairs/{pairset}/train.tsv",
        split="<results>/pairs/{pairset}/test.tsv",
    output:
        hits="<results>/neighbours/{pairset}/{kind}.tsv",
        version="<results>/neighbours/{pairset}/{kind}.version",
        database=temp(directory("<results>/neighbours/{pairset}/{kind}.db")),
    log:
        "<logs>/search_pair_neighbours/{pairset}/{kind}.log",
    benchmark:
        "<benchmarks>/search_pair_neighbours/{pairset}/{kind}.tsv"
    priority: 1  # the audit waits for it
    group:
        "audit"
    conda:
        "../envs/blast.yaml"
    resources:
        mem=growing(4, "GB"),
        runtime=growing(2, "h"),
    params:
        check=REFUSE_CUT,
        fasta=lambda wildcards: neighbours.pairs_to_fasta(config["pairsets"][wildcards.pairset]["kind"], wildcards.kind),
        dbtype=lambda wildcards: KINDS[wildcards.kind].database,
        program=lambda wildcards: KINDS[wildcards.kind].blast.split()[0],
        blast=lambda wildcards: neighbours.search_command(config["blast"]["dbsize"], wildcards.kind),
        code=shell_digest("search_pair_neighbours"),
    shell:
        "({params.check} {input.train} && {params.check} {input.split}"
        " && ({params.program} -version && echo) > {output.version}"
        # the single letter has no hits; without it, a set without train rows would have no database
        " && ({params.fasta} {input.train} && printf '>\\nN\\n')"
        " | makeblastdb -in - -dbtype {params.dbtype} -title train -out {output.database}/db"
        " && {params.fasta} {input.split} | ({params.blast} -db {output.database}/db && echo)"
        " > {output.hits}) > {log} 2>&1"


for job in set_jobs_of("audit_pairs", used.shared_sets(config)):

    rule:
        """auditing the pair set {pairset}"""
        name:
            job.name
        input:
            **{split: job.paths(path) for split, path in layout.pair_splits("{pairset}").items()},
            records=job.paths(layout.record_file("pairs", "{pairset}")),
            trained_on=job.inputs(lambda name: inputs.training_rows(config, name)),
            tokens=job.inputs(lambda name: inputs.set_reports(config, name)),
            hits=job.inputs(lambda name: inputs.pair_neighbours(config, name)),
            versions=job.inputs(lambda name: inputs.version_files(config, name)),
        output:
            audits=job.paths("<results>/pairs/{pairset}/audit.json"),
            identities=job.paths(layout.identity_file("pairs", "{pairset}")),
        log:
            f"<logs>/audit_pairs/{job.place}.log",
        benchmark:
            f"<benchmarks>/audit_pairs/{job.place}.tsv"
        priority: 1  # it may find what makes a long training useless
        group:
            "audit"
        conda:
            "../envs/sequences.yaml"
        resources:
            mem=growing(4, "GB"),
            runtime=growing(2 * len(job.sets), "h"),
        params:
            sets=job.params(lambda name: inputs.audit_settings(config, name)),
            code=code_digest("audit_pairs"),
        script:
            "../scripts/audit_pairs.py"
