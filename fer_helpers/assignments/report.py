"""Feedback pages for students and a report on the class, as HTML that runs nothing."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from markdown_it import MarkdownIt

from fer_helpers.assignments.execution import LARGEST_FILE

# It passes no HTML on, and no address of a script.
_MARKDOWN = MarkdownIt("js-default")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LONGEST = 20_000
# No HTML or script of a notebook gets here: a page of a hostile one is as harmless as any.
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; }}
body {{ padding: 0 1rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
td:first-child {{ white-space: nowrap; }}
th, td {{ border: 1px solid #888; padding: .3rem .6rem; text-align: left; vertical-align: top; }}
pre {{ border-left: 3px solid #888; overflow-x: auto; padding: .3rem .8rem; }}
pre {{ white-space: pre-wrap; }}
pre.code {{ background: #8882; border: 0; }}
img {{ background: white; max-width: 100%; }}
</style></head><body><main>
"""
# Too wide for a phone it scrolls, with the keyboard too.
_WIDE = '<div class="wide" tabindex="0" role="region" aria-label="Table">'
_FOOT = "</main></body></html>\n"


def cells_of(executed: str | None) -> list[dict]:
    """Return the cells of an executed notebook; none where it is damaged."""
    try:
        cells = json.loads(executed or "{}").get("cells", [])
        return [
            cell
            for cell in cells
            if isinstance(cell, dict)
            and all(isinstance(output, dict) for output in cell.get("outputs", []))
        ]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return []


def page(assignment, grade, executed: str | None) -> str:
    """Return a student's page: points and reasons by task, then the notebook as it ran.

    Parameters
    ----------
    assignment
        What was graded.
    grade
        A `fer_helpers.assignments.grade.Grade`.
    executed
        The executed notebook as text, or None.
    """
    student = grade.student
    cells = [cell for cell in cells_of(executed) if not _of_the_run(cell)]
    points = "No grade" if grade.points is None else f"{grade.points:g} of 100 points"
    parts = [
        _HEAD.format(title=_text(f"{assignment.title}: feedback for {student.name or student.id}")),
        f"<h1>{_text(student.name or student.id)}: {points}</h1>",
        f"<p>{_text(assignment.title)}, variant {grade.variant}. {_text(grade.status.capitalize())}"
        f"{': ' + _text(grade.reason) if grade.reason else ''}.</p>",
    ]
    if grade.tasks:
        handed_in = {_task(cell): number for number, cell in reversed([*enumerate(cells)])}
        # The spaces keep the points in one line.
        rows = [
            [
                _Link(name, f"#cell-{handed_in[name]}") if name in handed_in else name,
                f"{task['points']:g}\xa0of\xa0{task['of']}",
                task["says"],
            ]
            for name, task in grade.tasks.items()
        ]
        parts.append(_table(["Task", "Points", "Feedback"], rows))
    if cells:
        parts.append("<h2>Your notebook as it ran, with your variant</h2>")
        parts += [_cell(cell, f"cell-{number}") for number, cell in enumerate(cells)]
    elif grade.tasks:
        parts.append(
            "<p>Your notebook as it ran is not shown: it is damaged, or larger than "
            f"{LARGEST_FILE // 2**20} MB with all that it prints. The points do not depend on that."
            "</p>"
        )
    return "\n".join([*parts, _FOOT])


def _of_the_run(cell: dict) -> bool:
    """Tell whether papermill has added the cell: a banner over an error, as HTML."""
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and "papermill-error-cell-tag" in tags


def _task(cell: dict) -> str | None:
    """Return the task that a code cell hands in, None where it hands in none."""
    if cell.get("cell_type") != "code":
        return None
    found = re.search(r"""\banswer\(\s*["'](task-\d+)["']""", _joined(cell.get("source", "")))
    return found[1] if found else None


def _text(value: object) -> str:
    return html.escape(str(value))


def _joined(value: object) -> str:
    text = "".join(map(str, value)) if isinstance(value, list) else str(value)
    text = _ANSI.sub("", text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "\n… (cut)"


def _markdown(source: str) -> str:
    try:
        tokens = _MARKDOWN.parse(source)
        for token in tokens:
            if token.type in ("heading_open", "heading_close"):
                # Below the page's own headings.
                token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        text = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
        return text.replace("<table>", f"{_WIDE}<table>").replace("</table>", "</table></div>")
    except Exception:  # of text that nobody has thought of
        return f"<pre>{_text(source)}</pre>"


def _cell(cell: dict, name: str) -> str:
    source = _joined(cell.get("source", ""))
    if cell.get("cell_type") != "code":
        return _markdown(source)
    parts = [f'<pre class="code" id="{name}">{_text(source)}</pre>']
    for output in cell.get("outputs", []):
        data = output.get("data") if isinstance(output.get("data"), dict) else {}
        if output.get("output_type") == "stream":
            parts.append(f"<pre>{_text(_joined(output.get('text', '')))}</pre>")
        elif output.get("output_type") == "error":
            said = f"{output.get('ename', '')}: {_joined(output.get('evalue', ''))}"
            parts.append(f"<pre>{_text(said)}</pre>")
        elif picture := _picture(data.get("image/png")):
            parts.append(f'<p><img alt="A figure that this cell drew." src="{picture}"></p>')
        elif "text/plain" in data:
            parts.append(f"<pre>{_text(_joined(data['text/plain']))}</pre>")
    return "\n".join(parts)


def _picture(data: object) -> str | None:
    """Return the address of a PNG in base64, or None for anything else."""
    try:
        raw = base64.b64decode(_whole(data), validate=True)
    except (ValueError, TypeError):
        return None
    if not raw.startswith(b"\x89PNG") or len(raw) > 2_000_000:
        return None
    return "data:image/png;base64," + base64.b64encode(raw).decode()


def _whole(data: object) -> str:
    text = "".join(data) if isinstance(data, list) else data
    return re.sub(r"\s", "", text)


class _Link(NamedTuple):
    """What a cell of a table shows, and where on the page it leads."""

    text: str
    address: str


def _table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [_WIDE]
    lines.append("<table><thead><tr>")
    lines += [f'<th scope="col">{_text(name)}</th>' for name in header]
    lines.append("</tr></thead><tbody>")
    for row in rows:
        lines.append("<tr>" + "".join(f"<td>{_inner(value)}</td>" for value in row) + "</tr>")
    return "\n".join([*lines, "</tbody></table></div>"])


def _inner(value: object) -> str:
    if isinstance(value, _Link):
        return f'<a href="{_text(value.address)}">{_text(value.text)}</a>'
    return _text(value)


def shares(assignment, grades: list) -> np.ndarray:
    """Return the share of each task's points ``(students, tasks)`` of who has a grade."""
    return np.array(
        [
            [grade.tasks[task.name]["points"] / task.points for task in assignment.tasks]
            for grade in grades
            if grade.points is not None
        ]
    ).reshape(-1, len(assignment.tasks))


def discrimination(share: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Return each task's correlation with the points of all other tasks, NaN where it has none.

    The task itself is left out: with it, every task would seem to agree with the whole
    (corrected item-total correlation).

    Parameters
    ----------
    share
        Of each task's points ``(students, tasks)``.
    worth
        Points of each task ``(tasks,)``.

    Examples
    --------
    >>> share = np.array([[0.0, 0.0, 1.0], [0.5, 0.5, 1.0], [1.0, 1.0, 1.0]])
    >>> discrimination(share, np.array([10, 10, 10])).round(2).tolist()
    [1.0, 1.0, nan]
    """
    points = share * worth
    found = []
    for task in range(share.shape[1]):
        rest = points.sum(axis=1) - points[:, task]
        flat = len(points) < 3 or np.ptp(points[:, task]) == 0 or np.ptp(rest) == 0
        found.append(np.nan if flat else np.corrcoef(points[:, task], rest)[0, 1])
    return np.array(found)


def class_page(assignment, grades: list) -> str:
    """Return the report on a class: points, difficulty and discrimination by task, failures."""
    share = shares(assignment, grades)
    worth = np.array([task.points for task in assignment.tasks])
    graded = [grade for grade in grades if grade.points is not None]
    parts = [
        _HEAD.format(title=_text(f"{assignment.title}: the class")),
        f"<h1>{_text(assignment.title)}: the class</h1>",
        f"<p>{len(grades)} students, {len(graded)} with a grade.</p>",
    ]
    if graded:
        points = np.array([grade.points for grade in graded])
        times = np.array([grade.seconds or 0 for grade in graded])
        parts.append(
            f"<p>Points: mean {points.mean():.1f}, median {np.median(points):.1f}, "
            f"lowest {points.min():g}, highest {points.max():g}. "
            f"Run time: median {np.median(times):.1f} s, longest {times.max():.1f} s.</p>"
        )
        parts.append(_figure(assignment, points, share))
        found = discrimination(share, worth)
        rows = [
            [
                task.name,
                task.title,
                task.points,
                f"{share[:, number].mean():.2f}",
                f"{(share[:, number] == 1).mean():.0%}",
                f"{(share[:, number] == 0).mean():.0%}",
                "none" if np.isnan(found[number]) else f"{found[number]:.2f}",
            ]
            for number, task in enumerate(assignment.tasks)
        ]
        header = ["Task", "About", "Points", "Difficulty", "Full marks", "No points"]
        parts.append(_table([*header, "Discrimination"], rows))
        parts.append(
            "<p>Difficulty is the mean share of the points: a high one is an easy task. "
            "Discrimination is the correlation with the points of all other tasks; below .2, or "
            "none, look at the task again. With fewer than some thirty students both are rough."
            "</p>"
        )
    odd = [grade for grade in grades if grade.reason]
    if odd:
        rows = [[grade.student.id, grade.status, grade.reason] for grade in odd]
        parts.append("<h2>Without a grade, or graded in part</h2>")
        parts.append(_table(["Student", "Status", "Reason"], rows))
    return "\n".join([*parts, _FOOT])


def _figure(assignment, points: np.ndarray, share: np.ndarray) -> str:
    # Not at the top: who releases or grades without a report needs no figure.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.hist(points, bins=np.arange(0, 101, 10), color="#3b6ea5", edgecolor="white")
    left.yaxis.get_major_locator().set_params(integer=True)
    left.set(xlabel="points", ylabel="students", xlim=(0, 100))
    names = [task.name for task in assignment.tasks]
    right.barh(names, share.mean(axis=0), color="#3b6ea5")
    right.set(xlabel="mean share of the points", xlim=(0, 1))
    right.invert_yaxis()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    data = base64.b64encode(file.getvalue()).decode()
    lowest = names[int(share.mean(axis=0).argmin())]
    alt = (
        f"Left, how many of {len(points)} students have how many points; the mean is "
        f"{points.mean():.1f}. Right, the mean share of the points of each task; it is lowest in "
        f"{lowest}. The table below has the numbers."
    )
    return f'<p><img alt="{_text(alt)}" src="data:image/png;base64,{data}"></p>'
