"""What a job depends on, and nothing else."""

from helpers.configs import CONFIG, TASKS
from linguist.config import plan, settings


def test_a_model_brings_its_own_tokenizer_and_options():
    assert plan.tokenizer_of(CONFIG, "nano") == "bpe" and plan.tokenizer_of(CONFIG, "base") == "base"
    assert settings.tuning_settings(CONFIG, "nano", "en") == {"epochs": 9, "batch_size": 20}
    assert settings.tuning_settings(CONFIG, "base", "en") == CONFIG["finetuning"] == {"epochs": 4, "batch_size": 20}


def test_a_models_options_lie_over_the_studys():
    nano = {"architecture": "gpt2", "pretraining": {"epochs": 9}, "finetuning": {"epochs": 1}}
    config = {"pretraining": {"epochs": 3, "context": 256}, "models": {"nano": nano}}
    assert settings.pretraining_settings(config, "nano") == {"epochs": 9, "context": 256}
    assert settings.model_settings(config, "nano") == {"architecture": "gpt2"}


def test_each_kind_of_run_has_options_of_its_own():
    options = [settings.tuning_settings(TASKS, "nano", trainset)["epochs"] for trainset in ("core", "told", "shown")]
    assert options == [1, 2, 9]


def test_the_wording_of_a_task_does_not_change_its_rows():
    task = {"recipe": "table", "answers": ["a", "b"], "phrasings": ["x"], "held_out": "y", "published": "z"}
    assert settings.task_settings({"tasks": {"t": task}}, "t") == {"recipe": "table", "answers": ["a", "b"]}
    spec = {"tasks": ["t"], "loss": "answer", "tuning": {}, "seed": 1, "swapped": 9}
    config = {"tasks": {"t": task}, "instructions": {"s": spec}}
    assert settings.instruction_settings(config, "s") == {"tasks": ["t"], "seed": 1}
    assert settings.instruction_settings(config, "s", tested=True) == {"tasks": ["t"], "seed": 1, "swapped": 9}
    assert settings.prompt_settings(config, "s") == {"t": {"answers": ["a", "b"], "phrasings": ["x"]}}
    assert settings.prompt_settings(config, "s", tested=True)["t"]["held_out"] == "y"


def test_a_random_model_is_made_as_its_original_without_its_corpus():
    made = {"architecture": "gpt2", "tokenizer": "bpe", "shape": {"n_layer": 1}}
    models = {"a": made | {"corpus": "c", "pretraining": {}}, "a-random": {"random_of": "a"}}
    assert settings.model_settings({"models": models}, "a-random") == made
    models = {"a": {"hub": "x/y", "revision": "0"}, "a-random": {"random_of": "a"}}
    assert settings.model_settings({"models": models}, "a-random") == {"random_of": "a"}


def test_random_weights_are_trained_as_the_model_is():
    models = CONFIG["models"] | {"nano-random": {"random_of": "nano"}}
    assert settings.tuning_settings(CONFIG | {"models": models}, "nano-random", "en.shuffled")["epochs"] == 9
