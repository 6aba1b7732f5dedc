"""The tables of a study: their columns and types (parquet.py writes and reads them). Ids are strings."""

from __future__ import annotations

import pyarrow as pa

from common.columns import creators_measures, described, measured_columns
from common.stages import STAGES

STRING, FLOAT, INT = pa.string(), pa.float64(), pa.int64()
TIME = pa.timestamp("us", tz="UTC")
VECTOR = pa.list_(pa.float32())

MANIFEST = pa.schema(
    [
        ("creator_id", STRING),
        ("reel_id", STRING),  # null: the row is about the creator
        ("stage", STRING),
        ("state", STRING),
        ("reason", STRING),
        ("detail", STRING),
        ("path", STRING),  # relative to the study's directory; null where there is no file
        ("sha256", STRING),
        ("producer", STRING),  # program version, model and revision
    ]
)
STATUS = described("status", list(MANIFEST))
COVERAGE = described(
    "coverage", [("stage", STRING), ("state", STRING), ("reason", STRING), ("reels", INT), ("creators", INT)]
)
REELS = described(
    "reels",
    [
        ("reel_id", STRING),
        ("creator_id", STRING),
        ("code", STRING),
        ("url", STRING),
        ("taken_at", TIME),
        ("duration_s", FLOAT),
        ("plays", INT),
        ("views", INT),
        ("likes", INT),
        ("comments", INT),
        ("caption", STRING),
        ("caption_language", STRING),
        ("caption_en", STRING),
        ("audio_kind", STRING),
        ("music_title", STRING),
        ("music_artist", STRING),
        ("music_genres", STRING),
        ("music_score", FLOAT),
        ("speech_share", FLOAT),
        ("music_share", FLOAT),
        ("speech_language", STRING),
        ("speech_text", STRING),
        ("speech_en", STRING),
        ("context", STRING),
        ("description_raw", STRING),
        ("description", STRING),
        ("embedding", VECTOR),
        *((f"{stage}_producer", STRING) for stage in STAGES if stage not in ("creators", "measures")),
    ],
)
CREATORS = described(
    "creators",
    [
        ("creator_id", STRING),
        ("handle", STRING),
        ("full_name", STRING),
        ("followers", INT),
        ("following", INT),
        ("follows_status", STRING),
        ("n_reels", INT),
        ("n_embedded", INT),
        ("profile", VECTOR),
        ("profile_spread", FLOAT),
        ("few_reels", pa.bool_()),
    ],
)
FOLLOWS = described(
    "follows",
    [("source_id", STRING), ("target_id", STRING), ("target_handle", STRING), ("in_cohort", pa.bool_())],
)
EDGES = described("edges", [("source_id", STRING), ("target_id", STRING)])
MEASURES = described(
    "measures",
    [*((name, STRING) for name in ("reel_id", "creator_id", "producer")), *measured_columns().items()],
)
CREATOR_MEASURES = described("creator_measures", [("creator_id", STRING), ("n_measured", INT), *creators_measures()])
# The means of the measures and the creators file's columns follow.
CREATORS_FLAT = described(
    "creators_flat",
    [
        *((name, STRING) for name in ("creator_id", "handle", "full_name")),
        ("cluster", INT),
        ("cluster_name", STRING),
        *((name, FLOAT) for name in ("membership", "x", "y")),
        *((name, INT) for name in ("followers", "following")),
        ("follows_status", STRING),
        *((name, INT) for name in ("follows_in_cohort", "followed_in_cohort", "n_reels", "n_embedded", "n_measured")),
        ("few_reels", pa.bool_()),
        ("profile_spread", FLOAT),
    ],
)
DISTINCTIONS = described(
    "distinctions",
    [
        *((name, STRING) for name in ("source", "column", "kind")),
        ("cluster", INT),
        ("category", STRING),
        ("effect", STRING),
        *((name, FLOAT) for name in ("value", "ci_low", "ci_high", "p_value", "p_adjusted")),
        *((name, INT) for name in ("n_creators", "n_clusters", "n_adjusted")),
        ("circular", pa.bool_()),
        ("verdict", STRING),
        ("reason", STRING),
    ],
)
COORDINATES = described(
    "coordinates",
    [
        ("creator_id", STRING),
        ("x", FLOAT),
        ("y", FLOAT),
        *((f"{method}_{axis}", FLOAT) for method in ("umap", "pca", "tsne") for axis in "xy"),
    ],
)
CLUSTERS = described(
    "clusters",
    [
        ("creator_id", STRING),
        ("cluster", INT),
        ("membership", FLOAT),
        ("outlier_score", FLOAT),
        ("kmeans_cluster", INT),
    ],
)
MODALITIES = described(
    "modalities",
    [
        ("modality_a", STRING),
        ("modality_b", STRING),
        ("n_creators", INT),
        ("neighbours", INT),
        ("shared_neighbours", FLOAT),
        ("shared_by_chance", FLOAT),
        ("n_clustered", INT),
        ("clusters_a", INT),
        ("clusters_b", INT),
        ("adjusted_rand_index", FLOAT),
    ],
)
SIMILARITY = described(
    "similarity",
    [
        ("similarity_low", FLOAT),
        ("similarity_high", FLOAT),
        ("similarity_mean", FLOAT),
        ("n_pairs", INT),
        ("n_follows", INT),
        ("share", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("expected", FLOAT),
    ],
)
CLUSTER_NAMES = described(
    "cluster_names",
    [
        ("cluster", INT),
        ("name", STRING),
        ("named_by", STRING),
        ("words", pa.list_(STRING)),
        ("weights", pa.list_(pa.float32())),
        ("medoid", STRING),
        ("central_reels", pa.list_(STRING)),
    ],
)
NULLS = described(
    "nulls",
    [
        ("id", STRING),
        ("statistic_low", FLOAT),
        ("statistic_high", FLOAT),
        ("n_draws", INT),
    ],
)
SEARCH = described(
    "search",
    [
        ("dimensions", INT),
        ("neighbours", INT),
        ("min_cluster_size", INT),
        ("min_samples", INT),
        ("selection_method", STRING),
        ("n_clusters", INT),
        ("noise", FLOAT),
        ("largest", FLOAT),
        ("dbcv", FLOAT),
        ("stability", FLOAT),
        ("score", FLOAT),
        ("excluded", STRING),
        ("chosen", pa.bool_()),
    ],
)
RUNS = described(
    "runs",
    [
        ("varied", STRING),
        ("seed", INT),
        ("labels", pa.list_(INT)),
        ("test", pa.list_(STRING)),
        ("verdict", pa.list_(STRING)),
    ],
)
ROBUSTNESS = described(
    "robustness",
    [
        ("variant", STRING),
        ("settings", STRING),
        ("varied", STRING),
        ("n_runs", INT),
        *(
            (f"{runs}_{name}", FLOAT)
            for runs in ("ari", "without_tenth")
            for name in ("low", "lower", "median", "upper", "high")
        ),
        ("agreement", FLOAT),
        *((f"clusters_{name}", FLOAT) for name in ("low", "median", "high")),
        *((f"noise_{name}", FLOAT) for name in ("low", "median", "high")),
        ("test", pa.list_(STRING)),
        ("supported", pa.list_(FLOAT)),
        ("not_testable", pa.list_(FLOAT)),
    ],
)
MODALITY_PROFILES = described(
    "modality_profiles",
    [
        ("modality", STRING),
        ("creator_id", STRING),
        ("profile", VECTOR),
        ("cluster", INT),
        ("membership", FLOAT),
    ],
)
KNOWN_CATEGORIES = described(
    "known_categories",
    [
        ("column", STRING),
        ("n_creators", INT),
        ("n_values", INT),
        ("adjusted_rand", FLOAT),
        ("cramers_v", FLOAT),
        ("warning", pa.bool_()),
    ],
)

EFFECTS = described(
    "effects",
    [
        ("measure", STRING),
        ("cluster", INT),
        ("value", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("n_creators", INT),
        ("n_edges", INT),
        ("p_value", FLOAT),
        ("p_adjusted", FLOAT),
    ],
)

LOSSES = described(
    "losses",
    [
        ("column", STRING),
        ("value", STRING),
        ("n_creators", INT),
        ("n_reels", INT),
        ("n_lost", INT),
        ("share", FLOAT),
        ("p_value", FLOAT),
    ],
)
RELIABILITY = described(
    "reliability",
    [
        ("measure", STRING),
        ("reels", INT),
        ("value", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("n_creators", INT),
        ("n_reels", INT),
    ],
)
TRUTH = described(
    "truth",
    [
        ("creator_id", STRING),
        ("cluster", INT),
        ("popularity", FLOAT),
        ("activity", FLOAT),
    ],
)
POWER = described(
    "power",
    [
        ("test", STRING),
        ("creators", INT),
        ("homophily", FLOAT),
        ("cohorts", INT),
        ("supported", INT),
        ("power", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("alpha", FLOAT),
        ("clusters", INT),
        ("mean_degree", FLOAT),
        ("popularity_skew", FLOAT),
        ("activity_skew", FLOAT),
        ("reels_per_creator", INT),
        ("separation", FLOAT),
        ("seed", INT),
    ],
)
