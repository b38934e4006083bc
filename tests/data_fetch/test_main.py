import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_fetch import cache, fer2013
from data_fetch.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small_release(small, monkeypatch):
    """The command line works on the small tree as on the real one."""
    for function in (fer2013.get, fer2013.verify, fer2013.load, fer2013.read):
        monkeypatch.setitem(function.__kwdefaults__, "release", small.release)


def run(*arguments):
    return main([str(argument) for argument in arguments])


def failed(capsys, *arguments):
    """Run a command that fails and return its one line."""
    assert run(*arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if "image/s" not in line]
    assert len(lines) == 1 and lines[0].startswith("error: ")
    return lines[0]


def test_list(capsys, small_release, archive):
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["sample", "fer2013", "rafdb", "thermal"]
    assert "built in" in lines[0] and "7,000 images" in lines[0]
    assert "not fetched" in lines[1] and "35,887 images" in lines[1]
    run("get", "fer2013", "--from", archive)
    capsys.readouterr()
    run("list")
    assert "ready" in capsys.readouterr().out.splitlines()[1]


def test_get_then_verify_then_path(capsys, small_release, small, archive):
    for command in (("get", "fer2013", "--from", archive), ("verify", "fer2013")):
        assert run(*command) == 0
        out = capsys.readouterr().out
        assert "56 / 27 / 27 images (Training / PublicTest / PrivateTest)" in out
        assert small.release.checksum in out
    assert run("path", "fer2013") == 0
    assert (Path(capsys.readouterr().out.strip()) / "images.npy").exists()


def test_get_without_a_path_keeps_what_is_there(capsys, small_release, archive, monkeypatch):
    run("get", "fer2013", "--from", archive)
    monkeypatch.setattr(fer2013, "get", None)
    assert run("get", "fer2013") == 0


def test_get_replaces_damaged_arrays(capsys, small_release, archive, cache_folder):
    run("get", "fer2013", "--from", archive)
    (cache_folder / "fer2013" / cache.POINTER).write_text("{")
    capsys.readouterr()
    assert "get fer2013` again" in failed(capsys, "verify", "fer2013")
    assert run("get", "fer2013", "--from", archive) == 0


def test_not_there(capsys):
    assert "python -m data_fetch get fer2013" in failed(capsys, "verify", "fer2013")
    assert "python -m data_fetch get fer2013" in failed(capsys, "path", "fer2013")
    assert "python -m data_fetch get sample" in failed(capsys, "path", "sample")
    assert "your own folder" in failed(capsys, "path", "rafdb")
    assert "never downloaded" in failed(capsys, "get", "rafdb")


def test_bad_sources(capsys, tmp_path, archive, monkeypatch):
    assert "does not exist" in failed(capsys, "get", "fer2013", "--from", tmp_path / "none.zip")
    archive.write_bytes(b"x")
    assert "not a zip archive" in failed(capsys, "get", "fer2013", "--from", archive)
    monkeypatch.setenv("READING_FACES_DATA", str(archive))
    assert "READING_FACES_DATA" in failed(capsys, "get", "fer2013", "--from", archive)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fetch",),
        ("get",),
        ("get", "fer"),
        ("list", "sample"),
        ("get", "sample", "--from", "x"),
        ("verify", "fer2013", "--from", "x"),
    ],
)
def test_usage(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert "usage: python -m data_fetch" in capsys.readouterr().err


def test_interrupt(capsys, small_release, archive, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(fer2013, "decode_image", interrupt)
    assert run("get", "fer2013", "--from", archive) == 130
    assert "interrupted; nothing was left half-written" in capsys.readouterr().err
    assert cache.read("fer2013") is None


def test_sample(capsys, monkeypatch):
    from data_fetch import sample

    faces = sample.render(count=70)
    monkeypatch.setattr(sample, "render", lambda **_: faces)
    for command in ("get", "verify", "path"):
        assert run(command, "sample") == 0
    out = capsys.readouterr().out
    assert out.count(faces.source.checksum) == 2 and "train 56" in out


def test_get_fails_where_nothing_can_be_kept(capsys, monkeypatch, tmp_path):
    from data_fetch import sample

    faces = sample.render(count=70)
    monkeypatch.setattr(sample, "render", lambda **_: faces)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("READING_FACES_DATA", str(tmp_path / "file"))
    message = failed(capsys, "get", "sample")
    assert "cannot write" in message and "READING_FACES_DATA" in message


def test_list_survives_damage(capsys, cache_folder):
    (cache_folder / "fer2013").mkdir(parents=True)
    (cache_folder / "fer2013" / cache.POINTER).write_text("{")
    assert run("list") == 0
    out = capsys.readouterr().out
    assert "damaged" in out and "thermal" in out


def test_path_of_arrays_that_are_gone(capsys, small_release, archive, cache_folder):
    run("get", "fer2013", "--from", archive)
    capsys.readouterr()
    for place in cache_folder.glob("fer2013/arrays-*"):
        shutil.rmtree(place)
    assert "is missing; run `python -m data_fetch get fer2013`" in failed(capsys, "path", "fer2013")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no broken pipes of this kind")
def test_a_reader_that_stops_gets_no_traceback():
    process = subprocess.Popen(
        [sys.executable, "-m", "data_fetch", "list"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 1
    process.stderr.close()


def test_as_a_program(tmp_path):
    program = [sys.executable, "-m", "data_fetch"]
    listed = subprocess.run([*program, "list"], cwd=ROOT, capture_output=True, text=True)
    assert listed.returncode == 0 and "sample" in listed.stdout and not listed.stderr
    missing = subprocess.run(
        [*program, "path", "fer2013"], cwd=ROOT, capture_output=True, text=True
    )
    assert missing.returncode == 1 and missing.stderr.startswith("error: ")
    assert len(missing.stderr.splitlines()) == 1 and not missing.stdout
