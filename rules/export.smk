# What the exports are made of.
NETWORK_TABLES = {
    "creators": "results/tables/creators.parquet",
    "coordinates": "results/map/coordinates.parquet",
    "clusters": "results/map/clusters.parquet",
    "names": "results/map/cluster_names.parquet",
}


rule export_csv:
    """The tables as CSV."""
    input:
        expand("results/tables/{table}.parquet", table=STUDY_TABLES + MEASURE_TABLES),
        expand("results/map/{table}.parquet", table=MAP_TABLES),
    output:
        expand(
            "results/export/csv/{table}.csv",
            table=STUDY_TABLES + MEASURE_TABLES + MAP_TABLES,
        ),
    log:
        "results/logs/export_csv.log",
    benchmark:
        "results/benchmarks/export_csv.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        version=STUDY.version("export_csv"),
    shell:
        "exec python $ATLAS/export_csv.py"
        " --tables {input}"
        " --output results/export/csv"
        " --log {log}"


rule export_network:
    """The follow network for Gephi, igraph and others."""
    input:
        **NETWORK_TABLES,
        edges="results/tables/edges.parquet",
        measures="results/tables/creator_measures.parquet",
    output:
        gexf="results/export/network.gexf",
        graphml="results/export/network.graphml",
    log:
        "results/logs/export_network.log",
    benchmark:
        "results/benchmarks/export_network.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("export_network"),
    shell:
        "exec python $ATLAS/export_network.py"
        " --creators {input.creators}"
        " --coordinates {input.coordinates}"
        " --clusters {input.clusters}"
        " --names {input.names}"
        " --edges {input.edges}"
        " --measures {input.measures}"
        " --gexf {output.gexf}"
        " --graphml {output.graphml}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"


rule export_embedding_atlas:
    """Reels and creators for embedding-atlas."""
    input:
        **NETWORK_TABLES,
        **{table: f"results/tables/{table}.parquet" for table in MEASURE_TABLES},
        reels="results/tables/reels.parquet",
    output:
        reels="results/export/reels_atlas.parquet",
        creators="results/export/creators_atlas.parquet",
    log:
        "results/logs/export_embedding_atlas.log",
    benchmark:
        "results/benchmarks/export_embedding_atlas.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("map"),
        seed=STUDY.config.study.seed,
        version=STUDY.version("export_embedding_atlas"),
    shell:
        "exec python $ATLAS/export_embedding_atlas.py"
        " --reels {input.reels}"
        " --creators {input.creators}"
        " --coordinates {input.coordinates}"
        " --clusters {input.clusters}"
        " --names {input.names}"
        " --measures {input.measures}"
        " --creator-measures {input.creator_measures}"
        " --output-reels {output.reels}"
        " --output-creators {output.creators}"
        " --seed {params.seed}"
        " --log {log}"
        " {params.options}"


rule export_4cat:
    """The reels for 4CAT."""
    input:
        creators=NETWORK_TABLES["creators"],
        clusters=NETWORK_TABLES["clusters"],
        names=NETWORK_TABLES["names"],
        reels="results/tables/reels.parquet",
    output:
        "results/export/4cat.csv",
    log:
        "results/logs/export_4cat.log",
    benchmark:
        "results/benchmarks/export_4cat.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        version=STUDY.version("export_4cat"),
    shell:
        "exec python $ATLAS/export_4cat.py"
        " --reels {input.reels}"
        " --creators {input.creators}"
        " --clusters {input.clusters}"
        " --names {input.names}"
        " --output {output}"
        " --log {log}"


rule export_sqlite:
    """The tables as the first study's database."""
    input:
        **{
            table: f"results/tables/{table}.parquet"
            for table in ["creators", "reels", "follows", "status"] + MEASURE_TABLES
        },
        clusters="results/map/clusters.parquet",
        coordinates="results/map/coordinates.parquet",
    output:
        "results/export/instagram_data.db",
    log:
        "results/logs/export_sqlite.log",
    benchmark:
        "results/benchmarks/export_sqlite.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        version=STUDY.version("export_sqlite"),
    shell:
        "exec python $ATLAS/export_sqlite.py"
        " --creators {input.creators}"
        " --reels {input.reels}"
        " --follows {input.follows}"
        " --status {input.status}"
        " --clusters {input.clusters}"
        " --coordinates {input.coordinates}"
        " --measures {input.measures}"
        " --creator-measures {input.creator_measures}"
        " --output {output}"
        " --log {log}"
