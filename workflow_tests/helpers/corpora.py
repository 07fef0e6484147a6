"""Made-up corpora, as their manifest describes them."""


def corpus_source(kind, **other):
    totals = {"documents": 1231, "bytes": 800677, "characters": 800600}
    splits = {"train": totals | {"bytes": 759789}, "dev": totals | {"documents": 62}}
    return {"kind": kind, "resources": [f"{kind}-file"], "licence": "CC BY 4.0"} | totals | {"splits": splits} | other


def make_manifest(*kinds):
    sources = {kind: corpus_source(kind) for kind in kinds}
    if "text" in sources:
        del sources["text"]["resources"]
        sources["text"]["pairsets"] = ["en", "fr"]
        rows = {"read": 24, "dropped": {"without text": 4}, "left_out": {"repeated": 3}, "unit": "documents"}
        sources["text"]["rows"] = rows | {"first": {"without text": "a.jsonl, line <7>"}}
    total = {"documents": 2462, "bytes": 1601354}
    return {"sources": sources, "splits": {"dev": {"documents": 124}}, "total": total}
