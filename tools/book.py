"""Build the site from the executed chapters and the pages, and serve it.

python -m tools.book build    execute what changed, then build _build/html
python -m tools.book serve    the same, then serve it on this machine
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import nbformat

from tools import chapters, notebooks, scoreboard, throughput
from tools.chapters import ROOT

STAGE = ROOT / "_build" / "site"
WORK = ROOT / "_build" / "sphinx"
HTML = ROOT / "_build" / "html"
STAMP = HTML / ".built-from"

REDIRECT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Reading Faces</title>
<meta http-equiv="refresh" content="0; url=book/index.html">
<link rel="canonical" href="book/index.html">
</head>
<body><main><h1>Reading Faces</h1><p><a href="book/index.html">To the course</a></p></main></body>
</html>
"""


def stage(read: Callable[[str], nbformat.NotebookNode]) -> str:
    """Lay out what Sphinx reads, in the places that the launch buttons expect; return its hash."""
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.copytree(
        ROOT / "book", STAGE / "book", ignore=shutil.ignore_patterns("chapters", "assignments")
    )
    (STAGE / "book" / "scoreboard.md").write_text(scoreboard.page(), encoding="utf-8")
    guide = STAGE / "book" / "instructors" / "assignments.md"
    guide.write_text(guide.read_text("utf-8").replace(throughput.PLACE, throughput.page()), "utf-8")
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, STAGE / name)
    for page in (STAGE / "book").rglob("*.md"):
        folder = page.parent.relative_to(STAGE).as_posix()
        relinked = functools.partial(chapters.relink, base=folder)
        text = chapters.outside_code(page.read_text(encoding="utf-8"), relinked)
        page.write_text(text, encoding="utf-8")
    (STAGE / "notebooks").mkdir()
    for name in chapters.names():
        page = notebooks.graft(name, chapters.site(chapters.read(name)), read(name))
        nbformat.write(page, STAGE / "notebooks" / f"{name}.ipynb")
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in sorted(STAGE.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def build(read: Callable[[str], nbformat.NotebookNode]) -> None:
    """Build the site into ``_build/html`` where anything in it has changed.

    Parameters
    ----------
    read
        Gives the executed notebook of a chapter by its name.
    """
    key = stage(read)
    print(f"{'site':<28}", end="", flush=True)
    if STAMP.exists() and STAMP.read_text() == key:
        print("reused", flush=True)
        return
    start = time.perf_counter()
    # A second run on an old build passes over warnings, so every build is a clean one.
    shutil.rmtree(WORK, ignore_errors=True)
    run = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", run, "build", str(STAGE)]
    command += ["--path-output", str(WORK), "-W", "-n", "--keep-going"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    built = WORK / "_build" / "html"
    if done.returncode or not (built / "book" / "index.html").exists():
        print("failed", flush=True)
        raise notebooks.BuildError(explain(done.stdout))
    (built / "index.html").write_text(REDIRECT)
    (built / STAMP.name).write_text(key)
    shutil.rmtree(HTML, ignore_errors=True)
    shutil.move(built, HTML)
    print(f"{time.perf_counter() - start:4.0f} s", flush=True)


def explain(output: str) -> str:
    """Return the warnings and errors of a Sphinx run, with paths of the sources."""
    output = re.sub(r"\x1b\[[\d;]*m", "", output)
    telling = [line for line in output.splitlines() if "WARNING" in line or "ERROR" in line]
    text = "\n".join(telling or output.splitlines()[-40:])
    text = text.replace(f"{STAGE}{os.sep}", "")
    return f"The site has warnings, which count as errors:\n{text}"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments) -> None:
        pass


def server(port: int = 0) -> http.server.ThreadingHTTPServer:
    """Return a server of the built site on this machine only; port 0 takes a free one."""
    handler = functools.partial(QuietHandler, directory=str(HTML))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__)
    parser.add_argument("command", choices=("build", "serve"))
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    try:
        notebooks.execute_all()
        build(notebooks.executed)
    except (notebooks.BuildError, chapters.ChapterError) as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was executed is kept for the next build.", file=sys.stderr)
        return 130
    if options.command == "build":
        print("\nOpen _build/html/index.html in a browser, or run: make serve")
        return 0
    site = server(options.port)
    print(f"\nServing http://127.0.0.1:{site.server_port} (Ctrl-C stops it)", flush=True)
    try:
        site.serve_forever()
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
