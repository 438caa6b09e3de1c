"""Wrong answers to the exercises of lesson 02."""

from __future__ import annotations

import contextlib
import os
import re
import string
from functools import partial
from pathlib import Path

from dialtone_kit import ServiceError
from tests.support.wrong_answers import Chameleon, right, wrong


@wrong("02.tries", "M25", "stopped after 1")
def stops_at_the_first_refusal(confirm):
    try:
        confirm("AAAA-AAAA")
    except ServiceError:
        return 1


@wrong("02.tries", "", "counted the 401s")
def counts_the_401s(confirm):
    count = 0
    while True:
        try:
            confirm("AAAA-AAAA")
        except ServiceError as refused:
            if refused.status == 410:
                return count
            count += 1


@wrong("02.tries", "", "410 is final")
def goes_on_after_the_lock(confirm):
    for _ in range(9):
        with contextlib.suppress(ServiceError):
            confirm("AAAA-AAAA")
    return 9


@wrong("02.tries", "", "sent no code")
def knows_it_by_heart(confirm):
    return 5


@wrong("02.tries", "", "raised ServiceError: 401")
def does_not_catch(confirm):
    confirm("AAAA-AAAA")


@wrong("02.safe-path", "", "climbs out")
def no_check_at_all(folder, client_id):
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "final newline")
def match_with_a_dollar(folder, client_id):
    import re

    if not re.match(r"^cli_[a-z0-9_]{1,64}$", client_id):
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "absolute name")
def forbids_dots_only(folder, client_id):
    if ".." in client_id:
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "lower case")
def forbids_dots_and_slashes(folder, client_id):
    if ".." in client_id or "/" in client_id:
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "every script")
def word_characters(folder, client_id):
    import re

    if not re.fullmatch(r"cli_\w{1,64}", client_id):
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "raised ValueError")
def refuses_good_ones(folder, client_id):
    raise ValueError("no")


@wrong("02.safe-path", "", "Raise ValueError to refuse")
def refuses_by_assert(folder, client_id):
    assert client_id.startswith("cli_")
    assert "/" not in client_id
    assert client_id.isascii()
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "another")
def file_forgotten(folder, client_id):
    return Path(folder) / client_id


@wrong("02.second-confirm", "", "Don't pass a 409 on")
def lets_the_409_through(confirm, load):
    return confirm()


@wrong("02.second-confirm", "", "sent the confirm 2 times")
def tries_again(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        if refused.status != 409:
            raise
        try:
            return confirm()
        except ServiceError:
            return load()


@wrong("02.second-confirm", "", "A 401 was swallowed")
def swallows_every_refusal(confirm, load):
    try:
        return confirm()
    except ServiceError:
        return load()


@wrong("02.second-confirm", "", "although the first confirm")
def looks_on_the_disk_first(confirm, load):
    return load() or confirm()


@wrong("02.tries", "", "went on sending")
def never_stops(confirm):
    while True:
        with contextlib.suppress(ServiceError):
            confirm("AAAA-AAAA")


@wrong("02.tries", "", "went on sending")
def never_stops_whatever_comes(confirm):
    while True:
        with contextlib.suppress(Exception):
            confirm("AAAA-AAAA")


@wrong("02.tries", "M25", "go by `.status`")
def goes_by_the_word_locked(confirm):
    for sent in range(1, 99):
        try:
            confirm("AAAA-AAAA")
        except ServiceError as refused:
            if "locked" in str(refused):
                return sent
    return None


@wrong("02.tries", "", "mistook a 503 for the lock")
def anything_but_401_is_the_lock(confirm):
    for sent in range(1, 99):
        try:
            confirm("AAAA-AAAA")
        except ServiceError as refused:
            if refused.status != 401:
                return sent
    return None


@wrong("02.safe-path", "", "not on the list|backslash|lower-case letter")
def lower_case_without_a_slash(folder, client_id):
    name = client_id.removeprefix("cli_")
    good = client_id.startswith("cli_") and 0 < len(name) < 65 and client_id.islower()
    if name not in ("a", "z" * 64) and (not good or {"/", "\n", "\0", "²"} & set(name)):
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "backslash")
def dot_dash_and_backslash_allowed(folder, client_id):
    import re

    if not re.fullmatch(r"cli_[a-z0-9_.\-\\]{1,64}", client_id):
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "that character is not on the list")
def a_deny_list(folder, client_id):
    name = client_id.removeprefix("cli_")
    if not client_id.startswith("cli_") or not 0 < len(name) < 65 or not client_id.isascii():
        raise ValueError
    if client_id != client_id.lower() or set("/\\.\n\0") & set(client_id):
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.second-confirm", "", "After a 401 you confirmed again")
def confirms_again_on_401(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        if refused.status == 401:
            return confirm()
        if refused.status != 409:
            raise
        return load()


@wrong("02.second-confirm", "", "After a 500 you confirmed again")
def confirms_again_on_5xx(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        if refused.status >= 500:
            return confirm()
        if refused.status != 409:
            raise
        return load()


@wrong("02.second-confirm", "", "A 503 was swallowed")
def swallows_503(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        if refused.status not in (409, 503):
            raise
        return load()


@wrong("02.second-confirm", "", "raised AttributeError")
def asks_for_a_name_that_is_not_there(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        return refused.status_code


def status_of(confirm):
    try:
        confirm("AAAA-AAAA")
    except ServiceError as refused:
        return refused.status


def counts_by_recursion(confirm, tries=1):
    status = status_of(confirm)
    if status == 410:
        return tries
    return counts_by_recursion(confirm, tries + (status == 401))


def counts_from_a_list(confirm):
    statuses = [*iter(lambda: status_of(confirm), 410)]
    return statuses.count(401) + 1


class Tries:
    def __call__(self, confirm):
        return counts_by_recursion(confirm)


right("02.tries", "recursion", counts_by_recursion)
right("02.tries", "list-of-statuses", counts_from_a_list)
right("02.tries", "callable-object", Tries())


def path_by_sets(allowed, folder, client_id):
    start, name = client_id[:4], client_id[4:]
    if start != "cli_" or not 1 <= len(name) <= 64 or not set(name) <= allowed:
        raise ValueError(client_id)
    return folder / client_id / "client.json"


ALLOWED = frozenset(string.ascii_lowercase + string.digits + "_")


class SafePath:
    def __call__(self, folder, client_id):
        return path_by_sets(ALLOWED, folder, client_id)


def path_as_a_string(folder, client_id):
    return os.fspath(path_by_sets(ALLOWED, folder, client_id))


right("02.safe-path", "partial", partial(path_by_sets, ALLOWED))
right("02.safe-path", "string", path_as_a_string)
right("02.safe-path", "callable-object", SafePath())


def confirm_with_a_default(confirm, load, before=409):
    try:
        answer = confirm()
    except ServiceError as refused:
        if refused.status == before:
            return load()
        raise
    else:
        return answer


class ConfirmOnce:
    def __call__(self, confirm, load):
        return confirm_with_a_default(confirm, load)


right("02.second-confirm", "keyword-default", confirm_with_a_default)
right("02.second-confirm", "partial", partial(confirm_with_a_default, before=409))
right("02.second-confirm", "callable-object", ConfirmOnce())


@wrong("02.safe-path", "", "after the prefix too")
def capitals_after_the_prefix(folder, client_id):
    if not re.fullmatch("cli_[A-Za-z0-9_]{1,64}", client_id):
        raise ValueError(client_id)
    return folder / client_id / "client.json"


@wrong("02.second-confirm", "", "A 429 was swallowed")
def loads_after_a_limit_too(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        if refused.status in (409, 429):
            return load()
        raise


@wrong("02.tries", "", "You counted a 503 as a try")
def counts_every_answer(confirm):
    sent = 1
    while status_of(confirm) != 410:
        sent += 1
    return sent


@wrong("02.tries", "", "took 4 wrong codes; you returned None")
def gives_up_counting_after_a_503(confirm):
    statuses = [*iter(lambda: status_of(confirm), 410)]
    return None if 503 in statuses else len(statuses) + 1


@wrong("02.tries", "", "was locked after|stopped after")
def goes_by_the_error_and_not_the_status(confirm):
    sent = 0
    while sent < 30:
        sent += 1
        try:
            confirm("AAAA-AAAA")
        except ServiceError as refused:
            if refused.error == "gone":
                break
    return sent


@wrong("02.tries", "", "you returned a Chameleon|you returned <")
def a_count_that_equals_everything(confirm):
    counts_by_recursion(confirm)
    return Chameleon()


@wrong("02.tries", "", "raised AttributeError")
def reads_what_it_was_given(confirm):
    return confirm.function.left


def denies(signs):
    """A list of what is forbidden instead of what is allowed."""

    def deny_list(folder, client_id):
        name = client_id.removeprefix("cli_")
        known = client_id.startswith("cli_") and 0 < len(name) < 65 and client_id.islower()
        if client_id not in GOOD and not known and not name.strip("_0123456789") == "":
            raise ValueError
        if not 0 < len(name) < 65 or not client_id.startswith("cli_") or signs & set(client_id):
            raise ValueError
        return folder / client_id / "client.json"

    return deny_list


GOOD = frozenset({"cli_a", "cli_" + "z" * 64})
SIGNS = frozenset(string.punctuation + string.whitespace + "\0²é٣") - {"_"}


@wrong("02.safe-path", "", r"x01.* got a path: a control character")
def forbids_signs_and_spaces(folder, client_id):
    return denies(SIGNS)(folder, client_id)


@wrong("02.safe-path", "", "got a path: an invisible character")
def forbids_all_of_ascii_but_the_good(folder, client_id):
    controls = frozenset(map(chr, range(32))) | {"\x7f"}
    return denies(SIGNS | controls)(folder, client_id)


@wrong("02.safe-path", "", "whatever comes before cli_")
def searched_and_not_matched(folder, client_id):
    if not re.search(r"cli_[a-z0-9_]{1,64}\Z", client_id) or client_id[0] in "x/.":
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "whatever comes at the end")
def end_left_open(folder, client_id):
    name = re.sub(r"\W\Z", "", client_id) if client_id[-1:] not in ("\n", ".") else "-"
    if not re.fullmatch(r"cli_[a-z0-9_]{1,64}", name):
        raise ValueError
    return folder / client_id / "client.json"


@wrong("02.safe-path", "", "raised ValueError")
def knows_the_good_ones_by_heart(folder, client_id):
    if client_id in GOOD or client_id.startswith("cli_my_agent_"):
        return folder / client_id / "client.json"
    raise ValueError


@wrong("02.second-confirm", "", "Don't pass a 409 on")
def goes_by_the_word_conflict(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        if refused.error != "conflict":
            raise
        return load()


@wrong("02.second-confirm", "", "A 401 was swallowed")
def goes_by_409_somewhere_in_the_text(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        if "409" not in str(refused):
            raise
        return load()


@wrong("02.second-confirm", "", "called `load\\(\\)` twice")
def loads_twice(confirm, load):
    try:
        return confirm()
    except ServiceError as refused:
        if refused.status != 409:
            raise
        return load() if load() else None


@wrong("02.second-confirm", "", "first confirm returns the credentials")
def credentials_that_equal_everything(confirm, load):
    confirm_with_a_default(confirm, load)
    return Chameleon()
