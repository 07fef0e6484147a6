"""Small final configurations, with the keys that the functions of linguist.config read."""

CONFIG = {
    "pairsets": {
        name: {"recipe": "grammar" if name in ("en", "fr") else "table"} for name in ("en", "fr", "dna", "zz")
    },
    "models": {
        "nano": {"architecture": "gpt2", "tokenizer": "bpe", "finetuning": {"epochs": 9}},
        "base": {"hub": "a/b"},
    },
    "tasks": {},
    "instructions": {},
    "vectors": {},
    "finetuning": {"epochs": 4, "batch_size": 20},
    "studies": {
        "one": {
            "models": ["nano", "base"],
            "trainsets": ["en"],
            "seeds": [2, 1],
            "tests": ["en", "dna"],
            "controls": ["untrained"],
        },
        "two": {
            "models": ["nano"],
            "trainsets": ["en", "dna"],
            "seeds": [1, 3],
            "tests": ["dna", "fr"],
            "controls": [],
        },
    },
}

TASKS = {
    "tasks": {name: {"answers": ["no", "yes"]} for name in ("core", "splice", "tf")},
    "instructions": {
        "told": {"tasks": ["core", "splice"], "examples": 0, "retrieval": "blast"},
        "shown": {"tasks": ["splice"], "examples": 2, "retrieval": "blast", "tuning": {"epochs": 9}},
    },
    "pairsets": {},
    "models": {"nano": {"architecture": "gpt2", "tokenizer": "bpe"}, "nano-random": {"random_of": "nano"}},
    "classification": {"epochs": 1},
    "instruction_tuning": {"epochs": 2},
    "studies": {
        "one": {
            "models": ["nano"],
            "trainsets": ["core", "told", "shown"],
            "seeds": [1],
            "tests": ["core", "splice"],
            "controls": ["random-weights"],
        }
    },
}
