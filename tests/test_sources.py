"""The contract of a chapter, as far as a program can check it."""

import re
import statistics

import pytest

from tools import chapters, notebooks
from tools.chapters import Directive

NAMES = chapters.names()


@pytest.fixture(params=NAMES)
def chapter(request):
    return chapters.read(request.param)


def code(chapter):
    return [cell for cell in chapter.cells if cell.cell_type == "code"]


def prose(chapter):
    return "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")


def directives(chapter, name):
    found = [part for part in chapters.parts(chapter) if isinstance(part, Directive)]
    return [part for part in found if part.name == name]


def test_there_are_chapters():
    assert NAMES


def test_opens_with_title_promise_and_box(chapter):
    title, promise, box, *_ = re.split(r"\n{2,}", chapter.cells[0].source.strip())
    assert re.match(r"# [^\d]", title), "the site adds the number"
    assert promise[0].isalpha() and "\n" not in promise, "one sentence of promise"
    assert box.startswith(":::{admonition} This chapter")
    for part in ("You will learn", "You need", "Time"):
        assert f"**{part}" in chapter.cells[0].source
    bullets = re.findall(r"^- ", directives(chapter, "admonition")[0].body, re.M)
    assert 3 <= len(bullets) <= 5


def test_begins_with_setup_parameters_and_their_check(chapter):
    setup, _, parameters, check = code(chapter)[:4]
    repository, _ = chapters.addresses()
    assert f"git+{repository}" in setup.source
    assert parameters.metadata["tags"] == ["parameters"]
    assert re.findall(r'dataset = "(\w+)"', parameters.source) == ["sample"]
    assert re.findall(r'profile = "(\w+)"', parameters.source) == ["cpu"]
    assert "seed = 0" in parameters.source
    assert "exercises.check_parameters(" in check.source


def test_cells_are_short(chapter):
    lengths = [len(cell.source.splitlines()) for cell in code(chapter)]
    assert max(lengths) <= 25
    assert statistics.median(lengths) <= 8


def test_exercises_have_a_solution_that_checks_itself(chapter):
    assert len(chapter.exercises) >= 3
    solved: dict[str, str] = {}
    label = None
    for cell in chapter.cells:
        if cell.cell_type == "code":
            if label:
                solved[label] += cell.source
            continue
        for part in chapters.split(cell.source, chapter.name):
            if isinstance(part, Directive) and part.name == "solution-start":
                label = part.argument
                solved[label] = ""
            if isinstance(part, Directive) and part.name == "solution-end":
                label = None
    assert list(solved) == list(chapter.exercises)
    for label, source in solved.items():
        number = chapter.exercises[label].split(".")[1]
        assert f'exercises.check("{chapter.name}.{number}"' in source, label


def test_quizzes(chapter):
    quizzes = directives(chapter, "quiz")
    assert len(quizzes) >= 3
    for part in quizzes:
        chapters.quiz(part, chapter.name)
    assert len({part.argument for part in quizzes}) == len(quizzes)


def test_closes_with_what_was_seen_sources_and_next(chapter):
    text = prose(chapter)
    assert re.search(r"^#+ What you have seen|^\*\*What you have seen", text, re.M)
    sources = text.split("## Sources")
    assert len(sources) == 2 and "{cite" in sources[1]
    assert "Next" in sources[1]


def test_every_column_of_a_table_has_a_name(chapter):
    """A screen reader says the column's name before each cell; axe says so only much later."""
    headers = re.findall(r"^(\|.*\|)\n\|[-:| ]+\|$", prose(chapter), re.M)
    assert not [header for header in headers if re.search(r"\|\s*\|", header)]


def test_foundations_add_a_row_to_the_results_table(chapter):
    if chapter.number > 8:
        pytest.skip("only chapters 01 to 08 add a row")
    calls = [cell.source for cell in code(chapter) if "logbook.add(" in cell.source]
    assert len(calls) == 1
    assert re.search(rf'logbook\.add\(\s*"{chapter.name}"', calls[0])


def test_learners_see_plain_markdown(chapter):
    notebook = chapters.learner(chapter)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = chapters.outside_code(cell.source, lambda part: part)
            assert not re.search(r"^:{3,}|^\([\w-]+\)=|\{[\w:-]+\}`", text, re.M), text
            assert text.count("<details>") == text.count("</details>"), text


def test_no_fold_of_a_notebook_is_empty(chapter):
    for cell in chapters.learner(chapter).cells:
        assert not re.search(r"</summary>\s*</details>", cell.source), cell.source


def test_site_has_balanced_folds(chapter):
    text = "\n".join(c.source for c in chapters.site(chapter).cells if c.cell_type == "markdown")
    assert text.count("<details") == text.count("</details>") == len(chapter.exercises)


# The converter itself, on small sources.


def small(tmp_path, monkeypatch, text):
    monkeypatch.setattr(chapters, "CHAPTERS", tmp_path)
    header = "---\njupytext:\n  text_representation: {extension: .md, format_name: myst}\n---\n"
    (tmp_path / "07-small.md").write_text(header + text, encoding="utf-8")
    return chapters.read("07-small")


def test_conversion(tmp_path, monkeypatch):
    source = """\
# Small

:::{tip} Look
Here.
:::

:::{exercise} First
:label: small-1
Do it, see {ref}`small-1` and [pooling](04-pooling.md#top).
:::

:::{solution-start} small-1
:::
Prose.

```{code-cell} ipython3
1 + 1
```

More.
:::{solution-end}
:::

After. $a_{i}$ and {math}`b`.
"""
    chapter = small(tmp_path, monkeypatch, source)
    learner = [cell.source for cell in chapters.learner(chapter).cells]
    assert learner[0].startswith("# 7. Small\n")
    assert "> **Look**\n>\n> Here." in learner[0]
    assert "**Exercise 7.1: First**" in learner[0]
    assert "see exercise 7.1 and [pooling](04-pooling.ipynb)" in learner[0]
    assert learner[0].endswith("(try first)</summary>\n\nProse.\n\n</details>")
    assert learner[2].startswith("<details><summary><b>Solution of exercise 7.1, continued")
    assert learner[2].endswith("More.\n\n</details>\n\nAfter. $a_{i}$ and $b$.")
    assert chapters.learner(chapter).cells[1].metadata["jupyter"] == {"source_hidden": True}

    site = [cell.source for cell in chapters.site(chapter).cells]
    assert ":::{admonition} Exercise 7.1: First\n:class: exercise\n:name: small-1" in site[0]
    assert "[exercise 7.1](#small-1) and [pooling](04-pooling.ipynb#top)" in site[0]
    assert site[2].startswith("More.\n\n</details>")


def test_citations_are_spelt_out():
    assert chapters.citation("ertugrul2024", textual=False) == "Ertuğrul, 2024"
    assert chapters.citation("savenko2026", textual=True) == "Savenko et al. (2026)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (":::{tip} Open\nno end", "never closed"),
        (":::{carousel}\n:::", "no directive 'carousel'"),
        ("{swing}`x`", "no role 'swing'"),
        (":::{exercise} No label\n:::", "no :label:"),
        (":::{quiz} q\nquestion: Q\noptions:\n  - {text: a, feedback: b}\n:::", "0 right options"),
        (":::{quiz} q\nquestion: Q\noptions:\n  - {text: a, right: true}\n:::", "without text or"),
        (":::{quiz} q\nquestion: [\n:::", "is no YAML"),
        ("{cite}`nobody1900`", "no entry 'nobody1900'"),
    ],
)
def test_broken_sources_are_refused(tmp_path, monkeypatch, text, message):
    with pytest.raises(chapters.ChapterError, match=re.escape(message)):
        chapters.learner(small(tmp_path, monkeypatch, f"# Small\n\n{text}\n"))


@pytest.mark.parametrize(
    ("right", "said"), [(1, "One answer is right."), (3, "Three answers are right.")]
)
def test_a_quiz_says_how_many_options_are_right(tmp_path, monkeypatch, right, said):
    options = "\n".join(
        f"  - {{text: option {n}, feedback: b{', right: true' if n < right else ''}}}"
        for n in range(4)
    )
    text = f":::{{quiz}} q\nquestion: Which?\nseveral: true\noptions:\n{options}\n:::"
    chapter = small(tmp_path, monkeypatch, f"# Small\n\n{text}\n")
    for notebook in (chapters.learner(chapter), chapters.site(chapter)):
        assert f"Which? ({said})" in notebook.cells[0].source


# Results in prose that no cell of the chapter computes: whose they are.
QUOTED = {
    ".6732": "savenko2026",
    ".6837": "savenko2026",
    ".8981": "savenko2026",
    ".9197": "savenko2026",
    ".2942": "yershov2025",
    ".8413": "yershov2025",
    ".9114": "yershov2025",
    ".9991": "yershov2025",
    "0.991": "yershov2025",
    "41.2": "matijasevic2024",
    "83.61": "matijasevic2024",
    "90.35": "matijasevic2024",
    "28.54": "he2016",
    "27.94": "he2016",
}
# And those that are invented for a question or an exercise.
INVENTED = {
    "07-training-well": {"0.655", "0.640"},
    "23-residual-roc": {"24.7"},
    "25-reading-papers": {".9093", "30.5"},
}


def results_in(text):
    """Return what looks like a score: three decimals, or a percentage like 41.2 %."""
    found = re.findall(r"(?<![\d.,])0?\.\d{3,}(?!\d)|(?<![\d.,])\d{2}\.\d+(?= ?%)", text)
    return {number for number in found if not re.fullmatch(r"0?\.0*1", number)}


def computed_by(name, chapter):
    """Everything that the chapter's cells contain and print, in the stored notebook."""
    texts = [cell.source for cell in code(chapter)]
    for cell in code(notebooks.stored(name)):
        for output in cell.outputs:
            texts.append(output.get("text", "") or str(output.get("data", {}).get("text/plain")))
    return "\n".join(texts)


@pytest.mark.parametrize("name", NAMES)
def test_every_result_in_prose_has_a_run_behind_it(name):
    chapter = chapters.read(name)
    text, computed = prose(chapter), computed_by(name, chapter)
    for number in results_in(text) - INVENTED.get(name, set()):
        if number.removeprefix("0") not in computed:
            assert number in QUOTED, f"{number} comes from no cell of this chapter"
            assert QUOTED[number] in text, f"{number} is quoted without {QUOTED[number]}"


def test_results_are_found_in_prose():
    found = results_in("reached .684, or 0.6840, at a rate of 0.001 in 41.2 % of 1.5 hours")
    assert found == {".684", "0.6840", "41.2"}


def test_no_exemption_is_left_over():
    for name, numbers in INVENTED.items():
        assert numbers <= results_in(prose(chapters.read(name)))
    every = set().union(*(results_in(prose(chapters.read(name))) for name in NAMES))
    assert set(QUOTED) <= every
