"""Texts that attack whoever shows them, a program that says them everywhere, and what must not be.

Each text would leave a trace of its own: a global of the page, a dialog, or a request.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Route

from nbflow.notebook import display
from tests.browser.lab import Lab

__all__ = ["PROGRAM", "TEXTS", "Watch"]

TEXTS = (
    "<img src=leak-img onerror=\"top.ran='img'\">",
    "</script><script>top.ran='script'</script>",
    "**b** [a link](javascript:top.ran='link') ![p](http://leak.example/p.png)",
    "<svg onload=\"top.ran='svg'\"><style>.jp-Cell{display:none!important}</style></svg>",
    "<style>body{display:none!important}</style><link rel=stylesheet href=http://leak.example/s>",
    "<iframe srcdoc=\"<script>top.ran='frame'</script>\"></iframe><base href=http://leak.example/>",
    "<a href=\"javascript:top.ran='a'\" onmouseover=alert(1)>over</a> &lt;b onclick=alert(2)&gt;",
    "evil\u202egnp.exe\u202c \x1b[31mred\x1b[0m \x1b]8;;http://leak.example\x07esc\x1b]8;;\x07",
    r"$$\href{javascript:top.ran='tex'}{x}$$ \(\unicode{x41}\) $\style{position:fixed}{y}$",
    "` ${top.ran='template'} {{ 7*7 }} %s \"'><b onfocus=alert(3) autofocus>",
)
"""Scripts, links, styles, frames, escapes of text direction and of terminals, formulas, quotes."""

PROGRAM = f"""
%load_ext nbflow
import nbflow
from pydantic import BaseModel, field_validator
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.config import get_stream_writer
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

TEXTS = {TEXTS!r}
ALL = " ".join(TEXTS)
saver = SqliteSaver("hostile.sqlite")

class Verdict(BaseModel):
    text: str = "none"

    @field_validator("text")
    @classmethod
    def refuses(cls, text):
        if text != "right":
            raise ValueError(ALL)
        return text

FORM = Verdict.model_json_schema()
FORM["title"] = FORM["description"] = ALL
FORM["properties"]["text"] |= {{"title": TEXTS[0], "description": ALL, "examples": [ALL]}}

def labels():
    return {{
        "type": "object",
        "title": ALL,
        "description": ALL,
        "properties": {{
            **{{text: {{"type": "string", "title": text, "description": text, "default": text,
                      "format": text, text: text}} for text in TEXTS}},
            "one": {{"oneOf": [{{"const": n, "title": text}} for n, text in enumerate(TEXTS[:4])]}},
            "many": {{"enum": list(TEXTS)}},
        }},
    }}

@task(name=TEXTS[0] + TEXTS[7])
def look(text):
    get_stream_writer()(ALL)
    return ALL

@entrypoint(checkpointer=saver, name=ALL)
def plain(_: str):
    look(ALL).result()
    first = interrupt({{
        "question": ALL, "line": "x" * 5_000_000 + ALL, "markdown": "# " + "\\n\\n- ".join(TEXTS),
        "rows": [{{text: ALL for text in TEXTS}}], "tree": {{text: [text] for text in TEXTS}},
        "code": "```html\\n" + ALL + "\\n```", ALL: ALL,
    }}, response_schema=Verdict)
    second = interrupt({{"question": TEXTS[1], ALL: ALL}}, response_schema=labels())
    return [ALL, str(first)]

@entrypoint(checkpointer=saver, name="calls " + TEXTS[3])
def calls(_: str):
    every = ["approve", "edit", "reject"]
    return interrupt({{
        "action_requests": [{{"name": text, "args": {{text: text}}, "description": text}}
                            for text in TEXTS],
        "review_configs": [{{"action_name": text, "allowed_decisions": every}} for text in TEXTS],
    }})

@entrypoint(checkpointer=saver, name="fails " + TEXTS[4])
def fails(_: str):
    error = ValueError(ALL)
    error.add_note(ALL)
    raise error
"""

_OWN_STYLES = [display._PRINTED, display._PRINTED + display._TURNS]
"""Around a record without a card and with one; no part of them comes from a run."""

_FOREIGN = """(styles) => {
  const found = [];
  const never = new Set(
    "script iframe object embed link base meta img picture video audio form math".split(" ")
  );
  for (const one of document.querySelectorAll(".jp-Cell-outputArea *")) {
    const tag = one.localName;
    const own = tag === "style" && one.parentElement.matches(".nbflow-record")
      && styles.includes(one.textContent);
    if (never.has(tag) || (tag === "style" && !own) || tag.startsWith("mjx-")) found.push(tag);
    const apart = tag === "a" && one.target === "_blank" && /noopener/.test(one.rel)
      && one.closest(".nbf-markdown");
    for (const { name, value } of one.attributes) {
      if (apart && name === "href" && /^https?:/.test(value)) continue;
      const link = ["href", "src", "action", "xlink:href", "srcdoc", "style"].includes(name);
      if (/^on/i.test(name) || (link && /javascript:|leak|position/i.test(value)))
        found.push(`${tag} ${name}=${value}`);
    }
  }
  return found;
}"""


_NO_MODEL = "widget model not found"
"""What the widget manager says of a saved widget whose kernel is gone."""


class Watch:
    """Everything of a page that must stay silent; nothing can leave for another host."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self._home = lab.url
        self._heard: list[str] = []
        context: BrowserContext = page.context
        context.route("**/*", self._route)
        context.on("request", self._request)
        page.on("dialog", self._dialog)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._heard.append(f"error: {error}"))
        page.on("websocket", lambda socket: self._address(socket.url.replace("ws", "http", 1)))

    def _route(self, route: Route) -> None:
        home = route.request.url.startswith((self._home, "data:", "blob:"))
        if home:
            route.continue_()
        else:
            route.abort()

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        if not url.startswith((self._home, "data:", "blob:")) or "leak" in url:
            self._heard.append(f"request: {url}")

    def _dialog(self, dialog: Dialog) -> None:
        self._heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _NO_MODEL not in message.text:
            self._heard.append(f"console: {message.text}")

    def found(self) -> dict[str, Any]:
        """What was seen of the attacks so far; all of it is empty when none has worked."""
        return {
            "ran": self.page.evaluate("() => window.ran ?? null"),
            "heard": [*self._heard],
            "foreign": self.page.evaluate(_FOREIGN, _OWN_STYLES),
        }
