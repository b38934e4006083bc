import errno
import json
import os
import re
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from data_fetch import cache
from data_fetch.dataset import DataError, FaceDataset, Source

ROOT = Path(__file__).parents[2]

# Two blank faces, stored by another process that can be stopped in the middle.
WRITER = """
import sys, time
import numpy as np
from data_fetch import cache
from data_fetch.dataset import FaceDataset, Source

write = cache._write_array
def slow(path, array):
    print(path.name, flush=True)
    time.sleep(float(sys.argv[1]))
    return write(path, array)
cache._write_array = slow
with cache.lock("entry"):
    cache.store("entry", FaceDataset(
        np.zeros((2, 2, 2, 1), np.uint8), np.zeros(2, int), ("sad",),
        np.array(["train", "test"]), None, Source("Blank", "none", ""),
    ))
"""


def writer(seconds):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def same(one, other):
    for name in ("images", "labels", "split", "subject", "files"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    return one.source == other.source and one.class_names == other.class_names


def arrays_of(folder, name="entry"):
    return sorted(folder.glob(f"{name}/arrays-*"))


def test_cache_dir(monkeypatch, tmp_path):
    monkeypatch.setenv("READING_FACES_DATA", str(tmp_path / "mine"))
    assert cache.cache_dir() == tmp_path / "mine"
    monkeypatch.setenv("READING_FACES_DATA", "~/mine")
    assert cache.cache_dir() == Path.home() / "mine"
    monkeypatch.delenv("READING_FACES_DATA")
    assert cache.cache_dir().name == "reading-faces" or "reading-faces" in cache.cache_dir().parts


def test_what_is_stored_is_read_back(three_faces, cache_folder):
    assert cache.read("entry") is None
    stored = cache.store("entry", three_faces, origin=[1, "two"])
    assert same(stored, three_faces) and same(cache.read("entry"), three_faces)
    assert isinstance(stored.images, np.memmap) and not stored.images.flags.writeable
    assert cache.describe("entry")["origin"] == [1, "two"]
    again = cache.store("entry", three_faces.select(slice(2)))
    assert len(again) == len(cache.read("entry")) == 2
    assert len(arrays_of(cache_folder)) == 1
    assert len(stored.images.sum(axis=(1, 2, 3))) == 3  # an open map outlives its entry


def test_a_second_load_of_all_of_fer2013_is_quick():
    faces = FaceDataset(
        np.zeros((35_887, 48, 48, 1), np.uint8),
        np.zeros(35_887, np.int64),
        ("sad",),
        np.array(["validation"] * 35_887),
        None,
        Source("Blanks", "none", ""),
        np.array(["train/surprise/PrivateTest_12345678.jpg"] * 35_887),
    )
    cache.store("entry", faces)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(cache.read("entry")) == 35_887
        times.append(time.perf_counter() - start)
    assert min(times) < 0.3  # a busy machine may slow one of them


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_a_writer_that_fails_leaves_nothing(three_faces, cache_folder, monkeypatch, failure):
    cache.store("entry", three_faces)
    save, done = np.save, []

    def fail(stream, array, **options):
        if done:
            raise failure
        done.append(save(stream, array, **options))

    monkeypatch.setattr(np, "save", fail)
    expected = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else cache.CacheError
    with pytest.raises(expected):
        cache.store("entry", three_faces.select(slice(2)))
    assert same(cache.read("entry"), three_faces)
    assert len(arrays_of(cache_folder)) == 1


def test_a_full_disk_is_named(three_faces, cache_folder, monkeypatch):
    monkeypatch.setattr(
        np, "save", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left"))
    )
    with pytest.raises(
        DataError, match=f"no space left for {re.escape(str(cache_folder))}.*READING_FACES_DATA"
    ):
        cache.store("entry", three_faces)
    assert cache.read("entry") is None and not arrays_of(cache_folder)


def test_space_is_looked_at_first(three_faces, cache_folder, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda place: usage(free=5))
    with pytest.raises(DataError, match="no space in .*: 0 MB are needed and 0 MB are free"):
        cache.store("entry", three_faces)
    assert not cache_folder.exists()


def test_a_writer_that_is_killed_leaves_nothing_that_counts(three_faces, cache_folder):
    process = writer(60)
    assert process.stdout.readline() == "images.npy\n"
    process.kill()
    process.communicate()
    assert len(arrays_of(cache_folder)) == 1
    assert cache.read("entry") is None
    with cache.lock("entry"):
        cache.store("entry", three_faces)
    assert same(cache.read("entry"), three_faces)
    assert len(arrays_of(cache_folder)) == 1


def test_two_writers_take_turns(cache_folder):
    one, other = writer(0.4), writer(0.4)
    messages = [process.communicate(timeout=60)[1] for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0), messages
    assert "waiting for another process" in "".join(messages)
    assert len(cache.read("entry")) == 2
    assert len(arrays_of(cache_folder)) == 1


def test_a_folder_that_cannot_be_written_is_named(three_faces, tmp_path, monkeypatch):
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    monkeypatch.setenv("READING_FACES_DATA", str(occupied))
    assert cache.read("entry") is None
    for write in (lambda: cache.store("entry", three_faces), lambda: cache.lock("e").__enter__()):
        with pytest.raises(
            DataError, match=f"cannot write {re.escape(str(occupied))}.*READING_FACES_DATA"
        ):
            write()


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_a_read_only_folder_is_named(three_faces, cache_folder):
    cache_folder.mkdir()
    cache_folder.chmod(0o500)
    with pytest.raises(DataError, match="cannot write .*Permission denied.*READING_FACES_DATA"):
        cache.store("entry", three_faces)


def test_cached_makes_once(three_faces):
    made = []

    def make():
        made.append(1)
        return three_faces

    assert same(cache.cached("entry", make), three_faces)
    assert same(cache.cached("entry", make), three_faces)
    assert len(made) == 1


def test_cached_works_without_a_cache(three_faces, tmp_path, monkeypatch):
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    monkeypatch.setenv("READING_FACES_DATA", str(occupied))
    with pytest.warns(UserWarning, match="not kept for the next time: cannot write"):
        assert same(cache.cached("entry", lambda: three_faces), three_faces)


def test_cached_does_not_make_twice_when_storing_fails(three_faces, monkeypatch):
    made = []

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left")

    monkeypatch.setattr(np, "save", fail)
    with pytest.warns(UserWarning, match="no space left"):
        cache.cached("entry", lambda: made.append(1) or three_faces)
    assert len(made) == 1


@pytest.mark.parametrize("file", ["images.npy", "labels.npy", "split.npy"])
@pytest.mark.parametrize("keep", [0, 20, 130])
def test_truncated_arrays_are_named_and_made_anew(three_faces, cache_folder, file, keep):
    cache.store("entry", three_faces)
    path = arrays_of(cache_folder)[0] / file
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(
        DataError, match=f"{re.escape(str(path.parent))} are damaged.*data_fetch get entry"
    ):
        cache.read("entry")
    assert same(cache.cached("entry", lambda: three_faces), three_faces)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"folder": "x"}'])
def test_a_damaged_record_is_named_and_made_anew(three_faces, cache_folder, text):
    cache.store("entry", three_faces)
    (cache_folder / "entry" / cache.POINTER).write_text(text)
    with pytest.raises(DataError, match="damaged.*data_fetch get entry"):
        cache.read("entry")
    assert same(cache.cached("entry", lambda: three_faces), three_faces)


def test_check_sets_changed_arrays_aside(three_faces, cache_folder):
    cache.store("entry", three_faces)
    cache.check("entry")
    path = arrays_of(cache_folder)[0] / "images.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(
        DataError, match=f"{re.escape(str(path))} changed.* as entry.rejected-1.*get entry"
    ):
        cache.check("entry")
    assert cache.read("entry") is None
    assert (cache_folder / "entry.rejected-1" / cache.POINTER).exists()

    cache.store("entry", three_faces)
    (arrays_of(cache_folder)[0] / "split.npy").unlink()
    with pytest.raises(DataError, match="split.npy changed.*set aside as entry.rejected-2"):
        cache.check("entry")


def test_the_record_holds_no_surprise(three_faces, cache_folder):
    cache.store("entry", three_faces)
    record = json.loads((cache_folder / "entry" / cache.POINTER).read_text())
    assert set(record) == {"folder", "class_names", "source", "files"}
    assert list(record["files"]) == ["images.npy", "labels.npy", "split.npy", "subject.npy"]


def test_a_home_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("READING_FACES_DATA", "~nobody-of-this-name/faces")
    with pytest.raises(cache.CacheError, match="READING_FACES_DATA is ~nobody-of-this-name/faces"):
        cache.cache_dir()


@pytest.mark.parametrize("value", [None, 5, [], "x"])
@pytest.mark.parametrize("key", ["folder", "class_names", "source", "files"])
def test_a_record_with_a_wrong_value_is_named_and_made_anew(three_faces, cache_folder, key, value):
    cache.store("entry", three_faces)
    pointer = cache_folder / "entry" / cache.POINTER
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {key: value}))
    with pytest.raises(DataError, match="damaged.*data_fetch get entry"):
        cache.read("entry")
    assert same(cache.cached("entry", lambda: three_faces), three_faces)


@pytest.mark.parametrize("text", ["null", "5"])
def test_a_record_that_is_no_object_is_named(three_faces, cache_folder, text):
    cache.store("entry", three_faces)
    (cache_folder / "entry" / cache.POINTER).write_text(text)
    with pytest.raises(DataError, match="damaged.*data_fetch get entry"):
        cache.read("entry")


@pytest.mark.parametrize("file", ["images.npy", "labels.npy", "split.npy"])
def test_an_array_that_the_record_forgot_is_named(three_faces, cache_folder, file):
    cache.store("entry", three_faces)
    pointer = cache_folder / "entry" / cache.POINTER
    record = json.loads(pointer.read_text())
    del record["files"][file]
    pointer.write_text(json.dumps(record))
    with pytest.raises(DataError, match="damaged.*data_fetch get entry"):
        cache.read("entry")


def test_any_changed_byte_of_a_header_is_named_or_harmless(three_faces, cache_folder):
    cache.store("entry", three_faces)
    path = arrays_of(cache_folder)[0] / "labels.npy"
    whole = path.read_bytes()
    named = 0
    for position in range(128):
        damaged = bytearray(whole)
        damaged[position] ^= 0x20
        path.write_bytes(damaged)
        try:
            cache.read("entry")
        except DataError as error:
            assert "data_fetch get entry" in str(error)
            named += 1
    assert named > 60
