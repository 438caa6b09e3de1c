"""Lesson 13: a dial tone at a stranger's, an agent that leaves, and a sentence for a colleague."""

from __future__ import annotations

from dialtone_kit.lesson.content.lesson_13.capstone import judge_everywhere
from dialtone_kit.lesson.content.lesson_13.leaving import judge_leaving
from dialtone_kit.lesson.content.lesson_13.teaching import judge_sentence
from dialtone_kit.lesson.exercises import LiveLesson, exercise
from dialtone_kit.lesson.exercises.asking import function_of
from dialtone_kit.lesson.misconceptions import misconception


@exercise(
    "13.dialtone",
    "A dial tone",
    hints=[
        "Write one helper that sends a request until it is neither busy nor asked for a nonce, and "
        "use it for all three: discovery, token, whoami. Give it a function that builds the "
        "request anew each time.",
        "`lesson.wire.sequence(9)` shows the last service's answers, one after the other. What did "
        "it ask for before it refused?",
        "`Date` in a response is the service's time: `email.utils.parsedate_to_datetime` reads it. "
        "`build_proof(…, now=…)` takes the time that a proof should have.",
        "Keep one nonce for the token endpoint and another for whoami, each from a response of "
        "that place.",
    ],
    praise="Three services that nobody had seen before, and all of them let you in.",
)
def dialtone(answer: object, lesson: LiveLesson) -> int:
    return judge_everywhere(function_of(answer, "dialtone"), lesson.wire)


@exercise(
    "13.clean",
    "Leave nothing alive",
    hints=[
        "What can still be used: which strings, and which file? Only the service can end the first "
        "kind.",
        "Another client's token isn't yours to revoke: `client_id` in its claims says whose it is.",
        "`client.revoke` takes a Token or a refresh token. `path_for(client_id)` is where the file "
        "is.",
    ],
    praise="The service says that nothing of it is active, the disk is clean, and the client that "
    "stays lost nothing.",
)
def clean(answer: object, lesson: LiveLesson) -> None:
    judge_leaving(function_of(answer, "clean_up"), lesson)


@exercise(
    "13.teach",
    "Tell a colleague",
    level="stretch",
    hints=[
        "What did you expect, and what happened? What do you do differently now?",
        "Name things by their names: proof, nonce, `htu`, audience.",
    ],
    praise="That is yours now. Your report keeps it.",
    keeps=True,
)
def teach(answer: object, lesson: LiveLesson) -> None:
    judge_sentence(answer, misconception(lesson.worst_code()))
