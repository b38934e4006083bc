"""What holds the repository together: addresses, pins, set-up, and what must not be in it."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tools import chapters, setup

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REPOSITORY, HOMEPAGE = chapters.addresses()
TEXT = {".md", ".py", ".yml", ".toml", ".cff", ".ipynb", ".js", ".css", ".bib", ".lock", ""}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def pinned() -> list[Requirement]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [Requirement(line.rstrip(" \\")) for line in lines if re.match(r"[a-z0-9]", line)]


# Addresses


def test_settings_use_the_one_address():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert config["sphinx"]["config"]["html_theme_options"]["repository_url"] == REPOSITORY
    assert config["html"]["baseurl"] == HOMEPAGE
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["repository-code"] == REPOSITORY
    assert citation["url"] == HOMEPAGE
    assert citation["version"] == PROJECT["version"]


def test_every_address_of_ours_is_the_one():
    """Whoever moves the course changes pyproject.toml and finds the rest by this test."""
    owner, name = REPOSITORY.removeprefix("https://github.com/").split("/")
    ours = re.compile(
        rf"(?:github\.com|mybinder\.org/v2/gh|colab\.research\.google\.com/github|github\.io)"
        rf"/([\w.-]+/)?({name})\b"
    )
    wrong = []
    for path in tracked():
        if path.suffix in TEXT and "mathjax" not in path.parts:
            for match in ours.finditer(path.read_text(encoding="utf-8", errors="ignore")):
                if match[1] not in (f"{owner}/", None):
                    wrong.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert not wrong


# Pins


def test_the_lock_fits_what_the_packages_ask_for():
    versions: dict[str, list[str]] = {}
    for requirement in pinned():
        version = str(requirement.specifier).removeprefix("==")
        versions.setdefault(requirement.name.lower(), []).append(version)
    asked = PROJECT["dependencies"] + sum(PROJECT["optional-dependencies"].values(), [])
    for requirement in map(Requirement, asked):
        found = versions.get(requirement.name.lower(), [])
        assert found, f"requirements.lock lacks {requirement.name}; run make lock"
        assert all(requirement.specifier.contains(version) for version in found)


def test_the_lock_has_hashes_and_no_index():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block


@pytest.mark.skipif(
    "COLAB_FREEZE" not in os.environ,
    reason="COLAB_FREEZE is not set to a `pip freeze` of Colab's image",
)
def test_colab_keeps_its_packages(tmp_path):
    """Installing the course on Colab replaces nothing of what its image holds."""
    frozen = {}
    for line in Path(os.environ["COLAB_FREEZE"]).read_text().splitlines():
        if match := re.match(r"([\w.-]+)==([^\s;]+)", line):
            frozen[re.sub(r"[-_.]+", "-", match[1]).lower()] = match[2]
    limits = tmp_path / "constraints.txt"
    limits.write_text("".join(f"{name}=={version}\n" for name, version in frozen.items()))
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--report", str(report), "-c", str(limits), f"{ROOT}[notebooks]"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for package in json.loads(report.read_text())["install"]:
        name = re.sub(r"[-_.]+", "-", package["metadata"]["name"]).lower()
        assert package["metadata"]["version"] == frozen.get(name, package["metadata"]["version"])


# Set-up


def test_too_old_a_python_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(setup, "is_ready", lambda: False)
    monkeypatch.setattr(setup.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(setup, "probe", lambda command: None)
    assert setup.main() == 1
    assert "needs Python 3.11 to 3.13; this is 3.9" in capsys.readouterr().err


def test_another_python_on_the_path_is_found(monkeypatch):
    monkeypatch.setattr(setup, "probe", lambda name: [3, 12, 4] if name == "python3.12" else None)
    assert setup.find_python() == "python3.12"


def test_a_full_disk_is_told_before_anything_is_made(monkeypatch, capsys):
    monkeypatch.setattr(setup, "FREE_BYTES", 10**18)
    with pytest.raises(setup.SetupError, match="too full: the environment needs"):
        setup.check_space()


@pytest.mark.parametrize(
    ("output", "telling"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        (
            "WARNING: Retrying after NewConnectionError('…')",
            "cannot reach the Python package index",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM …", "does not have the checksum"),
        ("ERROR: something else", "something else"),
    ],
)
def test_failures_of_pip_are_explained(output, telling):
    assert telling in setup.explain(output)


def test_an_unfinished_environment_is_not_used(monkeypatch, tmp_path):
    monkeypatch.setattr(setup, "STAMP", str(tmp_path / "stamp.json"))
    monkeypatch.setattr(setup, "probe", lambda command: list(sys.version_info[:3]))
    assert not setup.is_ready()
    (tmp_path / "stamp.json").write_text("{")
    assert not setup.is_ready()
    (tmp_path / "stamp.json").write_text(json.dumps(setup.fingerprint(sys.version_info)))
    assert setup.is_ready()
    monkeypatch.setattr(setup, "ROOT", str(tmp_path))
    assert not setup.is_ready(), "a moved environment does not work"


def test_the_environment_of_another_checkout_is_not_emptied_through_a_link(
    monkeypatch, tmp_path, capsys
):
    other, link = tmp_path / "other", tmp_path / "link"
    other.mkdir()
    link.symlink_to(other)
    monkeypatch.setattr(setup, "VENV", str(link))
    monkeypatch.setattr(setup, "STAMP", str(link / "stamp.json"))
    setup.check_link()  # an empty folder elsewhere, on a larger disk say, is fine
    monkeypatch.setattr(setup, "pip", lambda *arguments: pytest.fail("installed"))
    (other / "stamp.json").write_text(json.dumps({"folder": "/another/checkout"}))
    assert setup.main() == 1
    assert "holds another environment" in capsys.readouterr().err
    assert (other / "stamp.json").exists()
    (other / "stamp.json").write_text(json.dumps({"folder": setup.ROOT}))
    setup.check_link()


def test_set_up_takes_no_options(monkeypatch, capsys):
    monkeypatch.setattr(setup, "build", lambda: pytest.fail("built"))
    assert setup.main(["--help"]) == 2
    assert "takes no options" in capsys.readouterr().err


# What must not be in the tree


def test_files_are_small():
    large = [str(path) for path in tracked() if path.stat().st_size > 1_500_000]
    assert not large


def test_no_address_of_a_registry_or_a_machine():
    unwanted = re.compile(r"(?<![\w.])/(?:root|work)/|--(?:extra-)?index-url|/(?:tmp)/tmp")
    found = []
    for path in tracked():
        if path.suffix in TEXT:
            if match := unwanted.search(path.read_text(encoding="utf-8", errors="ignore")):
                found.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert not found


def test_packages_import_one_way():
    for path in (ROOT / "data_fetch").glob("*.py"):
        text = path.read_text()
        assert not re.search(r"^\s*(?:from|import) (?:fer_helpers|keras|tensorflow)\b", text, re.M)


def test_the_readme_gives_the_two_commands():
    readme = (ROOT / "README.md").read_text()
    assert "make book" in readme and "make test" in readme
    assert len(readme.splitlines()) < 150
