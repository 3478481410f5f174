"""Stream mode ``messages``: tokens of LangChain's chat models (171)."""

from typing import Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import acollect, collect, on

KEYS = ("langgraph_node", "tags", "thread_id", "user", "ls_model_type")


def model(*texts: str, **options: Any) -> GenericFakeChatModel:
    """Says these texts, one per call; streamed word by word."""
    return GenericFakeChatModel(messages=iter([AIMessage(t) for t in texts]), **options)


def shown(chunks: list[Any]) -> list[Any]:
    """Of each pair the message's kind and text, and what the metadata says of where it is from."""
    return [
        [type(message).__name__, message.content, {k: meta[k] for k in KEYS if k in meta}]
        for message, meta in chunks
    ]


@program(171)
def tokens_of_a_streaming_model(lib: Library, saver: Any) -> Any:
    """Called by stream() in a task."""
    chat = model("hello big world")

    @lib.task
    def talk(prompt: str) -> str:
        return "".join(str(chunk.content) for chunk in chat.stream(prompt))

    @lib.entrypoint(checkpointer=saver)
    def workflow(prompt: str) -> Any:
        return talk(prompt).result()

    return shown(collect(workflow.stream("hi", on(), stream_mode="messages")))


@program(171)
def tokens_of_an_invoked_model(lib: Library, saver: Any) -> Any:
    """invoke() streams as well."""
    chat = model("hello big world")

    @lib.task
    def talk(prompt: str) -> Any:
        return chat.invoke(prompt).content

    @lib.entrypoint(checkpointer=saver)
    def workflow(prompt: str) -> Any:
        return talk(prompt).result()

    return shown(collect(workflow.stream("hi", on(), stream_mode="messages")))


@program(171)
async def tokens_in_an_event_loop(lib: Library, saver: Any) -> Any:
    """ainvoke() in an async task."""
    chat = model("hello world")

    @lib.task
    async def talk(prompt: str) -> Any:
        return (await chat.ainvoke(prompt)).content

    @lib.entrypoint(checkpointer=saver)
    async def workflow(prompt: str) -> Any:
        return await talk(prompt)

    return shown(await acollect(workflow.astream("hi", on(), stream_mode="messages")))


@program(171)
def tokens_of_a_model_in_the_body(lib: Library, saver: Any) -> Any:
    """Called by the entrypoint itself."""
    chat = model("hello world")

    @lib.entrypoint(checkpointer=saver)
    def workflow(prompt: str) -> Any:
        return chat.invoke(prompt).content

    return shown(collect(workflow.stream("hi", on(), stream_mode="messages")))


@program(171)
def tags_and_metadata_of_tokens(lib: Library, saver: Any) -> Any:
    """Those of the model and of the caller: what one filters by."""
    joke, poem = model("ha ha", tags=["joke"]), model("o my", tags=["poem"])

    @lib.task
    def tell(prompt: str) -> Any:
        return joke.invoke(prompt).content

    @lib.task
    def recite(prompt: str) -> Any:
        return poem.invoke(prompt).content

    @lib.entrypoint(checkpointer=saver)
    def workflow(prompt: str) -> Any:
        return [tell(prompt).result(), recite(prompt).result()]

    config = on(metadata={"user": "ada"})
    return shown(collect(workflow.stream("hi", config, stream_mode="messages")))


@program(171, 172)
def tokens_among_other_modes(lib: Library, saver: Any) -> Any:
    """(mode, chunk) pairs, in the order in which they come."""
    chat = model("hello world")

    @lib.task
    def talk(prompt: str) -> Any:
        return chat.invoke(prompt).content

    @lib.entrypoint(checkpointer=saver)
    def workflow(prompt: str) -> Any:
        return talk(prompt).result()

    chunks = workflow.stream("hi", on(), stream_mode=["messages", "updates"])
    return [[mode, chunk[0].content if mode == "messages" else chunk] for mode, chunk in chunks]


@program(171, 178)
def parts_of_messages(lib: Library, saver: Any) -> Any:
    """version="v2"."""
    chat = model("hello world")

    @lib.task
    def talk(prompt: str) -> Any:
        return chat.invoke(prompt).content

    @lib.entrypoint(checkpointer=saver)
    def workflow(prompt: str) -> Any:
        return talk(prompt).result()

    parts = workflow.stream("hi", on(), stream_mode="messages", version="v2")
    return [
        [sorted(part), part["type"], part["ns"], part["data"][0].content,
         part["data"][1]["langgraph_node"]]
        for part in parts
    ]  # fmt: skip


@program(171, 173)
def tokens_of_a_nested_entrypoint(lib: Library, saver: Any) -> Any:
    """With subgraphs=True and without."""

    def declare() -> Any:
        chat = model("hello world")

        @lib.task
        def talk(prompt: str) -> Any:
            return chat.invoke(prompt).content

        @lib.entrypoint()
        def child(prompt: str) -> Any:
            return talk(prompt).result()

        @lib.entrypoint(checkpointer=saver)
        def parent(prompt: str) -> Any:
            return child.invoke(prompt)

        return parent

    return {
        "with namespaces": [
            [ns, chunk[0].content, chunk[1]["langgraph_node"]]
            for ns, chunk in declare().stream("hi", on("a"), stream_mode="messages", subgraphs=True)
        ],
        "without": shown(collect(declare().stream("hi", on("b"), stream_mode="messages"))),
    }


@program(171, 167)
def tokens_are_not_repeated_on_resume(lib: Library, saver: Any) -> Any:
    """A finished task's tokens come once."""
    chat = model("hello world", "again")

    @lib.task
    def talk(prompt: str) -> Any:
        return chat.invoke(prompt).content

    @lib.entrypoint(checkpointer=saver)
    def workflow(prompt: str) -> Any:
        return [talk(prompt).result(), lib.interrupt("?")]

    return [
        shown(collect(workflow.stream(given, on(), stream_mode="messages")))
        for given in ("hi", lib.Command(resume=1))
    ]


@program(171)
def messages_as_values(lib: Library, saver: Any) -> Any:
    """A task and an entrypoint that return messages; previous holds them."""
    chat = model("one", "two")

    @lib.task
    def talk(history: list[Any]) -> Any:
        return chat.invoke(history)

    @lib.entrypoint(checkpointer=saver)
    def workflow(text: str, *, previous: Any = None) -> Any:
        history = [*(previous or []), HumanMessage(text)]
        return [*history, talk(history).result()]

    return [
        [[type(m).__name__, m.content] for m in workflow.invoke(text, on())] for text in ("a", "b")
    ]


@program(171)
def messages_returned_by_tasks_in_the_stream(lib: Library, saver: Any) -> Any:
    """Whether a message that no model made shows up in the mode."""

    @lib.task
    def make() -> Any:
        return AIMessage("made by hand", id="m1")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [make().result(), {"messages": [HumanMessage("in", id="m2")]}]

    return shown(collect(workflow.stream(1, on(), stream_mode="messages")))
