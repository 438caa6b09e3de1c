"""Runs jobs side by side on this machine: each in its own process, as many at a time as asked.

A process that is killed costs its own job alone, and that one is run again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom.running.call import Call, WorkerLost
from dialtone_kit.classroom.running.jobs import Done, Job
from dialtone_kit.classroom.running.nursery import Nursery
from dialtone_kit.classroom.running.place import Place
from dialtone_kit.classroom.running.run_job import run_job

TRIES = 2  # of a job whose process was killed
GRACE = 15.0  # seconds for a process to clean up before it is killed


class Pool:
    """Runs a job when one of `workers` is free; `close` ends everything, done or not.

    Each worker has a local service of its own, unless `own_service` is False.
    """

    def __init__(self, workers: int | None = None, *, own_service: bool = True) -> None:
        self._workers = workers or platform.cores()
        self._threads = ThreadPoolExecutor(self._workers)
        self._own_service = own_service
        self._nursery = Nursery()
        self._lock = threading.Lock()
        self._places: list[Place] = []
        self._free: list[Place] = []
        self._calls: list[Call] = []
        self._closed = False

    def prepare(self, jobs: int) -> None:
        """Start services for that many jobs now, while the first process imports what it needs."""
        for _ in range(min(jobs, self._workers)):
            self._threads.submit(self._open_ahead)

    def submit(self, job: Job) -> Future[Done]:
        """Its future; it is running once a worker has taken it."""
        return self._threads.submit(self.run, job)

    def run(self, job: Job) -> Done:
        """Run it now, and wait for it. Raises ServiceUnreachable when no service starts for it."""
        self._nursery.start()  # it imports while a service starts
        for _ in range(TRIES):
            place = self._place()
            try:
                done: Done = self.call(run_job, job, place.folder, place.environment)
            except WorkerLost:
                self._drop(place)  # something of that process may still be at work there
                if self._closed:
                    raise
            else:
                self._free.append(place)
                return done
        return Done("failed", "the worker process was killed; run it again")

    def call(self, function: Callable[..., None], *arguments: object) -> Any:
        """What `function` answers in a process of its own; see child.py. WorkerLost if it dies."""
        call = Call(self._nursery.connect())
        with self._lock:
            self._calls = [one for one in self._calls if not one.has_ended()] + [call]
        if self._closed:
            call.interrupt()
        return call.result(function, *arguments)

    def close(self) -> None:
        """Call off what isn't done, wait until everything has cleaned up, end the services."""
        with self._lock:
            self._closed = True
            calls = list(self._calls)
        self._nursery.close()
        for call in calls:
            call.interrupt()
        killing = threading.Timer(GRACE, self._kill_all)
        killing.start()
        self._threads.shutdown(cancel_futures=True)
        while not all(call.has_ended(0.02) for call in self._calls):
            pass
        killing.cancel()
        with ThreadPoolExecutor() as closing:  # a service takes its time to end
            list(closing.map(Place.close, self._places))

    def _kill_all(self) -> None:
        for call in self._calls:
            call.kill()

    def _place(self) -> Place:
        with self._lock:
            if self._free:
                return self._free.pop()
        return self._opened()

    def _opened(self) -> Place:
        place = Place(self._own_service)
        self._places.append(place)
        return place

    def _open_ahead(self) -> None:
        with suppress(DialtoneError):  # the job that needs it tries again, and says why
            self._free.append(self._opened())

    def _drop(self, place: Place) -> None:
        self._places.remove(place)
        place.close()
