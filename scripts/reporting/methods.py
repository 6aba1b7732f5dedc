"""The methods of a study in words, from its settings and results; citations as `references.CITED` has them.

Only what the run did is told: what a bundle brought along was made elsewhere, by settings that are not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from analysis.evidence import EXIST, NOT_TESTABLE, PRIMARY, Hypothesis
from analysis.findings import WITHOUT
from common.config import ClusterSettings, Config, DescriptionSection
from reporting.facts import counted
from reporting.results import Results

# What is named of a model, by how its name begins.
CITATIONS = {
    "llava-next-video": "[@zhang2024llavanextvideo]",
    "llama-3": "[@grattafiori2024llama3]",
    "all-mpnet-base": "[@song2020mpnet]",
    "faster-whisper": "[@radford2023whisper]",
    "openai-whisper": "[@radford2023whisper]",
}
PROGRAM = "0.1.0"  # as pyproject.toml has it (a test compares)
# Packages that numbers depend on most, in the order of the work.
PACKAGES = (
    "av", "scenedetect-headless", "faster-whisper", "openai-whisper", "ctranslate2", "torch", "transformers",
    "sentence-transformers", "numpy", "scikit-learn", "umap-learn", "hdbscan", "scipy", "snakemake",
)  # fmt: skip


def versions() -> dict[str, str]:
    """The versions of the packages of PACKAGES that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # an environment for the analysis alone
            continue
    return found


def methods(results: Results, config: Config) -> list[str]:
    """Paragraphs for the section on methods of a manuscript.

    Args:
        results: of the run.
        config: its settings; what was `auto` is a number there.
    """
    paragraphs = [_cohort(results, config)]
    if config.source.kind != "bundle":
        paragraphs.append(_perception(config))
    if results.file("map/settings.json"):
        paragraphs.append(_clusters(results, config))
    tested = [result for result in results.hypotheses() if result.verdict != NOT_TESTABLE]
    if tested:
        paragraphs.append(_tests(tested, results, config))
    return paragraphs


def _cohort(results: Results, config: Config) -> str:
    numbers = results.json("paper/numbers.json")
    said = f"The study was made with Reel Atlas {PROGRAM}, a Snakemake workflow [@moelder2021snakemake]."
    if config.study.synthetic:
        said += " Its data are synthetic."
    if numbers is not None:
        said += f" It has {counted(numbers['creators'], 'creator')} with {counted(numbers['reels'], 'reel')}"
        said += f", of which {numbers['reels_embedded']:,} went into the analysis."
        if numbers["follows_inside"] is not None:
            said += f" The creators follow each other {numbers['follows_inside']:,} times"
            said += f"; {numbers['follow_lists_complete']:,} follow lists are known to be complete."
        else:
            said += " Whom the creators follow is not known."
    if config.source.kind == "bundle":
        said += " The tables were read from a published bundle; its datasheet says how its embeddings were made."
    elif config.source.kind == "inst2txt":
        said += " Results that the database of the earlier study had were taken over; the others were made as follows."
    return said


def _perception(config: Config) -> str:
    speech, context, description = config.transcript, config.context, config.description
    said = [
        "The sound was brought to 16 kHz, and speech was transcribed"
        + (" and translated into English" if speech.translate else "")
        + f" with Whisper ({speech.model}; {speech.backend}) {CITATIONS['faster-whisper']}."
    ]
    if config.music.backend != "none":
        said.append("Music was identified with ACRCloud.")
    if context.backend != "none":
        said.append(f"Long captions and transcripts were condensed with {_model(context.model)}.")
    budget = [step.frames for step in config.frames.budget]
    frames = f"{budget[0]}" if len(set(budget)) == 1 else f"{min(budget)} to {max(budget)}"
    said.append(f"Of each video at most {frames} frames were taken, spread over its shots, depending on its length.")
    said.append(_description(description))
    names = " and ".join(map(_model, config.embedding.weights))
    pictures = "" if config.embedding.modalities[0] == "text" else f" ({config.embedding.modalities[0]})"
    said.append(
        f"Each reel was embedded as a unit vector{pictures} with {names} [@reimers2019sentencebert]; "
        "the profile of a creator is the mean of the vectors of her or his reels."
    )
    return " ".join(said)


def _description(description: DescriptionSection) -> str:
    if description.backend == "measured":
        return (
            "Each reel was described in 40 to 80 English words that were written from measures of its frames: palette, "
            "light, texture, composition, motion and cutting. No language model was used."
        )
    asked = description.model if description.backend != "openai" else description.endpoint.model or "a model"
    said = f"Each reel was described in English by {_model(asked)}"
    if description.backend == "openai":
        said += " behind an endpoint"
    elif description.backend == "transformers" and description.quantization == "nf4":
        said += ", quantised to 4 bits (NF4) [@dettmers2023qlora]"
    shown = "the frames alone" if description.context == "none" else "the frames, the caption and the speech"
    sampled = "greedily" if description.temperature == 0 else f"at a temperature of {description.temperature:g}"
    return f"{said}, which was shown {shown} and answered {sampled}."


def _model(name: str) -> str:
    citation = next((cite for begin, cite in CITATIONS.items() if name.startswith(begin)), "")
    return f"{name} {citation}".strip()


def _clusters(results: Results, config: Config) -> str:
    settings = results.json("map/settings.json")
    used = ClusterSettings(**settings["cluster"])
    creators = settings["creators"]
    if creators < settings["fewest_creators"]:
        return (
            f"With {counted(creators, 'creator')} no clusters were sought ({settings['fewest_creators']} are needed)."
        )
    seen = {
        "umap": f"profiles reduced to {used.dimensions} dimensions by UMAP [@mcinnes2018umap] "
        f"(neighbourhood {used.neighbours}, minimal distance {used.min_dist:g})",
        "pca": f"at most {used.dimensions} principal components of the profiles",
        "cosine": "the cosine distances between profiles",
    }[used.space]
    said = (
        f"Communities were sought with HDBSCAN [@campello2013hdbscan; @mcinnes2017hdbscan] on {seen}, with a smallest "
        f"cluster of {used.min_cluster_size} creators and min_samples of {used.min_samples} "
        f"(seed {config.study.seed})."
    )
    if settings["tried"]:
        said += f" These settings were the best of {settings['tried']}, by a score of density and stability."
    automatic = [key for key in settings["automatic"] if key != "kmeans"]
    if automatic:
        said += f" The size of the cohort decided {', '.join(automatic)}."
    if results.cluster_names():
        by_authors = "" if config.names.given is None else "the authors; where they gave no name, by "
        said += f" Clusters were named by {by_authors}" + (
            "the words that tell their descriptions from those of the others (log-odds ratios with an informative "
            "Dirichlet prior) [@monroe2008fightin]."
            if config.names.backend == "words"
            else "a language model that was given their characteristic words and central reels."
        )
    robustness = results.json("robustness.json")
    if robustness and robustness["variants"] and robustness["variants"][0]["n_runs"]:
        own = robustness["variants"][0]
        kinds = {"seed": "with other seeds", "creators": "without a tenth of the creators each"}
        varied = ", and of those ".join(kinds[kind] for kind in own["varied"].split(" and "))
        said += (
            f" Their stability is the median adjusted Rand index [@hubert1985rand] in pairs of runs {varied} "
            f"({own['n_runs']} runs in all), the smaller one where there are two"
        )
        said += f" ({robustness['median_ari']:.2f})." if robustness["median_ari"] is not None else "."
    return said


def _tests(tested: Sequence[Hypothesis], results: Results, config: Config) -> str:
    settings, by_id = config.hypotheses, {result.id: result for result in tested}
    said = []
    if PRIMARY in by_id:
        controls = any(row["id"] == PRIMARY and row["variant"] == WITHOUT for row in results.sensitivity())
        known = " and with what is known of both creators" if controls else ""
        said.append(
            "The primary test asks whether creators follow those with similar profiles: a logistic regression over all "
            "ordered pairs of creators, with effects of who follows, who is followed and returned follows "
            f"[@holland1981p1]{known}, tested by {by_id[PRIMARY].n_draws:,} double semi-partial permutations "
            "[@dekker2007mrqap]; its interval allows for pairs that have a creator in common [@aronow2015dyadic]."
        )
    if "H1-dyadic" in by_id:
        said.append("H1-dyadic is the same test with membership of the same cluster in place of similarity.")
    if "H1-degree" in by_id:
        said.append("H1-degree compares follows inside clusters with networks rewired so that all degrees stay.")
    if "H1-label" in by_id:
        said.append("H1-label compares these follows with shuffled clusters.")
    if {"H2", "H3"} & by_id.keys():
        said.append(
            "H2 and H3 correlate membership in clusters of one half of the reels with distances in the other half, and "
            "compare with rotated cohorts without clusters [@langsrud2005rotation]."
        )
    if EXIST in by_id:
        said.append(
            "Whether there are clusters at all was tested by their stability without a tenth of the creators, compared "
            "with that in rotated cohorts of one cloud [@langsrud2005rotation]."
        )
    named = (PRIMARY, "H1-dyadic", "H1-degree", "H1-label", "H2", "H3", EXIST)
    further = [name for name in by_id if name not in named]
    own = [name for name in further if not name.endswith("-original")]
    if own:
        said.append(f"Further tests: {', '.join(own)}.")
    said.append(f"All p values are one-sided; the level is {settings.alpha:g}.")
    family = [result.id for result in tested if result.p_adjusted is not None and result.id != PRIMARY]
    if family:
        alone = "The primary test is judged alone. Once it is supported, the" if PRIMARY in by_id else "The"
        said.append(f"{alone} p values of {', '.join(family)} are adjusted together [@holm1979].")
    return " ".join(said)
