"""The notebook of assignment 4: its own solutions earn what the key says."""

import json

import papermill
import pytest

from fer_helpers import assignments
from fer_helpers.assignments.tasks import judge
from fer_helpers.assignments.values import decode, encode
from tools import assignments as builder


def marks(book, variant, profile, tmp_path, monkeypatch):
    """Execute a notebook as the grading does, and return the points and feedback of each task."""
    assignment = assignments.get(book)
    work = assignment.work(variant)
    noted = tmp_path / "answers.jsonl"
    monkeypatch.setenv(assignments.ANSWERS, str(noted))
    source = builder.source(book)
    for task in assignment.tasks:
        calls = [arguments for kind in task.calls(work, variant) for arguments in kind]
        if calls:
            text = json.dumps(encode([list(arguments) for arguments in calls]))
            source.cells.append(
                type(source.cells[-1])(
                    cell_type="code",
                    source=f"assignments.call({task.name!r}, {text})",
                    metadata={},
                    outputs=[],
                    execution_count=None,
                    id=f"call-{task.name}",
                )
            )
    parameters = {"variant": variant, "profile": profile}
    papermill.execute_notebook(
        source, None, parameters, kernel_name="python3", progress_bar=False, language="python"
    )
    records = [json.loads(line) for line in noted.read_text().splitlines()]
    return {
        task.name: judge(
            task, work, [record for record in records if record["task"] == task.name], variant
        )
        for task in assignment.tasks
    }


def test_the_notebooks_own_solutions_earn_all_points_but_those_of_the_long_training(
    tmp_path, monkeypatch
):
    # The profile smoke trains for seconds: whether the bar is reached is no matter of this test.
    found = marks("a4-study", 17, "smoke", tmp_path, monkeypatch)
    full = {task.name: task.points for task in assignments.get("a4-study").tasks}
    said = {name: result.says for name, result in found.items()}
    earned = {name: result.points for name, result in found.items() if name != "task-3"}
    assert earned == {name: full[name] for name in earned}, said
    assert "asks for" not in said["task-3"]


@pytest.mark.parametrize("code", ["sum", "size", "text", "noise", "average"])
def test_a_suspicion_costs_as_much_as_a_finding_earns(code):
    (task,) = (t for t in assignments.get("a4-study").tasks if t.name == "task-9")
    work = assignments.get("a4-study").work(17)
    key = task.key(work)
    given = key | {code: key.get(code, 0.5)}
    (result,) = [judge(task, work, [{"value": encode(decode(encode(given)))}], 0)]
    assert result.points == (15 if code in key else 13.5)
