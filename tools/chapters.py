"""Turn a chapter's source into the learner's notebook and into the notebook of the site.

The source is MyST Markdown. The site understands most of it; Jupyter and Colab understand plain
Markdown only, so for them every directive and role is written out.
"""

from __future__ import annotations

import html
import posixpath
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import yaml
from pybtex.database import parse_file
from pybtex.richtext import Text

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "book" / "chapters"
NOTEBOOKS = ROOT / "notebooks"

OPENING = re.compile(r"^(?P<fence>:{3,}|`{3,})\{(?P<name>[\w-]+)\}\s*(?P<argument>.*)$")
CODE_FENCE = re.compile(r"^(`{3,}|~{3,})(?!\{)")
OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")
ROLE = re.compile(r"\{([\w:-]+)\}`([^`]+)`")
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
TARGET = re.compile(r"^\([\w-]+\)=\s*$")
EXERCISE_OR_QUESTION = re.compile(r"[a-z][a-z0-9-]*-q?\d+")
TITLED = re.compile(r"^(.*?)\s*<(.+)>$")
COUNTS = ("No", "One", "Two", "Three", "Four", "Five", "Six")
BOXES = ("admonition", "note", "tip", "important", "warning", "hint", "seealso", "dropdown")


class ChapterError(ValueError):
    """A chapter's source breaks the format."""


@cache
def addresses() -> tuple[str, str]:
    """Return the repository's and the site's public address, from their one place."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    return urls["Repository"], urls["Homepage"]


@dataclass(frozen=True)
class Chapter:
    """One chapter: its name (as ``02-convolution``), number and cells."""

    name: str
    cells: list
    exercises: dict[str, str] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return int(self.name.split("-")[0])


@dataclass(frozen=True)
class Directive:
    name: str
    argument: str
    options: dict[str, str]
    body: str


def names() -> list[str]:
    """Return the names of all chapters, in order."""
    return sorted(path.stem for path in CHAPTERS.glob("[0-9][0-9]-*.md"))


def read(name: str) -> Chapter:
    """Read a chapter and number its exercises (2.1, 2.2, … in chapter 2)."""
    path = CHAPTERS / f"{name}.md"
    if not path.exists():
        raise ChapterError(f"no chapter {name!r}; there are {', '.join(names())}")
    cells = jupytext.read(path, fmt="md:myst").cells
    chapter = Chapter(name, cells)
    for part in parts(chapter):
        if isinstance(part, Directive) and part.name == "exercise":
            label = part.options.get("label")
            if not label:
                raise ChapterError(f"{name}: the exercise {part.argument!r} has no :label:")
            chapter.exercises[label] = f"{chapter.number}.{len(chapter.exercises) + 1}"
    return chapter


def parts(chapter: Chapter) -> list:
    """Return the directives and stretches of text of all Markdown cells."""
    return [
        part
        for cell in chapter.cells
        if cell.cell_type == "markdown"
        for part in split(cell.source, chapter.name)
    ]


def split(text: str, where: str) -> list[Directive | str]:
    """Split Markdown into directives and the text between them; fenced code stays text."""
    found: list[Directive | str] = []
    plain: list[str] = []
    lines = iter(text.split("\n"))
    for line in lines:
        opening = OPENING.match(line)
        code = CODE_FENCE.match(line)
        if opening:
            if plain:
                found.append("\n".join(plain))
                plain = []
            body = inside(lines, opening["fence"], f"{where}: {line.strip()}")
            options = {}
            while body and (option := OPTION.match(body[0])):
                options[option[1]] = option[2].strip()
                body.pop(0)
            argument = opening["argument"].strip()
            found.append(Directive(opening["name"], argument, options, "\n".join(body).strip()))
        elif code:
            plain += [line, *inside(lines, code[1], f"{where}: {line.strip()}"), code[1]]
        else:
            plain.append(line)
    if plain:
        found.append("\n".join(plain))
    return found


def inside(lines, fence: str, where: str) -> list[str]:
    """Return the lines up to the closing fence."""
    body = []
    for line in lines:
        mark = line.strip()
        if len(mark) >= len(fence) and set(mark) == {fence[0]}:
            return body
        body.append(line)
    raise ChapterError(f"{where} is never closed")


def quiz(directive: Directive, where: str) -> dict:
    """Parse and check a quiz: a question, options with feedback, exactly one of them right."""
    label = f"{where}: quiz {directive.argument!r}"
    try:
        data = yaml.safe_load(directive.body)
    except yaml.YAMLError as error:
        raise ChapterError(f"{label} is no YAML: {error}") from error
    if not isinstance(data, dict) or not data.get("question") or not data.get("options"):
        raise ChapterError(f"{label} needs a question and options")
    unknown = set(data) - {"question", "options", "several"}
    unknown |= {key for option in data["options"] for key in option} - {"text", "right", "feedback"}
    if unknown:
        raise ChapterError(f"{label} has the unknown key {sorted(unknown)[0]!r}")
    if any(not option.get("text") or not option.get("feedback") for option in data["options"]):
        raise ChapterError(f"{label} has an option without text or feedback")
    right = sum(bool(option.get("right")) for option in data["options"])
    if right != 1 and not (data.get("several") and right):
        raise ChapterError(f"{label} has {right} right options; one is the rule")
    return data


def verdict(option: dict) -> str:
    """Return an option's feedback, opening with the verdict where the author did not give one."""
    feedback = str(option["feedback"]).strip()
    if re.match(r"(right|yes|correct|exactly|no\b|not\b|wrong|true|false)", feedback, re.I):
        return feedback
    return ("**Right.** " if option.get("right") else "**No.** ") + feedback


@cache
def bibliography():
    """Return the entries of the list of references, by key."""
    return parse_file(str(ROOT / "book" / "references.bib")).entries


def citation(key: str, textual: bool) -> str:
    """Return ``Savenko et al., 2026`` (or ``Savenko et al. (2026)``) for a key of the list."""
    if key not in bibliography():
        raise ChapterError(f"references.bib has no entry {key!r}")
    entry = bibliography()[key]
    people = [" ".join(p.last_names) for p in entry.persons.get("author", [])]
    if not people:
        people = [entry.fields.get("organization") or entry.fields.get("title", key)]
    people = [str(Text.from_latex(person)) for person in people]
    who = people[0] if len(people) == 1 else " and ".join(people)
    if len(people) > 2:
        who = f"{people[0]} et al."
    year = entry.fields.get("year", "n.d.")
    return f"{who} ({year})" if textual else f"{who}, {year}"


def destination(target: str, chapter_base: str, *, learner: bool) -> str:
    """Return where a relative link of a source file leads from ``notebooks/`` or ``book/``.

    ``chapter_base`` is the folder of the source, ``book/chapters`` or ``book``.
    """
    if re.match(r"[a-z][a-z0-9+.-]*:|#", target):
        return target
    path, mark, anchor = target.partition("#")
    whole = posixpath.normpath(posixpath.join(chapter_base, path))
    repository, site = addresses()
    stem, suffix = posixpath.splitext(whole)
    is_chapter = whole.startswith(("book/chapters/", "notebooks/")) and suffix in (".md", ".ipynb")
    if is_chapter:
        name = posixpath.basename(stem)
        if learner:
            return f"{name}.ipynb"
        if EXERCISE_OR_QUESTION.fullmatch(anchor):
            # MyST finds headings by their page, and other targets by their name alone.
            return f"#{anchor}"
        here = "notebooks" if chapter_base == "book/chapters" else chapter_base
        return posixpath.relpath(f"notebooks/{name}.ipynb", here) + mark + anchor
    if whole.startswith("book/") and suffix == ".md":
        if learner:
            return f"{site}/{stem}.html{mark}{anchor}"
        here = "notebooks" if chapter_base == "book/chapters" else chapter_base
        return posixpath.relpath(whole, here) + mark + anchor
    return f"{repository}/blob/main/{whole}{mark}{anchor}"


def relink(text: str, base: str, *, learner: bool = False) -> str:
    """Point every relative link of a text to where its target is published."""

    def replace(match: re.Match) -> str:
        if learner and match["target"].startswith("#"):
            return match["text"]  # anchors differ between Jupyter, Colab and the site
        return f"[{match['text']}]({destination(match['target'], base, learner=learner)})"

    return LINK.sub(replace, text)


def outside_code(text: str, change) -> str:
    """Apply ``change`` to what is not fenced code."""
    result, code = [], None
    chunk: list[str] = []
    for line in text.split("\n"):
        fence = CODE_FENCE.match(line)
        if code is None and fence:
            result.append(change("\n".join(chunk)) if chunk else None)
            chunk, code = [line], fence[1]
        elif code and line.strip() == code:
            result.append("\n".join([*chunk, line]))
            chunk, code = [], None
        else:
            chunk.append(line)
    result.append(change("\n".join(chunk)) if chunk else None)
    return "\n".join(piece for piece in result if piece is not None)


class Writer:
    """Write a chapter's Markdown cells, one after the other; knows which solution is open."""

    def __init__(self, chapter: Chapter):
        self.chapter = chapter
        self.solution: str | None = None
        self.questions = 0

    def write(self, text: str) -> str:
        pieces = []
        for part in split(text, self.chapter.name):
            written = self.text(part) if isinstance(part, str) else self.directive(part)
            pieces.append(written.strip("\n"))
        return "\n\n".join(piece for piece in pieces if piece.strip())

    def directive(self, part: Directive) -> str:
        if part.name in BOXES:
            return self.box(part)
        handler = getattr(self, f"do_{part.name.replace('-', '_')}", None)
        if handler is None:
            raise ChapterError(f"{self.chapter.name}: no directive {part.name!r} in a chapter")
        return handler(part)

    def text(self, text: str) -> str:
        return outside_code(text, self.inline)

    def exercise_number(self, label: str) -> str:
        if label not in self.chapter.exercises:
            raise ChapterError(f"{self.chapter.name}: no exercise {label!r}")
        return self.chapter.exercises[label]

    def do_solution_end(self, part: Directive) -> str:
        self.solution = None
        return "</details>"


class SiteWriter(Writer):
    """For Sphinx: directives stay, except those of the course itself."""

    def inline(self, text: str) -> str:
        def role(match: re.Match) -> str:
            shown, label = reference(match[2])
            if match[1] in ("ref", "numref") and label in self.chapter.exercises:
                return f"[{shown or f'exercise {self.chapter.exercises[label]}'}](#{label})"
            return match[0]

        return relink(ROLE.sub(role, text), "book/chapters")

    def box(self, part: Directive) -> str:
        return fenced(part.name, part.argument, part.options, self.write(part.body))

    def do_exercise(self, part: Directive) -> str:
        label = part.options["label"]
        title = f"Exercise {self.exercise_number(label)}: {part.argument}".rstrip(": ")
        options = {"class": "exercise", "name": label}
        return fenced("admonition", title, options, self.write(part.body))

    def do_solution_start(self, part: Directive) -> str:
        # Not sphinx-exercise: a native <details> opens without JavaScript and by keyboard.
        self.solution = part.argument
        number = self.exercise_number(part.argument)
        return f'<details class="solution">\n<summary>Solution of exercise {number}</summary>'

    def do_quiz(self, part: Directive) -> str:
        data = quiz(part, self.chapter.name)
        self.questions += 1
        options = [
            fenced(
                "dropdown",
                str(option["text"]).strip(),
                {"class-container": "quiz-option"},
                self.text(verdict(option)),
            )
            for option in data["options"]
        ]
        body = "\n\n".join([self.text(question(data)), *options])
        options = {"class": "quiz", "name": part.argument}
        return fenced("admonition", f"Question {self.questions}", options, body)

    def do_explorer(self, part: Directive) -> str:
        return (
            f'<div class="explorer" data-explorer="{html.escape(part.argument)}">\n\n'
            f"{self.write(part.body)}\n\n"
            "<noscript>The explorer needs JavaScript; everything it shows is in the text and the "
            "cells, too.</noscript>\n\n</div>"
        )


class LearnerWriter(Writer):
    """For Jupyter and Colab: plain Markdown, with HTML only for what folds."""

    def write(self, text: str) -> str:
        open_before = self.solution
        written = super().write(text)
        # A fold cannot span cells in Jupyter, so each Markdown cell of a solution folds by itself.
        if open_before and written.startswith("</details>"):
            written = written.removeprefix("</details>").lstrip("\n")
        elif open_before:
            number = self.exercise_number(open_before)
            start = f"<details><summary><b>Solution of exercise {number}, continued</b></summary>"
            written = f"{start}\n\n{written}"
        if self.solution and not written.rstrip().endswith("</summary>"):
            written += "\n\n</details>"
        elif self.solution:
            written += "\n\nSee the next cell.\n\n</details>"
        return written

    def inline(self, text: str) -> str:
        lines = [line for line in text.split("\n") if not TARGET.match(line)]
        text = ROLE.sub(self.role, "\n".join(lines))
        return relink(text, "book/chapters", learner=True)

    def role(self, match: re.Match) -> str:
        name, content = match[1], match[2]
        shown, label = reference(content)
        if name.startswith("cite"):
            textual = name == "cite:t"
            cited = [citation(key.strip(), textual) for key in content.split(",")]
            return ", ".join(cited) if textual else f"({'; '.join(cited)})"
        if name in ("ref", "numref"):
            number = self.chapter.exercises.get(label)
            return shown or (f"exercise {number}" if number else label.replace("-", " "))
        if name == "doc":
            return f"[{shown or posixpath.basename(label)}]({label}.md)"
        if name == "math":
            return f"${content}$"
        if name in ("term", "abbr", "emphasis"):
            return shown or label
        raise ChapterError(f"{self.chapter.name}: no role {name!r} in a chapter")

    def box(self, part: Directive) -> str:
        title = part.argument or part.name.capitalize()
        body = f"**{title}**\n\n{Writer.write(self, part.body)}"
        return "\n".join(f"> {line}".rstrip() for line in body.split("\n"))

    def do_exercise(self, part: Directive) -> str:
        number = self.exercise_number(part.options["label"])
        title = f"Exercise {number}: {part.argument}".rstrip(": ")
        return f"**{title}**\n\n{Writer.write(self, part.body)}"

    def do_solution_start(self, part: Directive) -> str:
        self.solution = part.argument
        number = self.exercise_number(part.argument)
        return f"<details><summary><b>Solution of exercise {number}</b> (try first)</summary>"

    def do_quiz(self, part: Directive) -> str:
        data = quiz(part, self.chapter.name)
        self.questions += 1
        pieces = [f"**Question {self.questions}.** {self.text(question(data))}"]
        for option in data["options"]:
            # Jupyter does not parse Markdown within the line of a <summary>.
            shown = re.sub(
                r"`([^`]+)`", r"<code>\1</code>", html.escape(str(option["text"]), False)
            )
            pieces.append(f"<details><summary>{shown.strip()}</summary>")
            pieces.append(self.text(verdict(option)))
            pieces.append("</details>")
        return "\n\n".join(pieces)

    def do_explorer(self, part: Directive) -> str:
        page = f"{addresses()[1]}/notebooks/{self.chapter.name}.html"
        where = f"*The explorer itself is on [the course's site]({page}).*"
        return f"{Writer.write(self, part.body)}\n\n{where}"


def reference(content: str) -> tuple[str, str]:
    """Split a role's content into its text (maybe empty) and its label."""
    titled = TITLED.match(content)
    return (titled[1], titled[2]) if titled else ("", content)


def question(data: dict) -> str:
    """Return the question; where several options may be right, with how many of them are."""
    text = str(data["question"]).strip()
    if not data.get("several"):
        return text
    right = sum(bool(option.get("right")) for option in data["options"])
    count = COUNTS[right] if right < len(COUNTS) else str(right)
    return f"{text} ({count} answer{' is' if right == 1 else 's are'} right.)"


def fenced(name: str, argument: str, options: dict[str, str], body: str) -> str:
    """Return a directive whose fence is longer than every fence inside it."""
    inner = max((len(run) for run in re.findall(r"^:{3,}", body, re.M)), default=2)
    fence = ":" * (inner + 1)
    lines = [f"{fence}{{{name}}} {argument}".rstrip()]
    lines += [f":{key}: {value}" for key, value in options.items()]
    return "\n".join([*lines, "", body, fence])


def numbered(text: str, number: int) -> str:
    return re.sub(r"\A# +", f"# {number}. ", text)


def notebook(chapter: Chapter, writer: Writer) -> nbformat.NotebookNode:
    """Return the chapter as a notebook without outputs; equal sources give equal bytes."""
    cells = []
    for cell in chapter.cells:
        if cell.cell_type == "markdown":
            text = writer.write(cell.source)
            if not cells:
                text = numbered(text, chapter.number)
            if text.strip():
                cells.append(nbformat.v4.new_markdown_cell(text.strip()))
        else:
            metadata = dict(cell.metadata)
            if writer.solution and isinstance(writer, LearnerWriter):
                # JupyterLab reads the first, Colab the second.
                metadata["jupyter"] = {"source_hidden": True}
                metadata["cellView"] = "form"
            cells.append(nbformat.v4.new_code_cell(cell.source, metadata=metadata))
    for index, cell in enumerate(cells):
        cell.id = f"cell-{index:03d}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def learner(chapter: Chapter) -> nbformat.NotebookNode:
    """Return the notebook that a learner runs, with where to read and to open it on top."""
    book = notebook(chapter, LearnerWriter(chapter))
    repository, site = addresses()
    path = repository.removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{path}/blob/main/notebooks/{chapter.name}"
    title, _, rest = book.cells[0].source.partition("\n")
    links = (
        f"[Read this chapter on the site]({site}/notebooks/{chapter.name}.html) · "
        f"[Open it in Colab]({colab}.ipynb)"
    )
    book.cells[0].source = f"{title}\n\n{links}\n{rest}"
    return book


def site(chapter: Chapter) -> nbformat.NotebookNode:
    """Return the notebook that the site is built from."""
    return notebook(chapter, SiteWriter(chapter))
