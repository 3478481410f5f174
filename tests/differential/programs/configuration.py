"""Which configuration code sees, and that of a nested entrypoint (193, 195)."""

from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import collect, on

OUTER: dict[str, Any] = {
    "tags": ["a", "b"], "metadata": {"m": 1, "k": 1}, "configurable": {"model": "o", "only": 1},
    "recursion_limit": 7,
}  # fmt: skip
GIVEN: list[dict[str, Any] | None] = [
    None,
    {},
    {"tags": ["z", "a"], "metadata": {"m": 2}, "configurable": {"model": "big"}},
    {"tags": [], "metadata": {}, "configurable": {}, "recursion_limit": 9},
    {"tags": None, "metadata": None, "configurable": None, "recursion_limit": None},
    {"metadata": {"m": None}, "configurable": {"model": None}},
]


def shown(config: Any) -> Any:
    """Tags, metadata, configurable and the limit, of what the programs give."""
    metadata, configurable = config["metadata"], config["configurable"]
    return [
        config.get("tags"),
        {k: metadata[k] for k in ("m", "k") if k in metadata},
        {k: configurable[k] for k in ("model", "only", "thread_id") if k in configurable},
        config.get("recursion_limit"),
    ]


def looking(lib: Library, **options: Any) -> Any:
    """A workflow whose body and task look at their configuration."""

    @lib.task
    def look() -> Any:
        return shown(lib.get_config())

    @lib.entrypoint(**options)
    def child(n: int) -> Any:
        found = look().result()
        return found if found == shown(lib.get_config()) else "not the same in the body"

    return child


@program(195, 16, 63)
def an_entrypoint_called_with_its_callers_config(lib: Library, saver: Any) -> Any:
    """It is a step of the caller's run, whether the thread is named by a text or a number."""

    @lib.entrypoint()
    def asks(n: int) -> Any:
        return lib.interrupt("ok?")

    @lib.entrypoint(checkpointer=True)
    def counts(n: int, *, previous: Any = None) -> int:
        return (previous or 0) + n

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        config = lib.get_config()
        return [counts.invoke(n, config), asks.invoke(n, config)]

    return [
        parent.invoke(given, on(thread_id))
        for thread_id in ("a", 1)
        for given in (1, lib.Command(resume="yes"))
    ]


@program(193)
def configurable_without_a_config(lib: Library, saver: Any) -> Any:
    """It is there, and empty."""

    @lib.task
    def model() -> Any:
        return lib.get_config()["configurable"].get("model", "the usual one")

    @lib.entrypoint()
    def workflow(n: int) -> Any:
        return model().result()

    return [workflow.invoke(1, given) for given in (None, {"tags": ["a"]}, {"configurable": None})]


@program(193)
def the_config_of_a_nested_call(lib: Library, saver: Any) -> Any:
    """What it is given, over what its caller has; the caller's own is as it was."""
    child = looking(lib)

    @lib.entrypoint(checkpointer=saver)
    def kept(given: Any) -> Any:
        return [child.invoke(1, given[0]), shown(lib.get_config())]

    @lib.entrypoint()
    def not_kept(given: Any) -> Any:
        return [child.invoke(1, given[0]), shown(lib.get_config())]

    threaded = {**OUTER, "configurable": {**OUTER["configurable"], "thread_id": "1"}}
    return [[kept.invoke([g], threaded), not_kept.invoke([g], OUTER)] for g in GIVEN]


@program(193, 198)
def the_config_of_a_call_on_a_thread_of_its_own(lib: Library, saver: Any) -> Any:
    """The caller's tags and metadata, and nothing of its configurable."""
    child = looking(lib, checkpointer=saver)
    given = {**on("other"), "tags": ["z"]}

    @lib.entrypoint(checkpointer=saver)
    def kept(n: int) -> Any:
        return child.invoke(n, given)

    @lib.entrypoint()
    def not_kept(n: int) -> Any:
        return child.invoke(n, given)

    threaded = {**OUTER, "configurable": {**OUTER["configurable"], "thread_id": "1"}}
    return [kept.invoke(1, threaded), not_kept.invoke(1, OUTER)]


class Heard(BaseCallbackHandler):
    """Tags and metadata of every model that was called."""

    run_inline = True

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_chat_model_start(
        self, *_: Any, tags: Any = None, metadata: Any = None, **__: Any
    ) -> None:
        own = [tag for tag in tags or () if not tag.startswith("seq:")]
        self.seen.append([own, {k: v for k, v in (metadata or {}).items() if k in ("m", "k")}])


@program(193)
def callbacks_of_a_nested_call(lib: Library, saver: Any) -> Any:
    """The caller's hear the models of the nested workflow, and those that it was given, too."""
    chat = FakeListChatModel(responses=["hello"])
    outer, given = Heard(), Heard()

    @lib.task
    def talk() -> Any:
        return chat.invoke("hi").content

    @lib.entrypoint()
    def child(n: int) -> Any:
        return talk().result()

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        own = {"callbacks": [given], "tags": ["z"], "metadata": {"m": 2}}
        return [child.invoke(n, own), talk().result(), child.invoke(n, lib.get_config())]

    settings = {**on(), "callbacks": [outer], "tags": ["a"], "metadata": {"m": 1, "k": 1}}
    value = parent.invoke(1, settings)
    return {"value": value, "outer": outer.seen, "given": given.seen}


@program(31, 173)
def nested_entrypoints_where_nothing_is_kept(lib: Library, saver: Any) -> Any:
    """Steps of their caller's run all the same, which its stream shows; nothing is remembered."""

    @lib.task
    def work(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=True)
    def child(n: int, *, previous: Any = None) -> Any:
        return [previous, work(n).result()]

    @lib.entrypoint()
    def parent(n: int) -> Any:
        return [child.invoke(n), child.invoke(n)]

    return [parent.invoke(1), collect(parent.stream(1, subgraphs=True))]
