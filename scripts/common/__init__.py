"""What the programs share: configuration, options, stage runner, store, manifests, tables."""

import environment  # noqa: F401 (says what to do where packages are missing)
