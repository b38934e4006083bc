"""The instructor's guide: its numbers and links are those of the chapters."""

import functools
import re

import pytest

from fer_helpers import exercises
from tools import chapters
from tools.chapters import Directive

GUIDE = chapters.ROOT / "book" / "instructors"
NAMES = chapters.names()
# Most tests ask for every chapter.
read = functools.cache(chapters.read)
LINK = r"\[([^\]]+)\]\(\.\./chapters/(\d\d-[\w-]+)\.md(?:#([\w-]+))?\)"
RUNNING = {"half a minute": "30 s", "a minute": "60 s"}


def page(name):
    return (GUIDE / f"{name}.md").read_text(encoding="utf-8")


def sections(name):
    """Return the text of a page by the number of the chapter that each section is about."""
    parts = re.split(r"^## (\d\d) .*$", page(name), flags=re.M)
    return dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))


def box(name):
    """Return what a chapter's own box says: minutes of reading, of exercises, and the running."""
    time = re.search(r"^\*\*Time\*\* (.*)$", read(name).cells[0].source, re.M)[1]
    reading = re.search(r"reading ~(\d+) minutes", time)[1]
    work = re.search(r"the \w+ exercises ~(\d+) more", time)[1]
    cells = r"the cells run in (?:about |~)?(half a minute|a minute|seconds|\d+ s)"
    running = re.search(cells, time)[1]
    return f"{reading} min", f"{work} min", RUNNING.get(running, running)


def questions(name):
    """Return the labels of a chapter's questions, in order."""
    found = [part for part in chapters.parts(read(name)) if isinstance(part, Directive)]
    return [part.argument for part in found if part.name == "quiz"]


def cells_of(row):
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


# Times


@pytest.mark.parametrize("name", NAMES)
def test_minutes_are_those_of_the_chapters_box(name):
    rows = re.findall(rf"^\| \[\d\d [^\]]+\]\(\.\./chapters/{name}\.md\) .*$", page("index"), re.M)
    assert len(rows) == 1
    assert tuple(cells_of(rows[0])[1:]) == box(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_front_page_gives_the_same_minutes(name):
    front = (chapters.ROOT / "book" / "index.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| \[[^\]]+\]\(chapters/{name}\.md\) .*$", front, re.M)
    reading, _, running = box(name)
    assert [tuple(cells_of(row)[2:]) for row in rows] == [(reading, running)]


# The plan


def plan():
    rows = re.findall(r"^\| \d+ \| .*\| .*\| .*\| .*\|$", page("index"), re.M)
    return [cells_of(row) for row in rows if "../chapters/" in row]


def test_the_term_has_twelve_weeks_and_every_chapter():
    weeks = plan()
    assert [int(week[0]) for week in weeks] == list(range(1, 13))
    planned = [found[1] for week in weeks for cell in week for found in re.findall(LINK, cell)]
    assert sorted(planned) == NAMES


def test_a_lecture_takes_ninety_minutes():
    lengths = {number: length(text) for number, text in sections("lectures").items()}
    for week in plan():
        lectured = [int(found[1][:2]) for found in re.findall(LINK, week[1])]
        assert sum(lengths[number] for number in lectured) == 90, week[0]


# Lectures


def length(text):
    return int(re.match(r"\s*\*(45|90) minutes\.\*\n", text)[1])


@pytest.mark.parametrize("name", NAMES)
def test_every_chapter_has_a_lecture(name):
    text = sections("lectures")[int(name[:2])]
    minutes = [int(number) for number in re.findall(r"^\| (\d+) \|", text, re.M)]
    assert sum(minutes) == length(text)
    for part in ("Board", "Demonstration", "Ask first", "Expect", "Exit question"):
        assert text.count(f"\n**{part}.**") == 1, part


@pytest.mark.parametrize("name", NAMES)
def test_demonstrations_are_sections_and_explorers_of_the_chapter(name):
    text = sections("lectures")[int(name[:2])]
    source = "\n".join(cell.source for cell in read(name).cells)
    headings = re.findall(r"^##+ (.*)$", source, re.M)
    named = re.findall(r"[Ss]ection \*(.+?)\*", text)
    assert named and set(named) <= set(headings)
    for explorer in re.findall(r"the \*(\w+)\* explorer", text):
        assert f"{{explorer}} {explorer}\n" in source


# Misconceptions


@pytest.mark.parametrize("name", NAMES)
def test_every_chapter_has_two_to_four_misconceptions(name):
    entries = re.split(r"^- (?=\*\*)", sections("misconceptions")[int(name[:2])], flags=re.M)[1:]
    assert 2 <= len(entries) <= 4
    for entry in entries:
        assert entry.count("*Shows in*") == entry.count("*In class:*") == 1, entry
        links = re.findall(LINK, entry)
        assert links and {chapter for _, chapter, _ in links} == {name}, entry
        assert all(anchor for *_, anchor in links), entry


def test_every_exercise_and_question_that_is_named_exists():
    for shown, name, anchor in re.findall(LINK, page("misconceptions")):
        chapter = read(name)
        kind, number = shown.lower().split()
        if kind == "exercise":
            assert chapter.exercises[anchor] == number
            # An unknown exercise would be an error.
            assert not exercises.check(f"{name}.{number.partition('.')[2]}", None)
        else:
            assert kind == "question"
            assert questions(name).index(anchor) + 1 == int(number)


# All pages


@pytest.mark.parametrize("path", sorted(GUIDE.glob("*.md")), ids=lambda path: path.stem)
def test_every_column_of_a_table_has_a_name(path):
    headers = re.findall(r"^(\|.*\|)\n\|[-:| ]+\|$", path.read_text(encoding="utf-8"), re.M)
    assert not [header for header in headers if re.search(r"\|\s*\|", header)]


def test_every_page_is_in_the_table_of_contents():
    contents = (chapters.ROOT / "_toc.yml").read_text(encoding="utf-8")
    for path in GUIDE.glob("*.md"):
        assert f"file: book/instructors/{path.stem}\n" in contents
