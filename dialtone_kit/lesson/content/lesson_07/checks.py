"""Lesson 07: what each find is worth, what a 401 invites to, and the token with the least in it."""

from __future__ import annotations

from contextlib import closing

from dialtone_kit.lesson.content.lesson_07 import fields, finds, jobs
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, function_of
from dialtone_kit.lesson.legacy_api import LegacyApi


@exercise(
    "07.blast",
    "What is it worth?",
    hints=[
        "Take the six one by one. Who can read the text of a token? What does the API ask for, "
        "besides the token?",
        "Three things must hold before a found token opens this API: it needs no key, it still has "
        "time left, and it is not for another API.",
        "A client ID and secret are no token: they go to the token endpoint.",
    ],
    praise="All six were tried by a thief with a key of its own: one token opened the API, and the "
    "secret got a new one.",
    make=lambda _lesson: finds.six_finds(),
)
def blast(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "good_for")
    six, more = finds.six_finds(), finds.more_finds()
    chosen = [(find, finds.read_choice(ask(function, dict(find)))) for find in six + more]
    if not lesson.is_mock:
        for find, got in chosen:
            finds.judge(got, find, lambda _: {"call": "refused", "renew": "refused"})
        return
    wrong = [(find, got) for find, got in chosen if got != finds.good_for(find)]
    with lesson.lab_realm() as lab:
        robbery = finds.Robbery(lab)
        for find, got in wrong[:1]:
            finds.judge(got, find, robbery.statuses)
        for find in sorted(six, key=lambda find: -find.get("seconds_left", 0)):
            _agrees(find, robbery)


def _agrees(find: finds.Find, robbery: finds.Robbery) -> None:
    """The service answers as the right answer says; the expired token comes last."""
    for ability, status in robbery.statuses(find).items():
        if status.startswith("2") != (ability in finds.good_for(find)):
            raise Wrong(f"The service did not answer as expected: {status} to {ability}.")


@exercise(
    "07.challenge",
    "What does the 401 ask for?",
    hints=[
        "Commas do two things: they separate parameters, and they separate challenges. Inside "
        "quotes they do neither.",
        "A part that begins with a word and a space, such as `DPoP algs=…`, opens a new scheme. "
        "One such as `error=…` belongs to the scheme before it.",
        "`urllib.request.parse_http_list` splits at those commas that are not inside quotes.",
    ],
    praise="Both schemes, wherever they stood, and each value as it was meant.",
)
def challenge(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "parse_challenges")
    for case in fields.cases():
        got = ask(function, list(case.fields), shown=True)
        fields.judge_parsed(got, case)
    url = lesson.client.metadata.get("userinfo_endpoint")
    if url is not None:
        came = lesson.http.get(url).headers.get_list("WWW-Authenticate")
        fields.judge_parsed(ask(function, list(came)), fields.Case(came, fields.parsed(came)))


@exercise(
    "07.smallest",
    "The smallest loot",
    level="stretch",
    hints=[
        "Which scopes do the calls of this job need? Each scope once.",
        "A token that names no API is good at all of them.",
        "Put the scopes together with `' '.join(…)`, and take `resource` from the job.",
    ],
    praise="Each job ran. Whatever else the token was tried at said no.",
)
def smallest(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "smallest")
    shape = {"api": f"{lesson.issuer}/api", "calls": ["GET /notes"]}
    jobs.read_order(ask(function, shape))
    with (
        lesson.lab_realm("default", jobs.SCOPES) as lab,
        closing(LegacyApi(lab.client)) as other,
    ):
        for job in jobs.jobs(f"{lab.issuer}/api"):
            scope, resource = jobs.read_order(ask(function, dict(job)))
            jobs.judge_loot(scope, resource, job, lab, other)
