"""From a payload to a form, and from any value to something a person can read.

It leaves drawing to the browser and judging the answer to the engine.
"""

from __future__ import annotations

from nbflow.forms.answers import answer_of, decided_in, places_in_form, plain_answer
from nbflow.forms.preview import preview
from nbflow.forms.schema import form_of, without_secrets

__all__ = [
    "answer_of",
    "decided_in",
    "form_of",
    "places_in_form",
    "plain_answer",
    "preview",
    "without_secrets",
]
