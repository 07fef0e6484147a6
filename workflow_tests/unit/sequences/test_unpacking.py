"""Archives: what is sound comes out whole, what is damaged or leads out of its folder leaves nothing."""

import io
import os
import stat
import tarfile
import time
import zipfile
from contextlib import closing

import pytest

from helpers.files import failure
from linguist.sequences.unpacking import unpack

CONTENT = {"a.txt": b"first\n", "deep/b.bin": os.urandom(100_000)}


def tarball(path, mode="w:gz", members=()):
    """An archive of CONTENT and then of members: (name, type, link name)."""
    with tarfile.open(path, mode) as tar:
        for name, data in CONTENT.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            tar.addfile(member)
    return path


def zipped(path, *names):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in [*CONTENT.items(), *((name, b"evil") for name in names)]:
            package.writestr(name, data)
    return path


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def spoilt(archive, *words):
    folder = archive.parent / "made" / "unpacked"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "former").write_text("former")
    failure(lambda: unpack(archive, folder), archive.parent, f"{archive}: ", *words)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
def test_unpack_knows_the_form_by_content(tmp_path, mode):
    archive = tmp_path / "archive.txt"
    zipped(archive) if mode == "zip" else tarball(archive, mode)
    folder = tmp_path / "made" / "unpacked"
    folder.mkdir(parents=True)
    (folder / "former").write_text("former")
    unpack(archive, folder)
    assert content(folder) == CONTENT
    assert list(folder.parent.iterdir()) == [folder]
    assert (folder / "a.txt").stat().st_mtime > time.time() - 60


def test_unpack_keeps_links_that_stay_inside(tmp_path):
    members = [("deep/link", tarfile.SYMTYPE, "../a.txt"), ("twin", tarfile.LNKTYPE, "a.txt")]
    unpack(tarball(tmp_path / "x", members=members), tmp_path / "unpacked")
    assert content(tmp_path / "unpacked") == {**CONTENT, "deep/link": b"first\n", "twin": b"first\n"}


@pytest.mark.parametrize(
    ("name", "kind", "link"),
    [
        ("../evil", tarfile.REGTYPE, ""),
        ("deep/../../evil", tarfile.REGTYPE, ""),
        ("/tmp/evil", tarfile.REGTYPE, ""),
        ("new\nline/../../evil", tarfile.REGTYPE, ""),
        ("evil", tarfile.SYMTYPE, "../outside"),
        ("evil", tarfile.SYMTYPE, "/etc/passwd"),
        ("evil", tarfile.LNKTYPE, "../outside"),
        ("evil", tarfile.CHRTYPE, ""),
        ("evil", tarfile.FIFOTYPE, ""),
    ],
)
def test_stray_tar_member(tmp_path, name, kind, link):
    (tmp_path / "outside").write_text("mine")
    spoilt(tarball(tmp_path / "x.tar.gz", members=[(name, kind, link)]), f"member {name!r}")


def test_tar_member_through_a_link(tmp_path):
    members = [("way", tarfile.SYMTYPE, "deep"), ("way/evil", tarfile.REGTYPE, "")]
    spoilt(tarball(tmp_path / "x.tar", "w", members), "member 'way/evil'")
    spoilt(tarball(tmp_path / "x.tar", "w", [members[0], ("way", tarfile.REGTYPE, "")]), "member 'way'")
    spoilt(tarball(tmp_path / "x.tar", "w", [members[0], ("evil", tarfile.LNKTYPE, "way/b.bin")]), "member 'evil'")


def test_a_link_cannot_be_turned_outwards_by_a_later_one(tmp_path):
    """`way/on/../../outside` lies inside, until `way/on` becomes a link to the folder above it."""
    (tmp_path / "outside").write_text("mine")
    members = [("first", tarfile.SYMTYPE, "way/on/../../outside"), ("way/on", tarfile.SYMTYPE, ".")]
    unpack(tarball(tmp_path / "x.tar", "w", members), tmp_path / "unpacked")
    assert (tmp_path / "unpacked/first").resolve().is_relative_to(tmp_path / "unpacked")


def test_names_that_begin_with_a_dot_and_folders_are_plain(tmp_path):
    members = [(".", tarfile.DIRTYPE, ""), ("./empty", tarfile.DIRTYPE, ""), ("./none.txt", tarfile.REGTYPE, "")]
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to("real")  # not a link of the archive
    unpack(tarball(tmp_path / "x.tar", "w", members), tmp_path / "linked/unpacked")
    assert content(tmp_path / "linked/unpacked") == {**CONTENT, "none.txt": b""}
    assert (tmp_path / "real/unpacked/empty").is_dir()


@pytest.mark.parametrize("name", ["../evil", "deep/../../evil", "/tmp/evil"])
def test_stray_zip_member(tmp_path, name):
    spoilt(zipped(tmp_path / "x.zip", name), f"member {name!r}")


def test_zip_link(tmp_path):
    link = zipfile.ZipInfo("evil")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with closing(zipfile.ZipFile(tmp_path / "x.zip", "w")) as package:
        package.writestr(link, "/etc/passwd")
    spoilt(tmp_path / "x.zip", "member 'evil'")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
def test_cut_off_archive(tmp_path, mode):
    whole = (zipped(tmp_path / "x") if mode == "zip" else tarball(tmp_path / "x", mode)).read_bytes()
    end = len(whole) - (20_000 if mode == "w" else 1)  # a plain tar ends in up to 10 kB of padding
    for size in (1, 100, 600, len(whole) // 2, end):
        (tmp_path / "x").write_bytes(whole[:size])
        spoilt(tmp_path / "x", "damaged")


def test_tar_cut_between_members_or_with_a_bad_header(tmp_path):
    whole = tarball(tmp_path / "x", "w").read_bytes()
    for end in (b"", b"junk" * 128, b"\0" * 100):
        (tmp_path / "x").write_bytes(whole[:1024] + end)
        spoilt(tmp_path / "x", "cut off between two members")


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz", "zip"])
def test_flipped_bits(tmp_path, mode):
    data = bytearray((zipped(tmp_path / "x") if mode == "zip" else tarball(tmp_path / "x", mode)).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "x").write_bytes(data)
    spoilt(tmp_path / "x", "damaged")


@pytest.mark.parametrize("data", [b"", b"plain text\n" * 100, bytes(range(1, 256)) * 50])
def test_no_archive(tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    spoilt(tmp_path / "x", "not a tar or zip archive")


@pytest.mark.parametrize("name", [b"\xff.txt", b"\0.txt"])
def test_zip_with_a_damaged_name(tmp_path, name):
    data = zipped(tmp_path / "x", "\u00e9txt").read_bytes()
    (tmp_path / "x").write_bytes(data.replace("\u00e9txt".encode(), name))
    spoilt(tmp_path / "x", "damaged or unreadable")


def test_missing_archive(tmp_path):
    spoilt(tmp_path / "x", "No such file")
