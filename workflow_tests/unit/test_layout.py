"""Paths of results."""

from linguist import layout
from linguist.splits import SPLITS


def test_a_member_of_an_archive_lies_where_the_archive_is_unpacked():
    assert layout.resource_or_archive("hg38") == layout.resource_file("hg38")
    assert layout.resource_or_archive("pawsx:x/en/train.tsv") == layout.resource_or_archive("pawsx:other")
    assert layout.resource_or_archive("pawsx:x") != layout.resource_file("pawsx")


def test_pair_sets_tasks_and_their_tokens_have_a_file_for_each_split():
    found = [layout.pair_splits("a"), layout.task_splits("a"), layout.token_splits("a", "bpe")]
    assert all(tuple(files) == SPLITS for files in found)
    assert len({path for files in found for path in files.values()}) == 3 * len(SPLITS)


def test_a_file_that_ships_is_named_from_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(layout.ROOT)
    assert layout.shipped_file("config/config.yaml") == "config/config.yaml"
    monkeypatch.chdir(layout.ROOT / "config")
    assert layout.shipped_file("config/config.yaml") == "config.yaml"


def test_a_path_of_a_study_file_is_the_users_or_ships(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert layout.named_path("mine/hg38.fa") == "mine/hg38.fa"
    shipped = layout.named_path("<workflow>/config/config.yaml")
    assert (tmp_path / shipped).samefile(layout.ROOT / "config/config.yaml")
