"""Files at hand in place of a study's downloads: a mirror with each resource and model of the shipped configurations."""

import gzip
import io
import json
import math
import shutil
import tarfile
from pathlib import Path, PurePosixPath

import pandas as pd

# GPT-2's and BERT's shapes (fields of their configurations in transformers) by hub id.
GPT2 = {"vocab_size": 50257, "n_positions": 1024}
BERT = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
MODELS = {
    "openai-community/gpt2": GPT2 | {"n_layer": 12, "n_embd": 768, "n_head": 12},
    "openai-community/gpt2-medium": GPT2 | {"n_layer": 24, "n_embd": 1024, "n_head": 16},
    "openai-community/gpt2-large": GPT2 | {"n_layer": 36, "n_embd": 1280, "n_head": 20},
    "openai-community/gpt2-xl": GPT2 | {"n_layer": 48, "n_embd": 1600, "n_head": 25},
    "google-bert/bert-base-cased": BERT | {"vocab_size": 28996},
    "google-bert/bert-base-multilingual-cased": BERT | {"vocab_size": 119547},
}
GENOMES = {
    "hg38.fa.gz": "hs37chrXtrunc.fa.gz",
    "chr21.fa.gz": "hs37chrXtrunc.fa.gz",
    "rheMac10.fa.gz": "orthologs/rheMac3.fa",
    "Macaca_mulatta.Mmul_10.dna_sm.primary_assembly.3.fa.gz": "orthologs/rheMac3.fa",
    "mm39.fa.gz": "orthologs/mm10.fa",
}
GUE = {
    "prom_core_all": "prom/prom_core_all",
    "prom_300_all": "prom/prom_300_all",
    "splice_reconstructed": "splice/reconstructed",
}
LANGUAGES = ("en", "de", "es", "fr", "ja", "ko", "zh")
CDS = ">ENST{0:011}.1 cds chromosome:GRCh38:1:1:2:1 gene:ENSG{0:011}.1 gene_biotype:protein_coding transcript_biotype:protein_coding"
PEPTIDE = ">ENSP{0:011}.1 pep chromosome:GRCh38:1:1:2:1 gene:ENSG{0:011}.1 transcript:ENST{0:011}.1 gene_biotype:protein_coding"
PEPTIDE += " transcript_biotype:protein_coding"


def make_mirror(study, data, folder):
    """Make a mirror of all resources and models of a study (a dict) in `folder`, from the folder of real data."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, resource in study["resources"].items():
        make_resource(PurePosixPath(resource["url"]), data, folder / name)
    tokenizers = make_tokenizers(data, folder / "tokenizers")
    for model in study["models"].values():
        if "hub" in model:
            make_model_folder(MODELS[model["hub"]], tokenizers, folder / model["hub"])


def make_resource(url, data, target):
    """Write what stands for the file at an address."""
    name = url.name
    if name in GENOMES:
        source = data / "genome" / GENOMES[name]
        target.write_bytes(source.read_bytes() if source.suffix == ".gz" else gzip.compress(source.read_bytes()))
    elif name == "x-final.tar.gz":
        make_pawsx(data, target)
    elif name.endswith(".parquet"):
        text = (data / "text/enwiki_gensim_sample.txt").read_text(encoding="utf-8").splitlines()
        pd.DataFrame({"text": [line for line in text if len(line) > 200]}).to_parquet(target)
    elif name in ("uniref50.fasta.gz", "uniprot_sprot.fasta.gz"):
        shutil.copyfile(data / "proteins/uniprot_mmseqs2_20000.fasta.gz", target)
    elif ".cds.all." in name or ".pep.all." in name:
        table = pd.read_csv(data / "cds/human_cds_protein.tsv", sep="\t")
        header, column = (CDS, "cds") if ".cds.all." in name else (PEPTIDE, "protein")
        text = "".join(f"{header.format(number)}\n{row}\n" for number, row in enumerate(table[column], 1))
        target.write_bytes(gzip.compress(text.encode()))
    else:
        shutil.copyfile(find_gue(data / "gue", url.parent.name, name), target)


def find_gue(data, task, table):
    """A table of a GUE task; dev where train is not at hand, and another factor where its tables are not."""
    folder = data / (GUE[task] if task in GUE else f"tf/{int(task[-1]) % 3}")
    return folder / table if (folder / table).is_file() else folder / "dev.csv"


def make_pawsx(data, target):
    """An archive as PAWS-X has it. English is trained on PAWS-Wiki, other languages on a half of their dev rows."""
    with tarfile.open(target, "w:gz") as archive:
        for language in LANGUAGES:
            header, *rows = (data / f"pawsx/{language}.dev.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
            train = "".join([header, *rows[: len(rows) // 2]])
            if language == "en":
                train = (data / "paws_wiki/dev.tsv").read_text(encoding="utf-8")
            test = (data / f"pawsx/{language}.test.tsv").read_text(encoding="utf-8")
            dev = "".join([header, *rows[len(rows) // 2 :]])
            names = ("train" if language == "en" else "translated_train", "dev_2k", "test_2k")
            for name, text in zip(names, (train, dev, test), strict=True):
                content = text.encode()
                about = tarfile.TarInfo(f"x-final/{language}/{name}.tsv")
                about.size = len(content)
                archive.addfile(about, io.BytesIO(content))


def make_tokenizers(data, folder):
    """{model type: folder} of small tokenizers of real text, in the forms of GPT-2's and BERT's."""
    from linguist.tokenizers.training import train_tokenizer

    text = (data / "text/wiki_mlqa_xquad.en.txt").read_text(encoding="utf-8").splitlines()[:2000]
    for kind, form in (("gpt2", "bpe"), ("bert", "wordpiece")):
        train_tokenizer(form, [text], folder / kind, vocab_size=3000)
    return {kind: folder / kind for kind in ("gpt2", "bert")}


def make_model_folder(fields, tokenizers, folder):
    """Write a model's folder with its real shape, and weights that are all zero and take no room on the disk."""
    import torch
    import transformers

    kind = "gpt2" if "n_layer" in fields else "bert"
    names = {"gpt2": ("GPT2Config", "GPT2LMHeadModel"), "bert": ("BertConfig", "BertForMaskedLM")}[kind]
    config_class, model_class = (getattr(transformers, name) for name in names)
    shutil.copytree(tokenizers[kind], folder, dirs_exist_ok=True)
    config = config_class(**fields, architectures=[names[1]], pad_token_id=0)
    with torch.device("meta"):
        model = model_class(config)
    config.save_pretrained(folder)
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, parameter in model.named_parameters():  # tied weights once
        start, end = end, end + 4 * math.prod(parameter.shape)
        header[name] = {"dtype": "F32", "shape": list(parameter.shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(Path(folder) / "model.safetensors", "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.truncate(8 + len(text) + end)
