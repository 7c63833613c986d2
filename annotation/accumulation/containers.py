"""What a file is by its first bytes, and whether all of its parts are there. No decoder is asked.

A decoder that may guess will take a text file that lists other files for a video and open them: so the demuxer is
chosen here, from magic bytes, and no playlist format is among those that can be chosen.
"""

import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

Demuxer = Literal["mov", "matroska", "avi", "mpegts", "mpeg"]

HEAD_BYTES = 1024
STILL_PICTURE_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1"}
FIRST_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
PARENT_BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"}
DATA_HANDLER = int.from_bytes(b"dhlr", "big")
TRUN_HAS_ENTRIES = 0xF00  # flags of a fragment's table that give each of its samples some bytes
MAX_BOXES = 1_000_000
MAX_DEPTH = 8
MAX_INDEX_BYTES = 64 * 1024**2
MATROSKA_MAGIC = b"\x1aE\xdf\xa3"
MATROSKA_SEGMENT = b"\x18S\x80g"


@dataclass(frozen=True)
class Box:
    """A top-level part of an MP4 or MOV file: its name, first byte and length in bytes, as the file claims them."""

    name: bytes
    start: int
    size: int


def demuxer_of(path: Path) -> Demuxer | None:
    """The demuxer for a file, by its first bytes only; None for whatever is no video container that is accepted."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if _starts_as_mp4(head, path.stat().st_size):
        return "mov"
    if head.startswith(MATROSKA_MAGIC):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg"
    # Transport streams have a sync byte every 188 bytes; cameras put four bytes of time before each packet.
    if any(
        len(head) > 4 * step and set(head[first : 4 * step : step]) == {0x47} for first, step in ((0, 188), (4, 192))
    ):
        return "mpegts"
    return None


def _starts_as_mp4(head: bytes, file_bytes: int) -> bool:
    size, name = int.from_bytes(head[:4], "big"), head[4:8]
    if name == b"ftyp":
        return 16 <= size <= HEAD_BYTES and head[8:12] not in STILL_PICTURE_BRANDS
    return name in FIRST_BOXES and (size in (0, 1) or 8 <= size <= file_bytes)


def mp4_boxes(path: Path) -> list[Box]:
    """The top-level boxes in file order. The last may claim more bytes than there are: then the file was cut."""
    with path.open("rb") as file:
        return list(_boxes(file, 0, path.stat().st_size))


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    for _ in range(MAX_BOXES):
        file.seek(start)
        header = file.read(min(16, max(0, end - start)))
        if len(header) < 8:
            return
        size, name = int.from_bytes(header[:4], "big"), header[4:8]
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        elif size == 0:  # "to the end of the file"
            size = end - start
        if size < 8:
            return
        yield Box(name, start, size)
        start += size


def is_fast_start_mp4(path: Path) -> bool:
    """Whether an MP4 can play before all of it is there: one index, before the pictures, and nothing unknown in it.

    QuickTime's own brand, fragments and boxes that may hold a place or a name (`uuid`, `meta`, `udta`) say no.
    """
    boxes = mp4_boxes(path)
    names = [box.name for box in boxes if box.name != b"free"]
    if names != [b"ftyp", b"moov", b"mdat"]:
        return False
    with path.open("rb") as file:
        file.seek(boxes[0].start + 8)
        brand = file.read(4)
        moov = next(box for box in boxes if box.name == b"moov")
        if moov.size > MAX_INDEX_BYTES:
            return False
        file.seek(moov.start)
        inside = file.read(moov.size)
    return brand != b"qt  " and b"uuid" not in inside and not _has_user_data(inside)


def _has_user_data(moov: bytes) -> bool:
    """Whether the index holds user data other than the name of the program that wrote it."""
    tags = re.findall(rb"udta.{4}(.{4})", moov, re.DOTALL)
    written_by_only = moov.count(b"udta") <= 1 and all(tag == b"meta" for tag in tags)
    items = re.findall(rb"ilst.{4}(.{4})", moov, re.DOTALL)
    return not (written_by_only and all(item == b"\xa9too" for item in items))


def claimed_samples(path: Path) -> int:
    """How many frames and sounds an MP4 claims in tables that take no room, for which a demuxer would take memory.

    A file of a thousand bytes can claim a thousand million. Tables with an entry for each are as long as the file at
    most; plain PCM, which has a sample for each tick, is read by the block and not counted.
    """
    total = 0
    with path.open("rb") as file:
        is_sound = is_by_tick = False
        for number, box in enumerate(_leaves(file, 0, path.stat().st_size)):
            if box.name in PARENT_BOXES or number > MAX_BOXES:
                return sys.maxsize  # nested deeper, or cut finer, than any camera does
            file.seek(box.start + 8)
            words = struct.unpack(">4I", file.read(16).ljust(16, b"\0"))
            if box.name == b"hdlr" and words[1] != DATA_HANDLER:
                is_sound = words[2].to_bytes(4, "big") == b"soun"
            elif box.name == b"stts":
                is_by_tick = words[1] == 1 and words[3] == 1
            elif box.name == b"stsz":
                total += words[2] if words[1] and not (is_sound and is_by_tick) else 0
                is_sound = is_by_tick = False
            elif box.name == b"trun" and not words[0] & TRUN_HAS_ENTRIES:
                total += words[1]
    return total


def _leaves(file: BinaryIO, start: int, end: int, depth: int = 0) -> Iterator[Box]:
    for box in _boxes(file, start, end):
        if box.name in PARENT_BOXES and depth < MAX_DEPTH:
            yield from _leaves(file, box.start + 8, min(end, box.start + box.size), depth + 1)
        else:
            yield box


def is_cut(path: Path, demuxer: Demuxer) -> bool:
    """Whether the container says that it is longer than the file. False where it does not say."""
    size = path.stat().st_size
    if demuxer == "mov":
        boxes = mp4_boxes(path)
        return not boxes or boxes[-1].start + boxes[-1].size > size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if demuxer == "avi":
        return 8 + int.from_bytes(head[4:8], "little") > size
    if demuxer == "matroska":
        end = _matroska_end(head)
        return end is not None and end > size
    return False


def _matroska_end(head: bytes) -> int | None:
    """Where the first segment ends by its own word; None where it gives no length (live recordings)."""
    header_length = _vint(head, 4)
    if header_length is None:
        return None
    segment = header_length[1] + header_length[0]
    if head[segment : segment + 4] != MATROSKA_SEGMENT:
        return None
    length = _vint(head, segment + 4)
    return None if length is None else length[1] + length[0]


def _vint(data: bytes, at: int) -> tuple[int, int] | None:
    """An EBML number and where it ends; None for "unknown" (all ones) and for what is no number."""
    if at >= len(data) or data[at] == 0:
        return None
    width = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return None if value == (1 << 7 * width) - 1 else (value, at + width)
