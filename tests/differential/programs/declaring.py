"""Declaring entrypoints (1-16)."""

import functools
from typing import TYPE_CHECKING, Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import collect, on, outcome

if TYPE_CHECKING:
    pass


def run(lib: Library, saver: Any, body: Any, given: Any = 1, **options: Any) -> Any:
    """Declare an entrypoint and run it once."""
    return lib.entrypoint(checkpointer=saver, **options)(body).invoke(given, on())


def declares(lib: Library, saver: Any, body: Any) -> Any:
    """Whether a function is refused at decoration, or what its call gives."""
    try:
        workflow = lib.entrypoint(checkpointer=saver)(body)
    except Exception as exc:
        return {"declaration": exc}
    return {"call": outcome(workflow.invoke, 1, on())}


@program(1)
def what_an_entrypoint_offers(lib: Library, saver: Any) -> Any:
    """Sync and async methods of one object."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n

    names = ("invoke", "stream", "get_state", "get_state_history", "update_state")
    return {name: [hasattr(workflow, name), hasattr(workflow, f"a{name}")] for name in names}


@program(1)
async def an_async_function_as_entrypoint(lib: Library, saver: Any) -> Any:
    """ainvoke, astream, aget_state."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return n + 1

    return {
        "ainvoke": await workflow.ainvoke(1, on()),
        "astream": [c async for c in workflow.astream(2, on())],
        "aget_state": (await workflow.aget_state(on())).values,
    }


@program(2)
def without_a_checkpointer_nothing_is_kept(lib: Library, saver: Any) -> Any:
    """previous is None each time; no thread_id is needed."""

    @lib.entrypoint()
    def workflow(n: int, *, previous: Any = None) -> Any:
        return [n, previous]

    return [workflow.invoke(1), workflow.invoke(2), workflow.invoke(3, on())]


@program(2)
def state_without_a_checkpointer(lib: Library, saver: Any) -> Any:
    """get_state and update_state raise."""

    @lib.entrypoint()
    def workflow(n: int) -> Any:
        return n

    return [outcome(workflow.get_state, on()), outcome(workflow.update_state, on(), 1)]


@program(3)
def an_input_of_any_type(lib: Library, saver: Any) -> Any:
    """It is handed on as it is."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(given: Any) -> Any:
        return [type(given).__name__, given]

    given = [0, "", "text", [1, 2], {}, {"a": {"b": [None]}}, True, 1.5, {"messages": []}]
    return [workflow.invoke(value, on(str(at))) for at, value in enumerate(given)]


@program(4)
def a_function_without_parameters(lib: Library, saver: Any) -> Any:
    """Refused at decoration."""
    return declares(lib, saver, lambda: 1)


@program(
    5,
    differs={5: "refused at decoration"},
    expected={"declaration": {"raises": "TypeError"}},
)
def two_required_parameters(lib: Library, saver: Any) -> Any:
    """LangGraph fails at the call."""

    def body(a: int, b: int) -> Any:
        return a + b

    return declares(lib, saver, body)


@program(
    6,
    differs={6: "refused at decoration"},
    expected={"declaration": {"raises": "TypeError"}},
)
def a_keyword_only_first_parameter(lib: Library, saver: Any) -> Any:
    """LangGraph fails at the call."""

    def body(*, a: int) -> Any:
        return a

    return declares(lib, saver, body)


@program(
    7,
    differs={7: "refused at decoration"},
    expected={"declaration": {"raises": "TypeError"}},
)
def a_variadic_first_parameter(lib: Library, saver: Any) -> Any:
    """LangGraph hands it the input."""

    def body(*given: Any) -> Any:
        return len(given)

    return declares(lib, saver, body)


@program(8)
def extra_parameters_keep_their_defaults(lib: Library, saver: Any) -> Any:
    """Positional and keyword-only ones that are not injected."""

    def body(n: int, factor: int = 3, *, label: str = "x") -> Any:
        return [n * factor, label]

    return run(lib, saver, body)


@program(9)
def a_generator_as_entrypoint(lib: Library, saver: Any) -> Any:
    """NotImplementedError at decoration."""

    def body(n: int) -> Any:
        yield n

    return declares(lib, saver, body)


@program(10)
def an_async_generator_as_entrypoint(lib: Library, saver: Any) -> Any:
    """NotImplementedError at decoration."""

    async def body(n: int) -> Any:
        yield n

    return declares(lib, saver, body)


@program(
    11,
    differs={11: "a partial takes the name of its function"},
    expected={"call": 11},
)
def a_partial_as_entrypoint(lib: Library, saver: Any) -> Any:
    """LangGraph looks for its __name__."""

    def body(n: int, plus: int) -> Any:
        return n + plus

    return declares(lib, saver, functools.partial(body, plus=10))


@program(12)
def a_bound_method_as_entrypoint(lib: Library, saver: Any) -> Any:
    """Named like the method."""

    class Adder:
        by = 10

        def add(self, n: int) -> Any:
            return n + self.by

    workflow = lib.entrypoint(checkpointer=saver)(Adder().add)
    return collect(workflow.stream(1, on()))


@program(12)
def a_lambda_as_entrypoint(lib: Library, saver: Any) -> Any:
    """Its name in the stream."""
    workflow = lib.entrypoint(checkpointer=saver)(lambda n: n + 1)
    return collect(workflow.stream(1, on()))


@program(13)
def json_schemas_from_annotations(lib: Library, saver: Any) -> Any:
    """Types of input, output and context."""

    from dataclasses import dataclass

    @dataclass
    class User:
        name: str

    @lib.entrypoint(checkpointer=saver, context_schema=User)
    def workflow(given: dict[str, int]) -> list[str]:
        return [str(given)]

    context = workflow.get_context_jsonschema()
    return {
        "input": workflow.get_input_jsonschema()["type"],
        "output": workflow.get_output_jsonschema()["type"],
        "context": {"type": context["type"], "properties": sorted(context["properties"])},
    }


@program(14)
def an_entrypoint_annotated_with_final(lib: Library, saver: Any) -> Any:
    """The annotation changes nothing in what is returned and saved."""
    final = lib.entrypoint.final  # type: ignore[attr-defined]

    def body(n: int, *, previous: Any = None) -> Any:
        return final(value=[n, previous], save=f"{previous} {n}")

    body.__annotations__["return"] = final[list[Any], str]

    workflow = lib.entrypoint(checkpointer=saver)(body)
    return {
        "values": [workflow.invoke(n, on()) for n in (1, 2)],
        "saved": workflow.get_state(on()).values,
    }


@program(14)
def final_with_one_type(lib: Library, saver: Any) -> Any:
    """TypeError at decoration."""
    final = lib.entrypoint.final  # type: ignore[attr-defined]

    def declare() -> Any:
        def body(n: int) -> Any:
            return n

        body.__annotations__["return"] = final[int]
        return lib.entrypoint(checkpointer=saver)(body)

    return outcome(declare)


@program(15)
def a_checkpointer_that_is_none(lib: Library, saver: Any) -> Any:
    """A str, a class, a number: TypeError. None and no argument: fine."""

    def body(n: int) -> Any:
        return n

    def declare(checkpointer: Any) -> Any:
        return lib.entrypoint(checkpointer=checkpointer)(body).invoke(1)

    wrong: list[Any] = ["saver", 3, lib.InMemorySaver]
    return [outcome(declare, given) for given in [*wrong, None]]
