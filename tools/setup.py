# ruff: noqa: UP024, UP032
"""Create or reuse .venv from requirements.lock; explain in one paragraph what stops it.

Standard library only, in syntax that Python 2.7 parses: an interpreter that is too old must get
as far as the message that says so.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "reading-faces.json")
LOCK = os.path.join(ROOT, "requirements.lock")
OLDEST, NEWEST = (3, 11), (3, 13)  # TensorFlow's wheels end at 3.13
FREE_BYTES = 3500000000  # 2.4 GB installed, the rest for downloads on the way

NETWORK_SIGNS = (
    "NewConnectionError",
    "NameResolutionError",
    "Max retries exceeded",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "SSLError",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "Connection refused",
)


class SetupError(Exception):
    """What the user reads when set-up cannot go on."""


def venv_python():
    folder = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, *folder)


def version_text(version):
    return ".".join(str(part) for part in version[:2])


def usable(version):
    return OLDEST <= tuple(version[:2]) <= NEWEST


def probe(command):
    """Return the version of a Python command, or None where it does not run."""
    code = "import json, sys; print(json.dumps(list(sys.version_info[:3])))"
    try:
        output = subprocess.check_output([command, "-c", code], stderr=subprocess.PIPE)
        return json.loads(output.decode())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def find_python():
    """Return a fitting interpreter beside this one on PATH."""
    for name in ("python3.13", "python3.12", "python3.11"):
        version = probe(name)
        if version and usable(version):
            return name
    raise SetupError(
        "Reading Faces needs Python {} to {}; this is {} ({}). Install one from python.org or "
        "your system's packages and name it: make book PYTHON=/path/to/python{}".format(
            version_text(OLDEST),
            version_text(NEWEST),
            version_text(sys.version_info),
            sys.executable,
            version_text(OLDEST),
        )
    )


def fingerprint(version):
    """Return what .venv depends on; a virtual environment does not survive being moved."""
    with open(LOCK, "rb") as file:
        lock = hashlib.sha256(file.read()).hexdigest()
    return {"python": version_text(version), "lock": lock, "folder": ROOT}


def is_ready():
    """Tell whether .venv was finished from the present lock, with a Python that still runs."""
    try:
        with open(STAMP) as file:
            stamp = json.load(file)
    except (OSError, IOError, ValueError):
        return False
    version = probe(venv_python())
    return bool(version) and usable(version) and stamp == fingerprint(version)


def explain(output):
    """Return one paragraph for a failed pip run."""
    last = "\n".join(output.strip().splitlines()[-12:])
    if "No space left on device" in output or "Errno 28" in output:
        return (
            "The disk is full. The environment takes 2.4 GB in {}, and pip keeps its downloads "
            "in its cache and in the temporary folder (TMPDIR). Make room and run the same "
            "command again; it starts over cleanly.".format(VENV)
        )
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in output:
        return (
            "A downloaded package does not have the checksum that requirements.lock gives. "
            "Nothing of it was installed. A proxy or a broken download is the usual cause: run "
            "`pip cache purge` and try again; if it stays, do not install it.\n\n" + last
        )
    if any(sign in output for sign in NETWORK_SIGNS):
        return (
            "pip cannot reach the Python package index: no network, or a proxy that pip does "
            "not know (set HTTPS_PROXY). The first run has to download about 700 MB; later "
            "runs need no network. Nothing half-made is kept."
        )
    return "pip could not install requirements.lock:\n\n" + last


def pip(*arguments):
    command = [venv_python(), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    process = subprocess.Popen(
        command + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode:
        raise SetupError(explain(output))


def check_space():
    free = shutil.disk_usage(ROOT).free
    if free < FREE_BYTES:
        raise SetupError(
            "The disk is too full: the environment needs {:.1f} GB free in {}, and there are "
            "{:.1f} GB.".format(FREE_BYTES / 1e9, ROOT, free / 1e9)
        )


def make_venv():
    # Debian's python3 has venv without ensurepip until python3-venv is installed.
    missing = subprocess.call(
        [sys.executable, "-c", "import ensurepip, venv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if missing:
        raise SetupError(
            "This Python ({}) comes without the venv module. On Debian and Ubuntu: "
            "sudo apt-get install python3-venv. Or name another Python with PYTHON=...".format(
                sys.executable
            )
        )
    process = subprocess.Popen(
        [sys.executable, "-m", "venv", "--clear", VENV],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode:
        raise SetupError(
            explain(output).replace("pip could not install requirements.lock", "venv failed")
        )


def check_link():
    """Refuse to clear, through a link, the environment of another checkout."""
    if not os.path.islink(VENV):
        return
    try:
        with open(STAMP) as file:
            owner = json.load(file)["folder"]
    except (OSError, IOError, ValueError, KeyError):
        owner = None
    if owner != ROOT and os.path.isdir(VENV) and os.listdir(VENV):
        raise SetupError(
            "{} is a link to {}, which holds another environment; setting up here would empty "
            "it. Remove the link, or empty that folder yourself, and run the same command "
            "again.".format(VENV, os.path.realpath(VENV))
        )


def build():
    check_link()
    if os.path.exists(STAMP):
        os.remove(STAMP)
    check_space()
    version = sys.version_info
    print("Setting up .venv with Python {} (once; some minutes).".format(version_text(version)))
    sys.stdout.flush()
    make_venv()
    pip("install", "--quiet", "--require-hashes", "-r", LOCK)
    pip("install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ROOT)
    # Written last and in one step, so that an interrupted set-up is never taken for a whole one.
    with open(STAMP + ".part", "w") as file:
        json.dump(fingerprint(version), file)
    os.rename(STAMP + ".part", STAMP)
    print("The environment is ready.")


def main(arguments=()):
    if arguments:
        sys.stderr.write("{}It takes no options; to set up, leave them out.\n".format(__doc__))
        return 2
    try:
        if is_ready():
            return 0
        if not usable(sys.version_info):
            return subprocess.call([find_python(), os.path.abspath(__file__)])
        build()
    except SetupError as error:
        sys.stderr.write("\n{}\n".format(error))
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted; the next run starts the set-up over.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
