"""Calls between judge and sandbox, both ways and nested: one side of the conversation.

| `do` | with | answered by |
|---|---|---|
| call | `on`: the number of what was lent, `args`, `named` | value, error or stop |
| get | `on`, `name` of the attribute | value, error or stop |
| value | `value`, `printed` | |
| error | `error`, `printed` | |
| stop | | |

Whoever waits for an answer serves the other side's calls in the meantime: a check (judge) calls
the learner's function (sandbox), which may call the lesson (judge) before it returns its value.
Each thread of the judge has a conversation of its own, `c` in its messages, which the sandbox
serves in a thread too. A check that has reached its verdict sends `stop`, which raises `Stopped`
in the learner's code, again each time it catches that and calls.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dialtone_kit.classroom.grading.crossing import Crossing
from dialtone_kit.classroom.grading.line import NO_MESSAGE, Line, LineBroken
from dialtone_kit.classroom.grading.raised import decode_error, encode_error

Reach = Callable[[object, str], Any]
Around = Callable[[], AbstractContextManager[None]]
Message = dict[str, Any]
MAIN = 0
AFTER_STOP = 20  # calls of a function that goes on after the verdict


class Stopped(BaseException):
    """The judge has heard enough. Raised inside the learner's code."""


class RemoteCalls:
    """`reach` gives an attribute of something that was lent, or raises AttributeError.

    An exception of the kinds `ends` ends the whole call, and is raised here once it is over.
    """

    def __init__(
        self, line: Line, crossing: Crossing, reach: Reach, ends: tuple[type[BaseException], ...]
    ) -> None:
        self.line, self.crossing, self._reach, self._ends = line, crossing, reach, ends
        self._turn, self._reading = threading.Condition(), False
        self._inbox: defaultdict[int, deque[Message]] = defaultdict(deque)
        self._mine = threading.local()
        self._conversations = 0
        self.on_new: Callable[[int], None] | None = None  # a conversation that the other side began
        self.printed: Callable[[], str] = str  # what to show with each answer
        self.show: Callable[[str], None] = lambda _: None

    # -- asking --------------------------------------------------------------------------------

    def call(self, number: int, args: Sequence[Any] = (), named: Mapping[str, Any] = {}) -> Any:
        """Call what the other side lent under `number`."""
        crossed = self.crossing.encode(list(args)), self.crossing.encode(dict(named))
        return self._ask({"do": "call", "on": number, "args": crossed[0], "named": crossed[1]})

    def get(self, number: int, name: str) -> Any:
        """An attribute of it."""
        return self._ask({"do": "get", "on": number, "name": name})

    def _ask(self, message: Message) -> Any:
        self._send(message)
        end: BaseException | None = None
        stops = 0
        while True:
            received = self._receive()
            if received.get("do") in ("value", "error", "stop"):
                return self._answered(received, end)
            if end is None:
                end = self._serve(received)
                continue
            stops += 1
            if stops > AFTER_STOP:
                raise end
            self._send({"do": "stop"})

    def _answered(self, message: Message, end: BaseException | None) -> Any:
        self.show(str(message.get("printed", "")))
        if end is not None:
            raise end
        if message["do"] == "stop":
            raise Stopped
        if message["do"] == "error":
            raise decode_error(message["error"], self.crossing)
        return self.crossing.decode(message["value"])

    # -- serving -------------------------------------------------------------------------------

    def serve(self, conversation: int = MAIN, around: Around = nullcontext) -> None:
        """Do what the other side asks, until it is gone; each thing inside `around()`."""
        self._mine.conversation = conversation
        while True:
            message = self._receive()
            with around():
                self._serve(message)

    def _serve(self, message: Message) -> BaseException | None:
        """Do one thing. Returns the exception that ends the call, if there was one."""
        try:
            self._send({"do": "value", "value": self.crossing.encode(self._done(message))})
        except LineBroken:
            raise
        except self._ends as end:
            self._send({"do": "stop"})
            return end
        except BaseException as error:
            self._send({"do": "error", "error": encode_error(error, self.crossing)})
        return None

    def _done(self, message: Message) -> Any:
        thing = self.crossing.own(message.get("on"))
        if message.get("do") == "get":
            return self._reach(thing, str(message.get("name")))
        if message.get("do") != "call" or not callable(thing):
            raise LineBroken(NO_MESSAGE)
        args, named = (self.crossing.decode(message.get(name)) for name in ("args", "named"))
        return thing(*args, **named)

    # -- the line, shared by the conversations -------------------------------------------------

    def _send(self, message: Message) -> None:
        about = {"c": self._conversation()}
        printed = self.printed() if message["do"] in ("value", "error") else ""
        self.line.write(message | about | ({"printed": printed} if printed else {}))

    def _conversation(self) -> int:
        if not hasattr(self._mine, "conversation"):
            is_main = threading.current_thread() is threading.main_thread()
            with self._turn:
                self._conversations += 0 if is_main else 1
                self._mine.conversation = MAIN if is_main else self._conversations
                # Known before its first answer can be here.
                self._inbox.setdefault(self._mine.conversation, deque())
        return int(self._mine.conversation)

    def _receive(self) -> Message:
        """The next message of this conversation; whoever waits reads for the others, too."""
        mine = self._conversation()
        while True:
            with self._turn:
                while not self._inbox[mine] and self._reading:
                    self._turn.wait()
                if self._inbox[mine]:
                    return self._inbox[mine].popleft()
                self._reading = True
            try:
                self._deliver(self.line.read())
            finally:
                with self._turn:
                    self._reading = False
                    self._turn.notify_all()

    def _deliver(self, message: Message) -> None:
        conversation = message.get("c")
        if not isinstance(conversation, int):
            raise LineBroken(NO_MESSAGE)
        is_new = conversation != MAIN and conversation not in self._inbox
        if is_new and self.on_new is None:
            raise LineBroken("It answered a question that nobody asked.")
        self._inbox[conversation].append(message)
        if is_new and self.on_new is not None:
            self.on_new(conversation)
