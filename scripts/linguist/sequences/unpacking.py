"""Archives: unpacked whole or not at all, and only into their folder."""

import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

from linguist.errors import LinguistError, root_cause, show
from linguist.files import atomic_path

BLOCK = 1 << 18  # bytes read at a time
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
DAMAGE += (LookupError, RuntimeError, ValueError)  # what the libraries raise for damaged headers and encrypted members


class _Refused(Exception):
    """Why an archive is not unpacked, and the cure."""


def unpack(archive, folder):
    """Unpack a tar (plain, gzip, bzip2, xz) or zip file, recognized by its content, as `folder`, whole or not at all.

    An existing folder is replaced. Raises LinguistError, one line, for a member or link that would lie outside the
    folder, a special file, a damaged or cut-off archive, or a file that is no archive; nothing is left then.
    """
    try:
        with open(archive, "rb") as handle:
            zipped = handle.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        with atomic_path(folder) as temporary:
            temporary.mkdir()
            # The real path: a link in it must not be taken for one of the archive's.
            (_unzip if zipped else _untar)(archive, temporary.resolve())
    except _Refused as error:
        raise LinguistError(f"{archive}: {error}") from error
    except (*DAMAGE, OSError) as error:
        if getattr(error, "errno", None):  # without a number, gzip or bzip2 found damage
            problem = f"{error.strerror}: {show(str(error.filename or folder))}"
            raise LinguistError(f"{archive}: {problem}; check path, free space and permissions") from error
        raise LinguistError(f"{archive}: damaged or unreadable ({root_cause(error)}); fetch it again") from error


def _outside(name):
    return _Refused(f"member {show(name)} would lie outside the folder or is no plain file; do not trust this archive")


def _untar(archive, folder):
    if not hasattr(tarfile, "data_filter"):
        raise _Refused("safe unpacking needs Python 3.11.4 or newer; update Python")
    if not tarfile.is_tarfile(archive):
        raise _Refused("not a tar or zip archive, or damaged at its start; check the file")
    with tarfile.open(archive) as tar:
        for member in tar:
            # Files get the time of their unpacking, as outputs of a step must, not the time of their packing.
            tar.extract(member, folder, set_attrs=False, filter=_keep_inside)
        # tarfile takes a bad header for the end, and does not read to the checksum behind the end of a compressed file.
        tar.fileobj.seek(tar.offset)
        if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise _Refused("damaged or cut off between two members; fetch it again")
        while tar.fileobj.read(BLOCK):
            pass


def _keep_inside(member, folder):
    """A filter for `tarfile`: its own for data, which also refuses absolute names and ways through links."""
    if member.issym():  # as later versions of Python do: `..` behind a name that becomes a link would lead elsewhere
        member = member.replace(linkname=os.path.normpath(member.linkname), deep=False)
    try:
        kept = tarfile.data_filter(member, folder)
    except tarfile.FilterError as error:
        raise _outside(member.name) from error
    paths = [os.path.join(folder, name) for name in (member.name, member.linkname if member.islnk() else "")]
    if kept.name != member.name or any(os.path.realpath(path) != os.path.abspath(path) for path in paths):
        raise _outside(member.name)
    return kept


def _unzip(archive, folder):
    with zipfile.ZipFile(archive) as package:
        for member in package.infolist():
            # zipfile writes a link as a text file, and removes what leads outside from a name.
            if stat.S_ISLNK(member.external_attr >> 16):
                raise _outside(member.filename)
            if Path(package.extract(member, folder)) != folder / member.filename:
                raise _outside(member.filename)
