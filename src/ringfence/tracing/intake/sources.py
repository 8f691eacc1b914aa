"""The bytes of a file of visits: what kind of file it is by its content, its hash, its text in blocks of UTF-8."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from ringfence.vocabulary.refusals import Refused

_GZIP, _PARQUET, _UTF8_MARK = b"\x1f\x8b", b"PAR1", b"\xef\xbb\xbf"
_ASCII = bytes(range(128))
_COMMON_CHINESE = re.compile(rb"(?:[\xb0-\xdf][\xa1-\xbf])*+")
_BESIDE_LATIN = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")
_SIGNS = re.compile(rb"(?:\xc2[\xb0\xb1])*+")  # ° and ±, or two characters that hardly anybody writes
_HASH_BLOCK = 2**20
_LONGEST_LINE = 64 * 2**20
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


def content_hash(path: Path | str) -> str:
    """Return the SHA-256 (hex) of a file's bytes: a file loaded twice is known again by it."""
    digest = hashlib.sha256()
    with open_file(Path(path)) as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be read; refused where that is not possible."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise Refused("intake.cannot_open", file=str(path), why=error.strerror or str(error)) from error
    with file:
        yield file


def read_lines(path: Path) -> list[str]:
    """Return the lines of a small text file in UTF-8 or GB18030; refused when it is neither."""
    with open_file(path) as file:
        raw = b"".join(block for block, _ in TextBlocks(path, file, _HASH_BLOCK))
    text = raw.decode("utf-8", "replace")
    if "\ufffd" in text:
        raise Refused("intake.not_text", file=path.name)
    return text.splitlines()


def is_parquet(path: Path) -> bool:
    """Return whether a file begins as Parquet does."""
    with open_file(path) as file:
        return file.read(4) == _PARQUET


class Decoder:
    """Bytes to UTF-8: plain ASCII and UTF-8 stay; the first other block decides for GB18030, if it is that."""

    def __init__(self) -> None:
        self._encoding: str | None = None

    def utf8(self, block: bytes) -> bytes:
        """Return a block (cut at a line end) as UTF-8; what is no text in either encoding becomes U+FFFD."""
        if block.isascii():
            return block
        if self._encoding is None:
            self._encoding = "gb18030" if _is_gb18030(block) else "utf-8"
        if self._encoding == "utf-8" and _decodes(block, "utf-8"):
            return block
        return block.decode(self._encoding, "replace").encode("utf-8")


def _is_gb18030(block: bytes) -> bool:
    """Return whether a block is GB18030 rather than UTF-8.

    A few Chinese characters alone (伟 is CE B0) are UTF-8 as well, of Greek or accented letters. They are Chinese if
    all are of the common set, none touches a Latin letter, as an accented one would, and not all are ° or ±.
    """
    if not _decodes(block, "utf-8"):
        return _decodes(block, "gb18030")
    foreign = block.translate(None, _ASCII)
    if _SIGNS.fullmatch(foreign):
        return False
    return _COMMON_CHINESE.fullmatch(foreign) is not None and _BESIDE_LATIN.search(block) is None


def _decodes(block: bytes, encoding: str) -> bool:
    try:
        block.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


class TextBlocks:
    """The text of a CSV file, packed or not, in blocks that end at line ends."""

    def __init__(self, path: Path, file: BinaryIO, block_bytes: int) -> None:
        self._path = path
        self._raw = file
        packed = file.read(2) == _GZIP
        file.seek(0)
        self._file = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
        self._block_bytes = block_bytes
        self._decoder = Decoder()
        self._only_returns: bool | None = None

    @property
    def position(self) -> int:
        """Return how many bytes of the file itself were read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        """Yield (block, whether it is the last)."""
        rest = b""
        first = True
        while True:
            fresh = self._read()
            if first:
                fresh = self._begin(fresh)
                first = False
            if self._only_returns:
                fresh = fresh.replace(b"\r", b"\n")
            if not fresh:
                yield self._decoder.utf8(rest), True
                return
            cut = fresh.rfind(b"\n") + 1
            if cut:
                yield self._decoder.utf8(rest + fresh[:cut]), False
                rest = fresh[cut:]
            else:
                rest += fresh
                if len(rest) > _LONGEST_LINE:
                    raise Refused("intake.not_text", file=self._path.name)

    def _read(self) -> bytes:
        try:
            return self._file.read(self._block_bytes)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Refused("intake.damaged", file=self._path.name, why=str(error)) from error

    def _begin(self, fresh: bytes) -> bytes:
        if len(fresh) < 4:  # so small a block may cut the mark that a file can begin with
            fresh += self._read()
        if fresh.startswith(_WIDE_MARKS) or b"\0" in fresh[:4096]:
            raise Refused("intake.not_text", file=self._path.name)
        self._only_returns = b"\r" in fresh[:65536] and b"\n" not in fresh[:65536]
        return fresh.removeprefix(_UTF8_MARK)
