"""Every Python block of the README runs, in order, and a killed process loses nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebook.notebooks import printed_in, write_notebook

_README = Path(__file__).parents[2] / "README.md"
_BLOCKS = re.findall(r"^```python\n(.*?)^```", _README.read_text(encoding="utf-8"), re.M | re.S)
_DEFINE, _START, _ATTACH, _ANSWER, _SCRIPT, _FORM, _INBOX, _BACK, _EXPORT, _ADOPT, *_TOGETHER = (
    _BLOCKS
)

_SHARED, _POSTGRES, _ELSEWHERE = _TOGETHER
_ANSWERS = re.search(r"^```yaml\n(.*?)^```", _README.read_text(encoding="utf-8"), re.M | re.S)
_RUN = re.search(r"^nbflow (run .*)$", _README.read_text(encoding="utf-8"), re.M)
_CARE = re.findall(
    r"^nbflow (?:export|import|prune|repair) .*$", _README.read_text(encoding="utf-8"), re.M
)
_TERMINAL = re.findall(r"^nbflow (?:inbox|doctor).*$", _README.read_text(encoding="utf-8"), re.M)

_DIE_WHEN_ASKED = """
import os
run.wait()
os._exit(9)
"""
_SEEN = """
from nbflow.notebook.static_start import start_text
print(start_text(review))
"""
_LOOK = """
print(nbflow.Inbox(review))
"""
_ASKED = """
found = differences(first.values, newest.values)
print(len(asked["__interrupt__"]), "question again,", len(found), "difference")
"""
_SHOW = """
print(run.result(timeout=10))
print(review.get_state(config).values)
"""


def _python(code: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(60)
def test_the_readme_runs_and_survives_a_killed_process(tmp_path: Path) -> None:
    killed = _python(_DEFINE + _START + _DIE_WHEN_ASKED, tmp_path)
    assert (killed.returncode, killed.stderr) == (9, "")

    listed = _python(_DEFINE + _INBOX + _LOOK, tmp_path)
    assert (listed.stdout, listed.stderr) == ("<nbflow inbox: 1 open question>\n", "")

    resumed = _python(_DEFINE + _ATTACH + _ANSWER + _SCRIPT + _SHOW, tmp_path)
    back = _python(
        _DEFINE + _BACK.replace("review.invoke", "asked = review.invoke", 1) + _ASKED, tmp_path
    )

    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert resumed.stdout.splitlines() == [
        "{'essay': 'An essay about cats', 'published': True}",
        "{'essay': 'An essay about dogs', 'published': False}",
    ]
    assert (back.returncode, back.stderr) == (0, "")
    assert back.stdout.splitlines() == ["1 question again, 1 difference"]


_SORRY = """
print(run.wait(), run.interrupts[0].value["question"])
run.resume("We are very sorry.")
print(run.result(timeout=10), len(run.history()))
"""


@pytest.mark.timeout(60)
def test_a_graph_of_langgraphs_is_adopted(tmp_path: Path) -> None:
    ran = _python(_ADOPT + _SORRY, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "interrupted Better words?",
        "{'text': 'We are very sorry.'} 3",
    ]


_MOVED = """
print(total.get_state({"configurable": {"thread_id": "june, again"}}).values)
"""


def test_processes_share_a_database_that_is_pruned_and_moved(tmp_path: Path) -> None:
    ran = _python(_SHARED + _MOVED, tmp_path)

    assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", "10\n")
    assert (tmp_path / "june.nbflow").stat().st_mode & 0o777 == 0o600


_COUNT = """
print([count.invoke(n, {"configurable": {"thread_id": "1"}}) for n in (1, 2)])
"""


@pytest.mark.timeout(60)
def test_a_thread_in_postgres_goes_on_in_another_process(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres)
    for printed in ("[1, 3]\n", "[4, 6]\n"):
        ran = _python(_POSTGRES + _COUNT, tmp_path)
        assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", printed)


@pytest.mark.timeout(120)
def test_tasks_run_on_a_cluster(tmp_path: Path) -> None:
    script = tmp_path / "script.py"  # whose workers begin with it anew
    main = _ELSEWHERE.replace("\nwith Client", '\nif __name__ == "__main__":\n  with Client')
    script.write_text(main)
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (ran.returncode, ran.stdout) == (0, f"{sum(n * n for n in range(20))}\n"), ran.stderr


@pytest.mark.timeout(60)
def test_the_workflow_of_the_readme_can_be_started_from_its_form(tmp_path: Path) -> None:
    shown = _python(_DEFINE + _FORM + _SEEN, tmp_path)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "review(topic: str) -> dict" in shown.stdout


@pytest.mark.timeout(60)
def test_a_run_is_told_elsewhere(tmp_path: Path) -> None:
    told = _python(_DEFINE + _START + "run.wait()\n" + _EXPORT, tmp_path)

    assert (told.returncode, told.stderr) == (0, "")
    names = {
        path.name for path in tmp_path.iterdir() if path.suffix in (".ipynb", ".html", ".json")
    }
    assert names == {"cats.ipynb", "cats.html", "cats.json"}


_PUBLISHES = """
run = review.start(topic, thread_id=topic)
print(run.result())
"""


@pytest.mark.timeout(90)
def test_the_command_of_the_readme_executes_a_notebook(tmp_path: Path) -> None:
    assert _ANSWERS is not None
    assert _RUN is not None
    (tmp_path / "answers.yaml").write_text(_ANSWERS[1])
    write_notebook(tmp_path / "report.ipynb", _DEFINE, _PUBLISHES, parameters="topic = 'cats'")
    command = [sys.executable, "-c", "from nbflow.cli import main; raise SystemExit(main())"]

    ran = subprocess.run(
        [*command, *_RUN[1].split()], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
    assert printed_in(tmp_path / "executed.ipynb") == (
        "{'essay': 'An essay about dogs', 'published': True}\n"
    )
    (question,) = json.loads(ran.stdout)["runs"][0]["questions"]
    assert question["from"] == "entry 2 of answers.yaml"


@pytest.mark.timeout(90)
def test_the_terminal_lists_and_answers_what_waits(tmp_path: Path) -> None:
    begun = 'review.invoke("owls", {"configurable": {"thread_id": "owls"}})'
    assert _python(_DEFINE + begun, tmp_path).stderr == ""
    listing, answering, looking = _TERMINAL
    command = [sys.executable, "-c", "from nbflow.cli import main; raise SystemExit(main())"]

    def run(line: str) -> str:
        return subprocess.run(
            [*command, *line.split()[1:]], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    listed = run(listing)
    stored = run(answering.replace("499dd3fb", listed.splitlines()[1].split()[0]))
    resumed = _python(
        _DEFINE + 'run = review.thread("owls"); run.resume(); print(run.result())', tmp_path
    )

    assert "Publish it?  (review, thread owls" in listed
    assert "review.thread('owls').resume()" in stored
    assert resumed.stdout == "{'essay': 'An essay about owls', 'published': True}\n"
    assert "All is well." in run(looking)
    assert [run(line).split(".")[0] for line in _CARE] == [
        "Thread 'owls' is in owls", "Thread 'barn' is in essays", "Pruned 2 of 2 threads",
        "All is sound",
    ]  # fmt: skip


_GUARANTEES = re.findall(
    r"\[`(test_\w+)`\]\(([^)]+)\)",
    _README.read_text(encoding="utf-8").partition("## What holds")[2],
)


def test_each_guarantee_names_tests_that_hold_it() -> None:
    table = _README.read_text(encoding="utf-8").partition("## What holds")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| **")]

    assert len(rows) >= 12
    assert [row for row in rows if not re.search(r"\[`test_\w+`\]\(tests/", row)] == []


@pytest.mark.parametrize(("name", "path"), _GUARANTEES)
def test_a_test_that_holds_a_guarantee_is_there(name: str, path: str) -> None:
    source = (_README.parent / path).read_text(encoding="utf-8")

    assert re.search(rf"^(?:async )?def {name}\(", source, re.M)


def test_each_link_of_the_readme_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", _README.read_text(encoding="utf-8"))
    own = {link for link in links if not link.startswith("https://")}

    assert own > {"CONTRIBUTING.md", "notebooks/10_tutorial.ipynb"}
    assert [link for link in own if not (_README.parent / link).exists()] == []
