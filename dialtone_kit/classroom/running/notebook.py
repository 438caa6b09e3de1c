"""Executes one notebook with papermill, in a kernel that may be running already."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import NBClientEngine, papermill_engines

from dialtone_kit.classroom.running.jobs import Outcome

CELL_TIMEOUT = 300  # seconds
ENGINE = "dialtone"


class _InThisKernel(NBClientEngine):  # type: ignore[misc] # papermill comes without types
    """papermill's own engine, with a kernel manager that it is given.

    It saves the notebook when it has ended, however it did, and not twice for each cell.
    """

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, manager: AsyncKernelManager, copy: str, **kwargs: Any
    ) -> None:
        try:
            super().execute_managed_notebook(nb_man, kernel_name, km=manager, **kwargs)
        finally:
            nb_man.output_path = copy


papermill_engines.register(ENGINE, _InThisKernel)


def execute(
    notebook: Path, copy: Path, parameters: Mapping[str, Any], manager: AsyncKernelManager
) -> tuple[Outcome, str]:
    """Run `notebook`; the executed one goes to `copy`. Returns the outcome and a line on why."""
    try:
        papermill.execute_notebook(
            str(notebook),
            str(copy),
            dict(parameters),
            engine_name=ENGINE,
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            execution_timeout=CELL_TIMEOUT,
            store_widget_state=False,  # it would keep what was typed
            manager=manager,
            copy=str(copy),
        )
    except papermill.PapermillExecutionError as failed:
        outcome: Outcome = "stopped" if failed.ename == "LessonStop" else "failed"
        first = str(failed.evalue).strip().splitlines() or [""]
        return outcome, f"cell {failed.exec_count}: {failed.ename}: {first[0]}"
    except CellTimeoutError:
        return "failed", f"a cell took longer than {CELL_TIMEOUT} s"
    except (DeadKernelError, NoSuchKernel) as failed:
        return "failed", f"the kernel: {failed}; see `dialtone doctor`"
    return "passed", ""


def tidied(executed: str, name: str) -> str:
    """An executed notebook as it may be shared: no widgets' values, no paths of this machine."""
    notebook = json.loads(executed)
    notebook["metadata"].pop("widgets", None)
    noted = notebook["metadata"].get("papermill", {})
    for member in ("input_path", "output_path"):
        if noted.get(member):
            noted[member] = name
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
