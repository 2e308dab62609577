"""Several sessions (runs, or shards of one in CI) become one, by the rules of a single run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from pytest_distil.core.call import CAPPED, CONFLICT, OUTVOTED
from pytest_distil.core.card import changed_parts
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.text import compact
from pytest_distil.mark.errors import DataError
from pytest_distil.run.facts import Facts
from pytest_distil.run.stock import Stock
from pytest_distil.store.home import Home
from pytest_distil.store.session import read_capped, read_conflicts, read_examples, read_manifest, write_manifest


def merge(folders: Sequence[Path], home: Home) -> tuple[Path, Manifest]:
    """Write one session of several and return its folder and manifest.

    Duplicates are merged, conflicts settled anew, and what any session held out stays held out. The newest
    session's settings hold, and its briefs where nothing differs that a prompt says. It is a session of the whole
    suite, for that is what shards are merged for, and tests vouch for it where they do for one of them. Raises
    `DataError` for fewer than two sessions, and where two know the same task by briefs that differ.
    """
    sessions = _read(folders)
    manifests = [manifest for _, manifest in sessions]
    _refuse_other_briefs(manifests)
    stock = Stock(_facts(manifests, sessions[-1][0]))
    for folder, manifest in sessions:
        _add_numbers(stock, manifest)
        _add_calls(stock, folder)
    merged = home.new_session()
    names = tuple(manifest.id for manifest in manifests)
    seconds = sum(manifest.seconds for manifest in manifests)
    manifest = stock.write(merged, seconds=seconds, partial=False, merged=names)
    if not any(one.vouched for one in manifests):
        manifest = replace(manifest, vouched=False)
        write_manifest(merged, manifest)
    if manifest.examples and manifest.vouched:
        home.set_latest(merged)
    return merged, manifest


def changed_sources(folders: Sequence[Path]) -> list[str]:
    """Return the tasks whose source text is not the same in all sessions, sorted."""
    sources: dict[str, set[object]] = {}
    for _, manifest in _read(folders):
        for task, brief in manifest.briefs().items():
            sources.setdefault(task, set()).add(brief.source)
    return sorted(task for task, different in sources.items() if len(different) > 1)


def _read(folders: Sequence[Path]) -> list[tuple[Path, Manifest]]:
    """Return the sessions with their manifests, oldest first, each once."""
    different = {folder.resolve(): folder for folder in folders}.values()
    if len(different) < 2:  # noqa: PLR2004
        raise DataError(", ".join(map(str, different)), "merging takes two sessions or more")
    sessions = [(folder, read_manifest(folder)) for folder in different]
    return sorted(sessions, key=lambda one: (one[1].started, one[1].id))


def _refuse_other_briefs(manifests: Sequence[Manifest]) -> None:
    """Raise `DataError` where a task's prompts would differ between sessions, and say in which part."""
    known: dict[str, tuple[str, dict[str, str]]] = {}
    for manifest in manifests:
        for task, brief in manifest.briefs().items():
            session, digests = known.setdefault(task, (manifest.id, brief.digests()))
            changed = changed_parts(digests, brief.digests())
            if changed:
                raise DataError(
                    manifest.id,
                    f"the task {task!r} is another one than in {session}: {' and '.join(changed)} changed; "
                    "collect again with the code as it is now",
                )


def _facts(manifests: Sequence[Manifest], path: Path) -> Facts:
    """Return the facts of the newest session, begun with the oldest."""
    newest = Facts.from_json({**manifests[-1].to_json(), "started": manifests[0].started}, path=path)
    if len({manifest.commit for manifest in manifests}) == 1:
        return newest
    return Facts(newest.started, newest.settings, newest.versions, None)


def _add_numbers(stock: Stock, manifest: Manifest) -> None:
    """Add what only adds up: attempts, calls, what was left out; a later brief takes the place of an earlier one."""
    stock.tests.update(manifest.tests)
    stock.briefs.update(manifest.briefs())
    stock.calls.update({task.brief["task"]: task.calls for task in manifest.tasks})
    for name, tests in manifest.mocks.items():
        stock.mocks.setdefault(name, set()).update(tests)
    for reason, times in manifest.left_out.items():
        if reason not in (CONFLICT, OUTVOTED, CAPPED):  # these are found anew
            stock.left_out[manifest.left_out_examples[reason]] += times


def _add_calls(stock: Stock, folder: Path) -> None:
    """Add a session's examples, those that it left out for their number too, and its conflicts."""
    add = stock.gathering.add
    for one in chain(read_examples(folder), read_capped(folder)):
        add(one.task, compact(one.arguments), compact(one.result), tests=one.tests, held_out=one.held_out)
    for conflict in read_conflicts(folder):
        for result, tests in conflict.results:
            arguments = compact(conflict.arguments)
            add(conflict.task, arguments, compact(result), tests=tests, held_out=conflict.held_out)
