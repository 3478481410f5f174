"""What a workflow says of itself: its function's signature, and JSON Schemas of what it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from nbflow._engine.answers import schema_of
from nbflow._engine.declaration import EntrypointSpec
from nbflow._engine.signature_schemas import input_schema, input_type, output_schema, output_type
from nbflow.base_workflow import BaseWorkflow

__all__ = ["Described"]


class Described(BaseWorkflow):
    """The part of a :class:`~nbflow.workflow.Workflow` that its declaration decides."""

    _spec: EntrypointSpec
    __wrapped__: Callable[..., Any]
    context_schema: type[Any] | None

    @property
    def home(self) -> str | None:
        """The function's module."""
        return getattr(self.__wrapped__, "__module__", None)

    @property
    def call_signature(self) -> inspect.Signature:
        """The function's, without what is injected."""
        whole = self._spec.signature
        first = next(iter(whole.parameters.values()))
        return inspect.Signature([first], return_annotation=whole.return_annotation)

    @property
    def input_type(self) -> Any:
        """Its annotation; ``Any`` without one."""
        return input_type(self._spec.fn, self.input_parameter.name)

    @property
    def output_type(self) -> Any:
        """The annotation of what the caller gets; ``Any`` without one."""
        return output_type(self._spec.fn)

    def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:
        """JSON Schema of the input, from its annotation; ``{}`` without one (13)."""
        return input_schema(self._spec.fn, self.input_parameter.name)

    def get_output_jsonschema(self, config: Any = None) -> dict[str, Any]:
        """JSON Schema of the result, from the annotation; ``{}`` without one (13, 14)."""
        return output_schema(self._spec.fn)

    def get_context_jsonschema(self) -> dict[str, Any] | None:
        """JSON Schema of ``context=``; None without a ``context_schema`` (13)."""
        return deepcopy(schema_of(self.context_schema))
