"""The pure cores of the analysis: map, clusters, follow network and hypotheses."""
