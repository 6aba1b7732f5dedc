"""The pure cores of the analysis: map, clusters, follow network, hypotheses and figures."""
