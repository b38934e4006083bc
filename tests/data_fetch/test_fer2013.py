import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from data_fetch import DataError, cache, duplicates, fer2013, load
from data_fetch.dataset import copies_of_training

ROOT = Path(__file__).parents[2]


def refused(source, release, message):
    """`source` gives one clear error, and nothing of it stays behind."""
    with pytest.raises(DataError, match=message) as caught:
        fer2013.get(source, release=release)
    assert Path(source).name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert cache.read("fer2013") is None
    assert not (cache.cache_dir() / "fer2013").exists()


def change(folder, name, pixels=None, mode=None, size=None):
    image = Image.open(folder / name)
    if mode:
        image = image.convert(mode)
    if size:
        image = image.resize(size)
    image.save(folder / name)


# --- what is read ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_folder_and_archive_are_read_in_order(small, archive, kind):
    faces = fer2013.read(archive if kind == "archive" else small.folder, release=small.release)
    np.testing.assert_array_equal(faces.images, small.images)
    assert faces.labels.tolist() == small.labels.tolist()
    assert faces.files.tolist() == small.files
    assert faces.images.dtype == np.uint8 and faces.labels.dtype == np.int64
    usage = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
    assert faces.split.tolist() == [usage[Path(f).name.split("_")[0]] for f in small.files]
    assert faces.source.checksum == small.release.checksum and not faces.source.synthetic


def test_csv_classes_are_renumbered(small, table):
    faces = fer2013.read(table.write(), release=small.release)
    np.testing.assert_array_equal(faces.images, small.images)
    assert faces.labels.tolist() == small.labels.tolist()
    assert faces.images.dtype == np.uint8 and faces.labels.dtype == np.int64
    assert faces.files is None
    assert dict(zip(*np.unique(faces.split, return_counts=True), strict=True)) == {
        "train": 56, "validation": 27, "test": 27
    }  # fmt: skip


def test_csv_with_spaces_in_its_header(small, table):
    path = table.write(header=("emotion", " pixels", " Usage"))
    assert len(fer2013.read(path, release=small.release)) == 110


def test_what_does_not_belong_is_ignored(small):
    (small.folder / ".complete" / "test").mkdir(parents=True)
    (small.folder / "train" / ".complete").mkdir()
    (small.folder / "train" / ".complete" / "a.jpg").write_bytes(b"")
    (small.folder / "README.txt").write_text("hello")
    (small.folder / "train" / "sad" / ".DS_Store").write_bytes(b"x")
    (small.folder / "train" / "sad" / "._Training_1.jpg").write_bytes(b"x")
    (small.folder / "train" / "sad" / "Thumbs.db").write_bytes(b"x")
    assert len(fer2013.read(small.folder, release=small.release)) == 110


def test_keras_sees_the_same_order_and_the_same_fifth(small):
    """Savenko's split, against the loader that the study used."""
    keras_image = pytest.importorskip("keras.src.legacy.preprocessing.image")
    faces = fer2013.read(small.folder, release=small.release)
    training, validation = fer2013.savenko_split(faces)
    generator = keras_image.ImageDataGenerator(validation_split=0.2)
    for folder, subset, index in (
        ("train", "training", training),
        ("test", "validation", validation),
    ):
        seen = generator.flow_from_directory(str(small.folder / folder), subset=subset)
        files = [f"{folder}/{name.replace(os.sep, '/')}" for name in seen.filenames]
        assert faces.files[index].tolist() == files
        assert faces.labels[index].tolist() == seen.labels.tolist()
    assert (len(training), len(validation)) == (47, 8)
    assert set(faces.split[validation]) == {"test"}


def test_savenko_split_needs_file_names(small, table):
    faces = fer2013.read(table.write(), release=small.release)
    with pytest.raises(DataError, match="file names, which fer2013.csv does not have"):
        fer2013.savenko_split(faces)


# --- the cache ------------------------------------------------------------------------------


def test_get_then_load_then_verify(small, archive):
    with pytest.raises(DataError, match="python -m data_fetch get fer2013.*--from PATH"):
        load("fer2013")
    fer2013.get(archive, release=small.release)
    faces = load("fer2013")
    assert isinstance(faces.images, np.memmap)
    np.testing.assert_array_equal(faces.images, small.images)
    agrees, lines = fer2013.verify(release=small.release)
    assert agrees
    text = "\n".join(lines)
    assert "56 / 27 / 27" in text and small.release.checksum in text
    assert "agree with the known checksum" in text

    agrees, lines = fer2013.verify()
    assert not agrees and "NOT the official split" in "\n".join(lines)


def test_a_csv_is_compared_with_itself_only(small, table):
    fer2013.get(table.write(), release=small.release)
    agrees, lines = fer2013.verify(release=small.release)
    assert agrees and "not verified against a known value" in "\n".join(lines)


def test_load_converts_a_path_once(small, archive, monkeypatch):
    fer2013.load(archive, release=small.release)
    monkeypatch.setattr(fer2013, "read", None)  # a second conversion would fail
    assert len(fer2013.load(archive)) == 110
    assert len(load("fer2013", path=archive)) == 110


def test_load_converts_another_path(small, archive, table):
    fer2013.load(archive, release=small.release)
    assert fer2013.load(table.write(), release=small.release).files is None
    assert load("fer2013").files is None


def test_verify_sets_changed_arrays_aside(small, archive, cache_folder):
    fer2013.get(archive, release=small.release)
    place = next(cache_folder.glob("fer2013/arrays-*")) / "images.npy"
    data = bytearray(place.read_bytes())
    data[-1] ^= 1
    place.write_bytes(data)
    with pytest.raises(DataError, match="images.npy changed.*set aside as fer2013.rejected-1"):
        fer2013.verify(release=small.release)
    with pytest.raises(DataError, match="not in the cache"):
        load("fer2013")


def test_a_failed_conversion_keeps_the_earlier_one(small, archive, tmp_path):
    fer2013.get(archive, release=small.release)
    (tmp_path / "bad.zip").write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(DataError):
        fer2013.get(tmp_path / "bad.zip", release=small.release)
    assert len(load("fer2013")) == 110


GET = """
import sys, time
from data_fetch import cache, fer2013

counts, checksum, source, pause = {"train": 56, "validation": 27, "test": 27}, *sys.argv[1:]
decode = fer2013.decode_image
def slow(*args, **options):
    time.sleep(float(pause))
    print("decoding", flush=True)
    return decode(*args, **options)
fer2013.decode_image = slow
fer2013.get(source, release=fer2013.Release(counts, checksum, archive=""))
"""


def conversion(small, source, pause):
    return subprocess.Popen(
        [sys.executable, "-c", GET, small.release.checksum, str(source), str(pause)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_converting_at_once(small, archive, cache_folder):
    one, other = conversion(small, archive, 0.002), conversion(small, small.folder, 0.002)
    errors = [process.communicate(timeout=120)[1] for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0), errors
    np.testing.assert_array_equal(load("fer2013").images, small.images)
    assert len(list(cache_folder.glob("fer2013/arrays-*"))) == 1


def test_a_killed_conversion_is_as_if_it_never_was(small, archive):
    process = conversion(small, archive, 0.05)
    assert process.stdout.readline() == "decoding\n"
    process.kill()
    process.communicate()
    assert cache.read("fer2013") is None
    assert len(fer2013.get(archive, release=small.release)) == 110


def test_an_interrupted_conversion_is_as_if_it_never_was(small, archive, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(fer2013, "decode_image", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fer2013.get(archive, release=small.release)
    assert cache.read("fer2013") is None
    assert len(fer2013.get(archive, release=small.release)) == 110


def test_space_is_looked_at_before_the_work(archive, monkeypatch):
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    monkeypatch.setattr(fer2013, "read", None)  # reading would fail
    with pytest.raises(DataError, match="no space in .*: 93 MB are needed and 1 MB are free"):
        fer2013.get(archive)


# --- Kaggle ---------------------------------------------------------------------------------


@pytest.fixture
def kaggle(small, monkeypatch):
    """A kagglehub that serves the small tree, once it is asked for the pinned version."""
    place = small.tmp_path / "kagglehub" / "versions" / "1"

    def download(handle):
        assert handle == "msambare/fer2013/versions/1"
        if not place.exists():
            shutil.copytree(small.folder, place)
        return str(place)

    monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(dataset_download=download))
    return place


def test_get_from_kaggle(small, kaggle):
    faces = fer2013.get(release=small.release)
    np.testing.assert_array_equal(faces.images, small.images)
    assert kaggle.exists()


def test_a_download_that_fails_its_check_is_set_aside(small, kaggle):
    wrong = replace(small.release, checksum="0" * 64)
    with pytest.raises(DataError, match="not those of Kaggle's.*set aside as 1.rejected-1.*anew"):
        fer2013.get(release=wrong)
    assert cache.read("fer2013") is None
    assert not kaggle.exists() and (kaggle.parent / "1.rejected-1" / "train").exists()
    assert len(fer2013.get(release=small.release)) == 110


def test_no_network(monkeypatch):
    def download(handle):
        raise ConnectionError("no route to host")

    monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(dataset_download=download))
    with pytest.raises(DataError, match="could not be downloaded.*no route.*--from ARCHIVE"):
        fer2013.get()
    assert cache.read("fer2013") is None


def test_the_real_kagglehub_takes_the_pinned_handle():
    handle = pytest.importorskip("kagglehub.handle")
    parsed = handle.parse_dataset_handle(fer2013.KAGGLE_HANDLE)
    assert (parsed.owner, parsed.dataset, parsed.version) == ("msambare", "fer2013", 1)


# --- bad archives ---------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 30, 5_000, 100_000])
def test_truncated_archive(small, archive, lost):
    archive.write_bytes(archive.read_bytes()[:-lost])
    refused(archive, small.release, "is truncated; download Kaggle's archive again")


@pytest.mark.parametrize("content", [b"", b"<html>sign in</html>", b"PK", b"\x1f\x8b\x08\x00tar"])
def test_not_an_archive(small, archive, content):
    archive.write_bytes(content)
    refused(archive, small.release, "is not a zip archive; .*or give the unpacked folder")


def test_damaged_member(small, archive):
    with zipfile.ZipFile(archive) as opened:
        member = opened.infolist()[3]
    data = bytearray(archive.read_bytes())
    data[member.header_offset + 400] ^= 255
    archive.write_bytes(data)
    refused(archive, small.release, f"{member.filename} in .*small.zip is damaged.*download")


@pytest.mark.parametrize(
    "name",
    [
        "../train/sad/Training_1.jpg",
        "train/sad/../../../Training_1.jpg",
        "/train/sad/Training_1.jpg",
        "C:/train/sad/Training_1.jpg",
        "..\\train\\sad\\Training_1.jpg",
        "notes/../../../x.txt",
    ],
)
def test_paths_that_climb_out(small, archive, name):
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(name, b"x")
    refused(archive, small.release, "points outside the archive; do not use it")


def test_symbolic_links(small, archive):
    link = zipfile.ZipInfo("train/sad/Training_1.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(link, "/etc/passwd")
    refused(archive, small.release, "points outside the archive")


def test_a_name_twice(small, archive):
    with zipfile.ZipFile(archive, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr(small.files[0], b"x")
    refused(archive, small.release, f"holds '{small.files[0]}' twice; download")


def test_too_many_files(small, archive, monkeypatch):
    monkeypatch.setattr(fer2013, "MAX_FILES", 109)
    refused(archive, small.release, "would unpack to 110 files")


def claim(archive, name, size):
    """Write `size` as the unpacked size of a member into the archive's directory."""
    data = bytearray(archive.read_bytes())
    at = data.rindex(name.encode()) - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    data[at + 24 : at + 28] = size.to_bytes(4, "little")
    archive.write_bytes(data)


def test_archive_that_says_it_is_too_large(small, archive):
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("train/notes.txt", b"x")
    claim(archive, "train/notes.txt", 400_000_000)
    refused(archive, small.release, "would unpack to 111 files of 400 MB")


@pytest.mark.parametrize("honest", [True, False])
def test_member_that_unpacks_beyond_the_limit(small, honest):
    """Also where the archive's directory gives a small size: what comes out is what counts."""
    name = small.files[0]
    (small.folder / name).write_bytes(
        (small.folder / name).read_bytes() + b"\0" * 2_000_000  # still a readable image
    )
    path = small.tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for file in small.files:
            opened.write(small.folder / file, file)
    if not honest:
        claim(path, name, 1_800)
    message = "unpacks to more than 100,000 bytes" if honest else "is damaged"
    refused(path, small.release, f"{name} in .*bomb.zip {message}.*download")


def test_archive_of_an_unknown_version(small, archive):
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 99
    archive.write_bytes(data)
    refused(archive, small.release, "small.zip is damaged .*version 9.9.*download it again")


def test_damaged_member_of_another_compression(small, tmp_path):
    pytest.importorskip("lzma")
    path = tmp_path / "lzma.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for file in sorted(small.folder.rglob("*.jpg")):
            archive.write(file, file.relative_to(small.folder).as_posix())
    assert len(fer2013.read(path, release=small.release)) == 110
    data = bytearray(path.read_bytes())
    for position in range(100, 400):
        data[position] ^= 0xFF
    path.write_bytes(data)
    refused(path, small.release, "lzma.zip is damaged.*download the archive again")


def test_encrypted_member(small, archive):
    data = bytearray(archive.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    archive.write_bytes(data)
    refused(archive, small.release, "is damaged .*(encrypted|password)")


def test_any_changed_byte_is_noticed_or_harmless(small, archive):
    """Errors of the archive's own structure end in a DataError too."""
    generator = np.random.default_rng(3)
    original = archive.read_bytes()
    for position in generator.integers(len(original) - 9_000, len(original), 50):
        data = bytearray(original)
        data[position] ^= int(generator.integers(1, 256))
        archive.write_bytes(data)
        try:
            faces = fer2013.read(archive, release=small.release)
        except DataError:
            continue
        np.testing.assert_array_equal(faces.images, small.images)


# --- bad folders and images -----------------------------------------------------------------


def test_nothing_there(small):
    refused(small.tmp_path / "nowhere.zip", small.release, "does not exist; give the archive")


def test_a_path_that_no_system_takes(small):
    refused(Path("a" * 5000), small.release, "cannot be read|does not exist")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
def test_a_pipe_is_refused_instead_of_waited_for(small, tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    refused(tmp_path / "pipe.zip", small.release, "pipe.zip is neither a file nor a folder")


def test_wrong_layout(small):
    for folder in ("train", "test"):
        (small.folder / folder).rename(small.folder / f"my {folder}")
    refused(small.folder, small.release, "no images in train/angry; expected train/<emotion>/Tra")


@pytest.mark.parametrize("missing", ["train/disgust", "test/surprise", "test"])
def test_missing_class_folder(small, missing):
    shutil.rmtree(small.folder / missing)
    name = "test/angry" if missing == "test" else missing
    refused(small.folder, small.release, f"no images in {name}; expected train/<emotion>")


@pytest.mark.parametrize(
    "name", ["train/contempt/Training_1.jpg", "test/sad/more/PublicTest_1.jpg"]
)
def test_unexpected_folder(small, name):
    (small.folder / name).parent.mkdir()
    shutil.copy(small.folder / small.files[0], small.folder / name)
    refused(small.folder, small.release, f"holds {name}, which has no place")


@pytest.mark.parametrize(
    "name", ["train/sad/PublicTest_1.jpg", "test/sad/Training_1.jpg", "train/sad/im7.jpg"]
)
def test_a_file_in_the_wrong_split(small, name):
    shutil.copy(small.folder / small.files[0], small.folder / name)
    refused(small.folder, small.release, f"{name} in .* does not say its split")


def test_an_image_too_few(small):
    (small.folder / small.files[0]).unlink()
    refused(small.folder, small.release, "holds 55 / 27 / 27 images instead of 56 / 27 / 27")


def test_a_split_that_is_not_the_official_one(small):
    """The sum is right, but a PublicTest image was renamed."""
    name = small.folder / next(file for file in small.files if "PublicTest" in file)
    name.rename(name.with_name("PrivateTest_0.jpg"))
    refused(small.folder, small.release, "holds 56 / 26 / 28 images")


@pytest.mark.parametrize("source", ["folder", "archive"])
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"size": (47, 48)}, "has 47×48 pixels of mode L instead of 48×48 of mode L"),
        ({"mode": "RGB"}, "has 48×48 pixels of mode RGB instead of 48×48 of mode L"),
    ],
)
def test_wrong_image(small, source, how, message):
    name = small.files[20]
    change(small.folder, name, **how)
    place = small.folder
    if source == "archive":
        place = small.zip()
    refused(place, small.release, f"{name} in .*{message}; get an unaltered copy")


@pytest.mark.parametrize("content", [b"", b"no image", None])
def test_undecodable_image(small, content):
    path = small.folder / small.files[20]
    path.write_bytes(path.read_bytes()[:-300] if content is None else content)
    refused(small.folder, small.release, f"{small.files[20]} in .* is not a readable image")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_unreadable_file(small):
    (small.folder / small.files[20]).chmod(0)
    refused(small.folder, small.release, "cannot be read .*Permission denied")


def test_a_failing_disk(small, monkeypatch):
    def fail(self):
        raise OSError(5, "Input/output error", str(self))

    monkeypatch.setattr(Path, "read_bytes", fail)
    refused(small.folder, small.release, "cannot be read .*Input/output error")


def test_wrong_checksum(small):
    """Right counts, other pixels: the user's own file is named and left where it is."""
    change(small.folder, small.files[0], size=(48, 48))
    Image.new("L", (48, 48), 9).save(small.folder / small.files[0])
    refused(small.folder, small.release, "not those of Kaggle's .*checksum .*download it again")
    assert small.folder.exists()


def test_kaggles_archive_is_right_with_any_decoder(small, archive):
    release = replace(small.release, checksum="0" * 64, archive=cache.sha256(archive))
    fer2013.get(archive, release=release)
    agrees, lines = fer2013.verify(release=release)
    assert agrees and "differ from the known checksum; another JPEG decoder" in "\n".join(lines)


# --- bad CSV files --------------------------------------------------------------------------


def cell(row, column, value):
    def edit(rows):
        rows[row][column] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows[4].pop(), "line 6: expected 3 columns"),
        (lambda rows: rows[4].append("x"), "line 6: expected 3 columns"),
        (lambda rows: rows[4].clear() or rows[4].append("3"), "line 6: expected 3 columns"),
        (cell(4, 1, " ".join(["1"] * 2303)), "line 6: 2303 pixels instead of 48×48"),
        (cell(4, 1, " ".join(["1"] * 2305)), "line 6: 2305 pixels instead of 48×48"),
        (cell(4, 1, ""), "line 6: 0 pixels instead of 48×48"),
        (cell(4, 1, " ".join(["1"] * 2303 + ["x"])), "line 6: a pixel is not an integer"),
        (cell(4, 1, " ".join(["1"] * 2303 + ["1.5"])), "line 6: a pixel is not an integer"),
        (cell(4, 1, " ".join(["1"] * 2303 + ["9" * 30])), "line 6: a pixel is not"),
        (cell(4, 1, " ".join(["1"] * 2303 + ["256"])), "line 6: a pixel is not between 0 and 255"),
        (cell(4, 1, " ".join(["1"] * 2303 + ["-1"])), "line 6: a pixel is not between 0 and 255"),
        (cell(4, 2, "Testing"), "line 6: unknown usage 'Testing', expected Training, PublicTest"),
        (cell(4, 0, "7"), "line 6: unknown emotion '7', expected 0 to 6"),
        (cell(4, 0, "happy"), "line 6: unknown emotion 'happy'"),
        (cell(4, 0, "-1"), "line 6: unknown emotion '-1'"),
        (cell(4, 2, "PublicTest"), "holds 55 / 28 / 27 images"),
        (lambda rows: rows.pop(), "holds 56 / 26 / 27 images|holds 56 / 27 / 26 images"),
        (lambda rows: rows.clear(), "holds 0 / 0 / 0 images"),
    ],
)
def test_bad_rows(small, table, edit, message):
    edit(table.rows)
    refused(table.write(), small.release, f"fer2013.csv.*{message}.*; get a ")


def test_missing_columns(small, table):
    path = table.write(header=("emotion", "image", "Set"))
    refused(path, small.release, "lacks the columns Usage, pixels; expected the original")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00binary\x81", b'emotion,pixels,Usage\n0,"1 2']
)
def test_not_a_csv(small, table, content):
    path = table.write()
    path.write_bytes(content)
    refused(path, small.release, "fer2013.csv.*(lacks|readable|columns)")


def test_a_cut_csv(small, table):
    path = table.write()
    path.write_bytes(path.read_bytes()[:-4_000])
    refused(path, small.release, "fer2013.csv, line 111: ")


# --- the real archive -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    path = os.environ.get("FER2013_ARCHIVE")
    if not path:
        pytest.skip("FER2013_ARCHIVE does not name Kaggle's archive of FER2013")
    return fer2013.read(path)


def test_real_counts(real):
    assert real.source.checksum == fer2013.OFFICIAL.checksum
    assert real.source.note == "read from: Kaggle's archive"
    assert list(real.counts().values()) == [4953, 547, 5121, 8989, 6198, 6077, 4002]


def test_real_copies(real):
    found = duplicates(real)
    assert found.conflicting.sum() == 57 and len(found.blank) == 12
    copied = real.split[copies_of_training(real)]
    assert (np.sum(copied == "test"), np.sum(copied == "validation")) == (288, 280)


def test_real_savenko_split(real):
    training, validation = fer2013.savenko_split(real)
    assert (len(training), len(validation)) == (22_968, 1_432)
    assert set(real.split[validation]) == {"test"}
