"""The README's moving picture: a true story in JupyterLab, photographed frame by frame.

``python -m tests.browser.film`` plays it in light and in dark and writes ``notebooks/film-*.webp``.
Kernel, page, keys and the kill are real. How long a frame stands is written here and not measured,
so that the same code makes the same film on a slow machine.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.lab import CELL_MS, FLAGS, Lab, Notebook, serve, write_notebook
from tests.conftest import find_chromium
from tests.pictures import write

__all__ = ["FILMS", "SIZE", "THEMES", "USER", "Frame", "shoot"]

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

FILMS = {shade: Path(__file__).parents[2] / "notebooks" / f"film-{shade}.webp" for shade in THEMES}
"""Where the films are."""

USER = "ada"
"""Who answers; for ``NBFLOW_USER`` of the kernel."""

SIZE = (968, 726)
"""Pixels of the film."""

_SCALE = 1.1
_WIDTH, _HEIGHT = (round(side / _SCALE) for side in SIZE)
_CAPTION = 44
_LAST_TOP = 165
"""Where the last cell ends up, so that the last frame has code above and all of the card below."""
_STEPS = 7
"""Frames of a scroll."""
_FLAGS = (*FLAGS, "--disable-lcd-text", "--force-color-profile=srgb")

IMPORTS = """
%load_ext nbflow
from time import sleep
from pydantic import BaseModel
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt
"""

WORKFLOW = """
class Verdict(BaseModel):
    headline: str
    publish: bool

@task
def read(source: str, topic: str) -> str:
    sleep(len(source) - 4)  # a search, a model, an hour of work
    return f"what {source} say about {topic}"

@task
def publish(headline: str, essay: str) -> str:
    sleep(2)
    return f"{headline}: {essay}."

@entrypoint(checkpointer=SqliteSaver("essays.sqlite"))
def review(topic: str) -> str:
    reading = [read(source, topic) for source in ("books", "papers", "letters")]
    essay = ", ".join(one.result() for one in reading)
    verdict = interrupt({"question": "Publish it?", "essay": essay}, response_schema=Verdict)
    return publish(verdict.headline, essay).result() if verdict.publish else "kept"
"""

_STAGE = """
.jp-cell-toolbar, .jp-Notebook-footer { display: none !important; }
#caption {
  position: fixed; z-index: 100000; box-sizing: border-box; padding: 0 18px; display: flex;
  align-items: center; font: 500 17px var(--jp-ui-font-family); color: #fff; background: #0d47a1;
}
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, and how long it stands."""

    png: bytes
    ms: int


@dataclass(slots=True)
class _Camera:
    """Photographs the notebook without what is around it, with a caption below."""

    notebook: Notebook
    frames: list[Frame] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.notebook.page

    @property
    def cells(self) -> Locator:
        return self.notebook.panel.locator(".jp-CodeCell")

    @property
    def card(self) -> Locator:
        return self.notebook.cards.first

    @property
    def headline(self) -> Locator:
        """The first field of the form."""
        return self.card.get_by_role("form").get_by_role("textbox", name=re.compile("^Headline"))

    def tasks(self, said: str) -> Locator:
        """Rows of tasks, by name and how they stand."""
        return self.card.get_by_role("button", name=re.compile(f"^Task {said}"))

    @property
    def _window(self) -> Locator:
        return self.notebook.panel.locator(".jp-WindowedPanel-outer")

    @property
    def _corner(self) -> tuple[float, float]:
        box = self._window.bounding_box()
        assert box is not None
        return box["x"], box["y"]

    def set_up(self) -> None:
        """Make the notebook as wide as the film."""
        box, screen = self._window.bounding_box(), self.page.viewport_size
        assert box is not None and screen is not None
        width = screen["width"] + _WIDTH - round(box["width"])
        self.page.set_viewport_size({"width": width, "height": screen["height"]})
        self._window.element_handle().wait_for_element_state("stable")
        self.page.add_style_tag(content=_STAGE)
        self.page.evaluate(
            """() => {
              const line = document.createElement("div");
              line.id = "caption";
              document.body.append(line);
            }"""
        )

    def say(self, words: str) -> None:
        """Write the caption, over the lower edge."""
        left, top = self._corner
        box = f"left: {left}px; top: {top + _HEIGHT - _CAPTION}px; "
        self.page.locator("#caption").evaluate(
            "(line, [words, style]) => { line.textContent = words; line.style.cssText = style; }",
            [words, f"{box} width: {_WIDTH}px; height: {_CAPTION}px"],
        )

    def hold(self, ms: int) -> None:
        """Take a picture that stands so long."""
        left, top = self._corner
        png = self.page.screenshot(
            clip={"x": left, "y": top, "width": _WIDTH, "height": _HEIGHT},
            animations="disabled",
            caret="hide",
        )
        self.frames.append(Frame(png, ms))

    def glide(self, target: Locator, top: int = 8) -> None:
        """Scroll until something is so far below the upper edge."""
        start, end = self._window.evaluate(
            """(view, [target, top]) => {
              const { top: at } = target.getBoundingClientRect();
              const wanted = view.scrollTop + at - view.getBoundingClientRect().top - top;
              return [view.scrollTop, Math.max(0, Math.round(wanted))];
            }""",
            [target.element_handle(), top],
        )
        for step in range(1, _STEPS + 1):
            share = step / _STEPS
            at = start + (end - start) * share * share * (3 - 2 * share)
            self._window.evaluate("(view, at) => { view.scrollTop = at; }", at)
            self.hold(50)

    def type(self, text: str) -> None:
        """Type as fast as can be read."""
        for at in range(0, len(text), 2):
            self.page.keyboard.type(text[at : at + 2])
            self.hold(70)


def shoot(browser: Browser, lab: Lab, shade: str) -> list[Frame]:
    """Play the story once, in one theme.

    Args:
        browser: a Chromium.
        lab: a JupyterLab without a kernel, in an empty folder.
        shade: ``"light"`` or ``"dark"``.
    """
    write_notebook(lab, "essay.ipynb", [IMPORTS, WORKFLOW, ""])
    context = browser.new_context(
        viewport={"width": 1200, "height": 900}, device_scale_factor=_SCALE, locale="en-GB"
    )
    notebook = Notebook(context.new_page(), lab, "essay.ipynb")
    notebook.open()
    notebook.theme(THEMES[shade])
    notebook.command("application:toggle-left-area")
    expect(notebook.page.locator("#jp-left-stack")).to_be_hidden()
    camera = _Camera(notebook)
    camera.set_up()
    _tell(camera, lab)
    context.close()
    return camera.frames


def _tell(camera: _Camera, lab: Lab) -> None:
    _ask(camera)
    _kill(camera, lab)
    _answer(camera)


def _ask(camera: _Camera) -> None:
    _define(camera)
    camera.glide(camera.cells.first)
    camera.frames.clear()
    camera.say("A workflow is plain Python. It may stop to ask a person.")
    camera.hold(2200)
    camera.cells.nth(2).locator(".cm-content").focus()
    camera.type('review.start("cats", thread_id="cats")')
    camera.hold(300)
    camera.glide(camera.cells.nth(2))
    camera.page.keyboard.press("ControlOrMeta+Enter")
    expect(camera.tasks("read")).to_have_count(3, timeout=CELL_MS)
    camera.say("Its run appears under the cell, task by task.")
    camera.hold(900)
    for done in range(2):
        expect(camera.tasks("read: done").nth(done)).to_be_visible(timeout=CELL_MS)
        camera.hold(900)
    expect(camera.headline).to_be_visible(timeout=CELL_MS)
    camera.say("It stops to ask: a form, drawn from the type of the answer.")
    camera.hold(1800)
    camera.headline.focus()
    camera.type("Cats, at last")
    camera.hold(500)


def _kill(camera: _Camera, lab: Lab) -> None:
    camera.say("kill -9: the kernel dies while the question is open.")
    lab.kernel().kill()
    dialog = camera.page.locator(".jp-Dialog")
    expect(dialog).to_be_visible(timeout=CELL_MS)
    camera.hold(2400)
    camera.page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    camera.notebook.ready()
    camera.say("Run the definitions again, and attach to the thread.")
    camera.glide(camera.cells.first)
    _define(camera)
    camera.cells.nth(2).locator(".cm-content").focus()
    camera.page.keyboard.press("ControlOrMeta+a")
    camera.type('review.thread("cats")')
    camera.page.keyboard.press("ControlOrMeta+Enter")
    expect(camera.headline).to_have_value("Cats, at last", timeout=CELL_MS)
    camera.glide(camera.cells.nth(2))
    camera.say("The form is back, and what was typed. Nothing finished runs again.")
    camera.hold(2600)


def _answer(camera: _Camera) -> None:
    camera.headline.focus()
    camera.page.keyboard.press("Tab")
    camera.page.keyboard.press("Space")
    camera.hold(500)
    camera.say("Ctrl+Enter: the answer is on disk, and the run goes on.")
    camera.page.keyboard.press("ControlOrMeta+Enter")
    expect(camera.tasks("publish")).to_be_visible(timeout=CELL_MS)
    camera.hold(1300)
    expect(camera.card.locator(".nbf-pill")).to_have_text("Done", timeout=CELL_MS)
    expect(camera.tasks("read: done, replayed")).to_have_count(3)
    camera.hold(900)
    camera.say("What ran side by side, for how long, and who answered.")
    camera.card.get_by_role("button", name="Waterfall").press("Enter")
    camera.glide(camera.cells.nth(2), _LAST_TOP)
    camera.hold(4000)


def _define(camera: _Camera) -> None:
    """Run the cells of the definitions; what is run after them waits for them."""
    for number in (0, 1):
        camera.notebook.run_cell(number)
        prompt = camera.cells.nth(number).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(f"[{number + 1}]:", timeout=CELL_MS)
        camera.hold(450)


def main() -> None:
    """Make both films."""
    os.environ["NBFLOW_USER"] = USER
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_FLAGS)
        for shade, path in FILMS.items():
            root, state = Path(folder, shade), Path(folder, f"{shade}-state")
            root.mkdir()
            state.mkdir()
            with serve(root, state) as lab:
                frames = shoot(browser, lab, shade)
            write([io.BytesIO(one.png) for one in frames], path, [one.ms for one in frames])
            seconds = sum(frame.ms for frame in frames) / 1000
            print(f"{path.name}: {len(frames)} frames, {seconds} s, {path.stat().st_size} bytes")
        browser.close()


if __name__ == "__main__":
    main()
