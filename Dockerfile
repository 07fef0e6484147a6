FROM condaforge/miniforge3:latest
ARG CONDA_OVERRIDE_CUDA
LABEL io.github.snakemake.containerized="true"
LABEL io.github.snakemake.conda_env_hash="81236bfea384699982a44891f4690514f17f62775b75f5a8fcb3416615046f0a"
# Conda environment:
#   source: envs/blast.yaml
#   prefix: /conda-envs/292fe32f7a581ccfce5553232a500f6b
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - blast=2.16.0
RUN mkdir -p /conda-envs/292fe32f7a581ccfce5553232a500f6b
COPY envs/blast.yaml /conda-envs/292fe32f7a581ccfce5553232a500f6b/environment.yaml
# Conda environment:
#   source: envs/lm.yaml
#   prefix: /conda-envs/80f8c8d5ad1da7a9aa23dfff12172365
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python=3.11.14
#     - accelerate=1.15.0
#     - numpy=2.4.6
#     - pandas=3.1.1
#     - pytorch=2.13.0
#     - pyyaml=6.0.3
#     - requests=2.34.2
#     - safetensors=0.8.0
#     - tensorboard=2.21.0
#     - tokenizers=0.23.3
#     - transformers=5.23.0
RUN mkdir -p /conda-envs/80f8c8d5ad1da7a9aa23dfff12172365
COPY envs/lm.yaml /conda-envs/80f8c8d5ad1da7a9aa23dfff12172365/environment.yaml
# Conda environment:
#   source: envs/plots.yaml
#   prefix: /conda-envs/1ef5cf143aeedac0732064f531d8a978
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python=3.11.14
#     - jinja2=3.1.6
#     - latex2mathml=3.81.1
#     - matplotlib=3.11.2
#     - numpy=2.4.6
#     - pandas=3.1.1
#     - pyyaml=6.0.3
#     - scikit-learn=1.9.1
#     - scipy=1.17.1
RUN mkdir -p /conda-envs/1ef5cf143aeedac0732064f531d8a978
COPY envs/plots.yaml /conda-envs/1ef5cf143aeedac0732064f531d8a978/environment.yaml
# Conda environment:
#   source: envs/sequences.yaml
#   prefix: /conda-envs/d997f9575d3858c9952171e2c90abed8
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.11.14
#     - biopython=1.88
#     - numpy=2.4.6
#     - pandas=3.1.1
#     - parasail-python=1.3.4
#     - pyarrow=26.0.1
#     - pyfaidx=0.9.2.2
#     - pysam=0.24.1
#     - pyyaml=6.0.3
#     - requests=2.34.2
#     - scikit-learn=1.9.1
#     - scipy=1.17.1
RUN mkdir -p /conda-envs/d997f9575d3858c9952171e2c90abed8
COPY envs/sequences.yaml /conda-envs/d997f9575d3858c9952171e2c90abed8/environment.yaml

RUN conda env create --prefix /conda-envs/292fe32f7a581ccfce5553232a500f6b --file /conda-envs/292fe32f7a581ccfce5553232a500f6b/environment.yaml && \
    conda env create --prefix /conda-envs/80f8c8d5ad1da7a9aa23dfff12172365 --file /conda-envs/80f8c8d5ad1da7a9aa23dfff12172365/environment.yaml && \
    conda env create --prefix /conda-envs/1ef5cf143aeedac0732064f531d8a978 --file /conda-envs/1ef5cf143aeedac0732064f531d8a978/environment.yaml && \
    conda env create --prefix /conda-envs/d997f9575d3858c9952171e2c90abed8 --file /conda-envs/d997f9575d3858c9952171e2c90abed8/environment.yaml && \
    conda clean --all -y
