rule preview_map:
    """The map before the tests of its clusters are made: something to look at in seconds."""
    input:
        creators="results/tables/creators.parquet",
        coordinates="results/map/coordinates.parquet",
        clusters="results/map/clusters.parquet",
        settings="results/map/settings.json",
    output:
        "results/map/preview.png",
    log:
        "results/logs/preview_map.log",
    benchmark:
        "results/benchmarks/preview_map.tsv"
    priority: 100
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_map"),
    shell:
        "exec python $ATLAS/plot_map.py"
        " --creators {input.creators}"
        " --coordinates {input.coordinates}"
        " --clusters {input.clusters}"
        " --settings {input.settings}"
        " --preview"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule plot_map:
    """The map: one dot per creator, ellipses around clusters."""
    input:
        creators="results/tables/creators.parquet",
        coordinates="results/map/coordinates.parquet",
        clusters="results/map/clusters.parquet",
        robustness="results/robustness.json",
        names="results/map/cluster_names.parquet",
        settings="results/map/settings.json",
        reels="results/tables/reels.parquet",
        status="results/tables/status.parquet",
    output:
        report(
            "results/figures/map.png",
            caption="../report/map.rst",
            category="Map",
            labels={"figure": "map"},
        ),
        multiext("results/figures/map", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_map.log",
    benchmark:
        "results/benchmarks/plot_map.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_map"),
    shell:
        "exec python $ATLAS/plot_map.py"
        " --creators {input.creators}"
        " --coordinates {input.coordinates}"
        " --clusters {input.clusters}"
        " --robustness {input.robustness}"
        " --names {input.names}"
        " --settings {input.settings}"
        " --reels {input.reels}"
        " --status {input.status}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule plot_portraits:
    """Frames, words and a description of each cluster's most central reels."""
    input:
        creators="results/tables/creators.parquet",
        names="results/map/cluster_names.parquet",
        clusters="results/map/clusters.parquet",
        reels="results/tables/reels.parquet",
        status="results/tables/status.parquet",
    output:
        report(
            "results/figures/portraits.png",
            caption="../report/portraits.rst",
            category="Map",
            labels={"figure": "portraits"},
        ),
        multiext("results/figures/portraits", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_portraits.log",
    benchmark:
        "results/benchmarks/plot_portraits.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_portraits"),
    shell:
        "exec python $ATLAS/plot_portraits.py"
        " --creators {input.creators}"
        " --names {input.names}"
        " --clusters {input.clusters}"
        " --reels {input.reels}"
        " --status {input.status}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule plot_coverage:
    """What became of every reel in every stage."""
    input:
        "results/tables/coverage.parquet",
    output:
        report(
            "results/figures/coverage.png",
            caption="../report/coverage.rst",
            category="Coverage",
            labels={"figure": "coverage"},
        ),
        multiext("results/figures/coverage", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_coverage.log",
    benchmark:
        "results/benchmarks/plot_coverage.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_coverage"),
    shell:
        "exec python $ATLAS/plot_coverage.py"
        " --coverage {input}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule plot_hypotheses:
    """What was observed beside what the nulls give."""
    input:
        hypotheses="results/hypotheses.json",
        nulls="results/tables/nulls.parquet",
    output:
        report(
            "results/figures/hypotheses.png",
            caption="../report/hypotheses.rst",
            category="Hypotheses",
            labels={"figure": "hypotheses"},
        ),
        multiext("results/figures/hypotheses", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_hypotheses.log",
    benchmark:
        "results/benchmarks/plot_hypotheses.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_hypotheses"),
    shell:
        "exec python $ATLAS/plot_hypotheses.py"
        " --hypotheses {input.hypotheses}"
        " --nulls {input.nulls}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule plot_similarity:
    """The probability of following against similarity."""
    input:
        "results/tables/similarity.parquet",
    output:
        report(
            "results/figures/similarity.png",
            caption="../report/similarity.rst",
            category="Hypotheses",
            labels={"figure": "similarity"},
        ),
        multiext("results/figures/similarity", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_similarity.log",
    benchmark:
        "results/benchmarks/plot_similarity.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_similarity"),
    shell:
        "exec python $ATLAS/plot_similarity.py"
        " --similarity {input}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule plot_distinctions:
    """What distinguishes the clusters."""
    input:
        "results/tables/distinctions.parquet",
    output:
        report(
            "results/figures/distinctions.png",
            caption="../report/distinctions.rst",
            category="Map",
            labels={"figure": "distinctions"},
        ),
        multiext("results/figures/distinctions", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_distinctions.log",
    benchmark:
        "results/benchmarks/plot_distinctions.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_distinctions"),
    shell:
        "exec python $ATLAS/plot_distinctions.py"
        " --distinctions {input}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule build_atlas:
    """The interactive atlas: map, reels and follow network in one page."""
    input:
        creators="results/tables/creators.parquet",
        reels="results/tables/reels.parquet",
        edges="results/tables/edges.parquet",
        status="results/tables/status.parquet",
        coordinates="results/map/coordinates.parquet",
        clusters="results/map/clusters.parquet",
        names="results/map/cluster_names.parquet",
        measures="results/tables/creator_measures.parquet",
        distinctions="results/tables/distinctions.parquet",
        effects="results/tables/effects.parquet",
        findings="results/hypotheses.md",
        robustness="results/robustness.json",
    output:
        "results/atlas/index.html",
    log:
        "results/logs/build_atlas.log",
    benchmark:
        "results/benchmarks/build_atlas.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("atlas"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("build_atlas"),
    shell:
        "exec python $ATLAS/build_atlas.py"
        " --creators {input.creators}"
        " --reels {input.reels}"
        " --edges {input.edges}"
        " --status {input.status}"
        " --coordinates {input.coordinates}"
        " --clusters {input.clusters}"
        " --names {input.names}"
        " --measures {input.measures}"
        " --distinctions {input.distinctions}"
        " --effects {input.effects}"
        " --findings {input.findings}"
        " --robustness {input.robustness}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


# What the page shows and links to. Nothing else in the results is looked at: it may be of an earlier run.
ON_PAGE = [
    *expand(
        "results/tables/{table}.parquet", table=["reels", "creators", "edges", "status"]
    ),
    *["results/tables/coverage.parquet", "results/tables/creators_flat.csv"],
    *expand("results/map/{table}.parquet", table=MAP_TABLES),
    *["results/map/settings.json", "results/robustness.json"],
    *[
        "results/hypotheses.json",
        "results/hypotheses.md",
        "results/sensitivity.parquet",
    ],
    *["results/paper/numbers.json", "results/paper/cohort.csv"],
    *["results/config.yaml", "results/atlas/index.html"],
]


rule build_page:
    """The page for people: what was studied and found, figures, coverage, methods."""
    input:
        ON_PAGE,
        expand("results/figures/{figure}.png", figure=SHOWN),
        expand(
            "results/models/{name}.json",
            name=STUDY.models("transcript", "context", "description", "embedding"),
        ),
    output:
        "results/index.html",
    log:
        "results/logs/build_page.log",
    benchmark:
        "results/benchmarks/build_page.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        notices=STUDY.notices_option,
        version=STUDY.version("build_page"),
    shell:
        "exec python $ATLAS/build_page.py"
        " --results results"
        " --made {input}"
        " --config results/config.yaml"
        " --output {output}"
        " --log {log}"
        " {params.notices}"
