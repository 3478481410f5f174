"""A record on GitHub, whose notebooks keep few elements and attributes, and no style at all."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from typing import Any, Literal

from pydantic import BaseModel, Field

from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.identity import acting_as
from nbflow.record.static_view import HTML_BYTES, html_of
from nbflow.run import Run
from nbflow.types import RetryPolicy, interrupt

WAIT_S = 10.0
ELEMENTS = (
    "h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p ol ul table thead "
    "tbody tfoot blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary "
    "details caption figure figcaption abbr bdo cite dfn mark small span time wbr"
)
"""Those of html-pipeline's list, which GitHub's comes from."""
ATTRIBUTES = "align alt colspan datetime dir lang open role rowspan scope title"
"""Those of that list that a record has a use for."""


class Stripped(HTMLParser):
    """What is left of HTML, its text, and where each text stands."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = ""
        self.text = ""
        self._style = False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        if tag in ELEMENTS.split():
            kept = [(name, value or "") for name, value in attrs if name in ATTRIBUTES.split()]
            parts = "".join(f' {name}="{html.escape(value)}"' for name, value in kept)
            self.source += f"<{tag}{parts}>"
            self.text += f" {dict(kept).get('alt', '')} "

    def handle_endtag(self, tag: str) -> None:
        self._style = False
        if tag in ELEMENTS.split():
            self.source += f"</{tag}>"
            self.text += " "

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.source += html.escape(data)
            self.text += data


def stand_in_order(text: str, *parts: str) -> None:
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0, f"{part!r} does not stand after {text[max(0, at - 60) : at]!r} in {text}"
        at = found + len(part)


class Verdict(BaseModel):
    """What a reader says."""

    tone: Literal["dry", "friendly"] = Field(title="Tone")
    stars: int = Field(title="Stars", ge=1, le=5)
    why: str = Field(title="Reason", description="In a sentence.")


def reviewed() -> Run:
    tries: list[int] = []

    @task(retry_policy=RetryPolicy(max_attempts=3, initial_interval=0.001, jitter=False))
    def look_up(topic: str) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("the library is shut")
        return f"3 books on {topic}"

    @task
    def draft(topic: str) -> str:
        return look_up(topic).result()

    @entrypoint(checkpointer=InMemorySaver())
    def review(topic: str) -> None:
        text = draft(topic).result()
        asked = {"question": "Publish it?", "rows": [{"title": text, "pages": 7}]}
        interrupt(asked, response_schema=Verdict)
        raise LookupError("no printer is there")

    run = review.start("cats", thread_id="t-1")
    assert run.wait(WAIT_S) == "interrupted"
    with acting_as("ada"):
        run.resume({"tone": "dry", "stars": 4, "why": "It is short."})
    assert run.wait(WAIT_S) == "error"
    return run


def test_all_that_a_record_says_is_left_in_order() -> None:
    stripped = Stripped(html_of(reviewed()))

    assert "style" not in stripped.source and "class" not in stripped.source
    stand_in_order(
        stripped.text,
        *("review", "✗ failed", "thread t-1"),
        *("✓", "draft", "ms"),
        *("✓", "\xa0look_up", "attempt 2 of 3"),
        *("Publish it?", "title", "pages", "3 books on cats", "7"),
        *("Tone *", "● dry", "○ friendly", "Stars *", "4", "Reason *", "It is short."),
        *("In a sentence.", "Asked", "Answered by ada"),
        *("LookupError: no printer is there", "Traceback"),
    )


def test_what_stands_side_by_side_is_parted_without_a_style() -> None:
    """Else 'review✗ failed' and 'draft12 ms' run into each other."""
    text = Stripped(html_of(reviewed())).source

    assert "<strong>review</strong> ✗ failed<span> · " in text
    assert text.count("<table>") == text.count("</table>") == 3
    assert text.count("<details") == text.count("</details>") >= 2
    assert '<th scope="row">Tone *</th><td><strong>● dry</strong>' in text


def test_twenty_questions_with_long_texts_stay_small() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def ask(n: int) -> list[Any]:
        rows = [{"name": f"row {at}", "text": "long " * 40} for at in range(200)]
        return [
            interrupt(
                {"question": f"Number {at}?", "text": "words " * 2_000, "rows": rows},
                response_schema=Verdict,
            )
            for at in range(n)
        ]

    run = ask.start(20, thread_id="1")
    for _ in range(20):
        assert run.wait(WAIT_S) == "interrupted"
        run.resume({"tone": "dry", "stars": 4, "why": "so " * 500})
    assert run.wait(WAIT_S) == "done"
    told = html_of(run)

    assert len(told.encode()) < HTML_BYTES
    stand_in_order(Stripped(told).text, "✓ done", "Number", "Number 19?", "Result")
