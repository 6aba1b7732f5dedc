# Reel Atlas with all it needs but weights, data and secrets, which are mounted (docs/containers.md).
#   docker build --tag reel-atlas .
#   docker build --tag reel-atlas:cpu --build-arg BASE=debian:bookworm-slim .
# Every RUN is a line of apptainer.def, too; a test compares them.

# PyTorch brings its own CUDA 13; the base is there for libcublas.so.12, which CTranslate2 (speech) looks for on a GPU.
ARG BASE=nvidia/cuda:12.9.1-runtime-ubuntu24.04
FROM ${BASE}

# The licences of what is in the image, not only of Reel Atlas (MIT): docs/containers.md says which is whose.
LABEL org.opencontainers.image.title="Reel Atlas" \
      org.opencontainers.image.description="A reproducible workflow for studying aesthetic communities on short video" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT AND LGPL-2.1-or-later AND LGPL-3.0-or-later AND GPL-2.0-or-later AND GPL-3.0-or-later AND LicenseRef-NVIDIA-Proprietary"

# ffmpeg is for people (ffprobe shows what is wrong with a video); the workflow uses the one in its environment.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates ffmpeg make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/reel-atlas
# The environment is a layer of its own: it is made anew when the lock changes, not when a program does.
COPY Makefile requirements.lock ./
COPY envs/check_python.sh envs/
# Tools of developers stay out of the image, and what only these tools need.
RUN PIP_NO_CACHE_DIR=1 make install \
    && .venv/bin/python -m pip uninstall --quiet --yes \
        ast-serialize axe-playwright-python black cattrs colorlog enum-tools espeakng-loader execnet fastapi \
        hypothesis imageio iniconfig inquirerpy lazy-loader librt mypy mypy-extensions opentelemetry-api optype owlrl \
        pathspec pfzy playwright pluggy prettytable prompt-toolkit pyshacl pytest pytest-xdist pytokens rdflib \
        requests-cache rich-click roc-validator ruff scikit-image scipy-stubs shfmt-py snakefmt sortedcontainers \
        starlette tifffile toml types-pyyaml types-requests url-normalize uvicorn wcwidth
COPY . .
# The checkout may have been its owner's alone. What is mounted has its place, and who runs this need not be root.
RUN find . -path ./.venv -prune -o -exec chmod a+rX {} +
RUN mkdir --parents data/models /study
RUN useradd --uid 10001 --no-create-home --home-dir /tmp atlas

# Under any other user (docker run --user), too, there is a home to write caches to, and a name.
ENV PATH=/opt/reel-atlas/.venv/bin:$PATH \
    LC_ALL=C.UTF-8 \
    HOME=/tmp \
    USER=atlas
USER atlas
WORKDIR /study
ENTRYPOINT ["snakemake", "--snakefile", "/opt/reel-atlas/Snakefile"]
CMD ["--cores", "all"]
