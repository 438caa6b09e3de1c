"""Wrong answers to the exercises of lesson 06, and unusual right ones."""

from __future__ import annotations

from tests.support.wrong_answers import Chameleon, right, value, wrong

GOING_ON = ("authorization_pending", "slow_down")


@wrong("06.poll", "M21", "You asked 0 s after")
def no_pause(ask, sleep, interval):
    while (answer := ask()).get("error") in GOING_ON:
        pass
    return answer


@wrong("06.poll", "M21", "adds 5 s for good")
def back_to_the_old_pace(ask, sleep, interval):
    while (answer := ask()).get("error") in GOING_ON:
        sleep(interval + 5 if answer["error"] == "slow_down" else interval)
    return answer


@wrong("06.poll", "M21", "'not yet', not 'no'")
def gives_up_at_any_error(ask, sleep, interval):
    return ask()


@wrong("06.poll", "M21", "gave up at `slow_down`")
def takes_slow_down_for_a_no(ask, sleep, interval):
    while (answer := ask()).get("error") == "authorization_pending":
        sleep(interval)
    return answer


@wrong("06.poll", "", "You asked again after the end")
def never_takes_no_for_an_answer(ask, sleep, interval):
    while "access_token" not in (answer := ask()):
        interval += 5 if answer["error"] == "slow_down" else 0
        sleep(interval)
    return answer


@wrong("06.poll", "", "Only `authorization_pending` and `slow_down` go on")
def ends_at_two_errors_alone(ask, sleep, interval):
    answer = ask()
    while answer.get("error") not in (None, "access_denied", "expired_token"):
        interval += 5 if answer["error"] == "slow_down" else 0
        sleep(interval)
        answer = ask()
    return answer


@wrong("06.poll", "M21", "was the pace")
def waits_a_minute_to_be_safe(ask, sleep, interval):
    while (answer := ask()).get("error") in GOING_ON:
        sleep(60)
    return answer


@wrong("06.poll", "M21", "adds 5 s for good")
def doubles_the_pace(ask, sleep, interval):
    while (answer := ask()).get("error") in GOING_ON:
        interval *= 2 if answer["error"] == "slow_down" else 1
        sleep(interval)
    return answer


@wrong("06.poll", "M21", "was the pace")
def slower_each_time_unasked(ask, sleep, interval):
    while (answer := ask()).get("error") in GOING_ON:
        interval += 5
        sleep(interval)
    return answer


@wrong("06.poll", "M21", "was the pace|adds 5 s for good|the service said")
def sleeps_what_mostly_does(ask, sleep, interval):
    while (answer := ask()).get("error") in GOING_ON:
        sleep(14)
    return answer


@wrong("06.poll", "M21", "adds 5 s for good|was the pace")
def twice_the_interval_to_be_safe(ask, sleep, interval):
    while (answer := ask()).get("error") in GOING_ON:
        sleep(2 * interval)
    return answer


@wrong("06.poll", "", "Return the last answer as it came")
def returns_the_token_alone(ask, sleep, interval):
    while (answer := ask()).get("error") in GOING_ON:
        interval += 5 if answer["error"] == "slow_down" else 0
        sleep(interval)
    return answer.get("access_token")


@wrong("06.poll", "", "asked nothing")
def asks_nothing(ask, sleep, interval):
    sleep(interval)
    return {"error": "access_denied"}


def _sleeps_before_the_first_question(ask, sleep, interval):
    while True:
        sleep(interval)
        answer = ask()
        error = answer.get("error")
        if error == "slow_down":
            interval += 5
        elif error != "authorization_pending":
            return answer


right("06.poll", "sleeps-before-the-first-question", _sleeps_before_the_first_question)


def _a_second_more_than_needed(ask, sleep, interval):
    answer = ask()
    while answer.get("error") in GOING_ON:
        if answer["error"] == "slow_down":
            interval += 5
        sleep(interval + 1)
        answer = ask()
    return answer


right("06.poll", "a-second-more-than-needed", _a_second_more_than_needed)


def _by_recursion(ask, sleep, interval):
    answer = ask()
    if answer.get("error") not in GOING_ON:
        return answer
    interval += 5 * (answer["error"] == "slow_down")
    sleep(interval)
    return _by_recursion(ask, sleep, interval)


right("06.poll", "by-recursion", _by_recursion)


def _noticed(steps):
    shown = [token for _, token in steps]
    return next((n for n, token in enumerate(shown) if token in shown[:n]), None)


def _all_of(steps, kinds="AR"):
    until = _noticed(steps)
    if until is None:
        return set()
    return {f"{kind}{n}" for kind in kinds for n in range(1, until + 2)}


@wrong("06.reuse", "M34", "A first use is always fine")
def at_the_thiefs_first_use(steps):
    thief = next((n for n, (who, _) in enumerate(steps) if who == "thief"), None)
    return thief, _all_of(steps)


@wrong("06.reuse", "M34", "access tokens of the family die too")
def refresh_tokens_only(steps):
    return _noticed(steps), _all_of(steps, "R")


@wrong("06.reuse", "M34", "the same string")
def the_thiefs_only(steps):
    thiefs = {n for n, (who, _) in enumerate(steps) if who == "thief"}
    dead = {f"{kind}{n + 2}" for n in thiefs for kind in "AR" if f"{kind}{n + 2}" in _all_of(steps)}
    return _noticed(steps), dead


@wrong("06.reuse", "M34", "notices at position")
def counts_from_one(steps):
    position = _noticed(steps)
    return (None if position is None else position + 1), _all_of(steps)


@wrong("06.reuse", "M34", "when a token is shown for the second time; you said None")
def noticed_if_someone_else_shows_it(steps):
    shown_by = {}
    for position, (who, token) in enumerate(steps):
        if shown_by.setdefault(token, who) != who:
            return position, _all_of(steps)
    return None, set()


@wrong("06.reuse", "", "never existed")
def one_token_too_many(steps):
    dead = _all_of(steps)
    return _noticed(steps), dead | ({"A99"} if dead else set())


@wrong("06.reuse", "", "Return two things")
def the_position_alone(steps):
    return _noticed(steps)


@wrong("06.reuse", "M34", "notices")
def a_position_that_equals_everything(steps):
    return Chameleon(), _all_of(steps)


@wrong("06.reuse", "", "set of names")
def a_count_of_the_dead(steps):
    return _noticed(steps), len(_all_of(steps))


@wrong("06.reuse", "M34", "notices")
def never_notices(steps):
    return None, set()


@wrong("06.reuse", "M34", "")
def a_position_that_is_all_positions(steps):
    return Chameleon(), _all_of(steps)


def _as_a_list(steps):
    return _noticed(steps), sorted(_all_of(steps))


right("06.reuse", "as-a-list", _as_a_list)


def _as_a_frozenset(steps):
    return _noticed(steps), frozenset(_all_of(steps))


right("06.reuse", "as-a-frozenset", _as_a_frozenset)


def _with_repetitions(steps):
    return _noticed(steps), [*_all_of(steps), *_all_of(steps)]


right("06.reuse", "with-repetitions", _with_repetitions)


WHOSE = "06.whose-code"


def _own(screens):
    own = screens["your_devices_show"]
    return {letter for letter, page in screens["pages"].items() if page["shows"] in own}


@wrong(WHOSE, "M28", "chose that name|was sent to you|left out")
def by_the_name(screens):
    return {letter for letter, page in screens["pages"].items() if page["agent"] == "my-agent"}


@wrong(WHOSE, "M28", r"At one desk, . was sent to you.*shows ....-....,")
def whatever_came_by_link(screens):
    links = {letter for letter, page in screens["pages"].items() if "link" in page["came"]}
    return _own(screens) | links


@wrong(WHOSE, "M28", r"At one desk, you left out .\..* it shows ....-....,")
def the_familiar_one_alone(screens):
    return {n for n in _own(screens) if screens["pages"][n]["agent"] == "my-agent"}


@wrong(WHOSE, "M28", "chose that name|left out")
def whatever_was_not_sent(screens):
    return {letter for letter, page in screens["pages"].items() if "sent" not in page["came"]}


@wrong(WHOSE, "M28", "Two of them are your own")
def none(screens):
    return set()


@wrong(WHOSE, "M28", "chose that name|was sent|left out")
def always_the_same_two(screens):
    return {"A", "C"}


@wrong(WHOSE, "M28", "chose that name|was sent")
def all_of_them_on_a_desk_made_up(screens):
    screens["your_devices_show"][:] = [page["shows"] for page in screens["pages"].values()]
    return _own(screens)


@wrong(WHOSE, "", "none of the letters A to E")
def no_letters(screens):
    return {"Z"}


@wrong(WHOSE, "", "Give the letters of the pages")
def a_number(screens):
    return len(_own(screens))


@wrong(WHOSE, "", "Give the letters of the pages")
def claims_to_be_all(screens):
    return Chameleon()


value(WHOSE, "letters-without-a-function", "Pass the function itself", lambda lesson: {"A", "C"})
right(WHOSE, "as-a-list", lambda screens: sorted(_own(screens)))
right(WHOSE, "as-text", lambda screens: "".join(_own(screens)))
right(WHOSE, "as-text-with-commas", lambda screens: ", ".join(_own(screens)))
