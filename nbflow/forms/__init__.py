"""From a payload to a form, and from any value to something a person can read.

It leaves drawing to the browser and judging the answer to the engine.
"""

from __future__ import annotations

from nbflow.forms.preview import preview
from nbflow.forms.schema import form_of, without_secrets

__all__ = ["form_of", "preview", "without_secrets"]
