"""What the README says of engines for larger models, held against the engines themselves: they load our files.

They weigh gigabytes: `tox run -e engines` has them, elsewhere these tests are skipped.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, NotRequired

import pytest
from typing_extensions import TypedDict

from pytest_distil.cli import main
from pytest_distil.formats import load
from pytest_distil.store.session import read_examples, read_manifest
from support.briefs import brief_of
from support.tiny_llama import CHATML
from support.tiny_transformer import save_tiny
from support.tuning_report import write_report
from support.tuning_session import make_session, trained_file, triage

for _name in ("torch", "transformers", "datasets", "trl", "peft"):
    pytest.importorskip(_name, reason=f"needs {_name}: `tox run -e engines` has it", exc_type=ImportError)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # the libraries' own deprecations

README = Path(__file__).parents[1] / "README.md"
TEMPLATES = {"qwen2_5": "<|im_end|>", "llama3_1": "<|eot_id|>"}
"""Chat templates of real models, as TRL brings them, and what ends a turn: each words tools in its own way."""

TWO = ("--nproc_per_node", "2")


class Remark(TypedDict):
    """What one of two tasks may add, so that their schemas differ at every level."""

    by: str
    words: list[str]


class Sorted(TypedDict):
    """What the other task of the dataset returns."""

    topic: Literal["billing", "bug", "other"]
    urgent: bool
    remark: NotRequired[Remark | None]


BRIEFS = (triage(), brief_of(Sorted, task="mail.sort", name="sort", docstring="Sort an e-mail, with a remark."))


@pytest.fixture(params=sorted(TEMPLATES))
def base(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base model, in a folder of the test."""
    import trl

    monkeypatch.chdir(tmp_path)
    template = Path(trl.__file__).parent / "chat_templates" / f"{request.param}.jinja"
    return save_tiny(tmp_path / "base", template=template.read_text(encoding="utf-8"), end=TEMPLATES[request.param])


@pytest.fixture(params=["json_schema", "tools"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A session with two tasks in one dataset."""
    return make_session(tmp_path / ".distil", calls=30, briefs=BRIEFS, format_name=request.param)


def exported(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Export for TRL, and return the words of the command that is told."""
    assert 0 == main(["export", *words, "--provider", "trl", "--out", "out", "--model", "base"])
    return shlex.split(capsys.readouterr().out.splitlines()[-1])


def asked_and_replied(folder: Path, base: Path) -> set[tuple[str, str]]:
    """Return what a server makes of each request about a training example, and of the reply to it."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    briefs = {brief.task: brief for brief in BRIEFS}
    format_name = read_manifest(folder).tasks[0].format
    found = set()
    for one in read_examples(folder):
        body = load(format_name).prompt(briefs[one.task], one.arguments)
        reply = load(format_name).reply(briefs[one.task], one.result)
        told = {"tools": body.get("tools"), "tokenize": False}
        prompt = tokenizer.apply_chat_template(body["messages"], add_generation_prompt=True, **told)
        whole = tokenizer.apply_chat_template([*body["messages"], with_objects(reply)], **told)
        assert whole.startswith(prompt)
        found.add((prompt, whole.removeprefix(prompt)))
    return found


def with_objects(reply: dict[str, Any]) -> dict[str, Any]:
    """Return a reply as servers hand it to a chat template: the arguments of calls are objects."""
    calls = [
        {**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"])}}
        for call in reply.get("tool_calls") or ()
    ]
    return {**reply, **({"tool_calls": calls} if calls else {})}


def halves(rows: Any, base: Path) -> Iterator[tuple[str, str]]:
    """Yield what of each tokenized row is only read, and what is learned."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    for row in rows:
        read = len(list(takewhile(lambda label: label == -100, row["labels"])))
        learned = [label for label in row["labels"] if label != -100]
        rest = tokenizer.decode(row["input_ids"][read + len(learned) :])
        assert learned == row["input_ids"][read : read + len(learned)]
        assert not rest.strip()
        yield tokenizer.decode(row["input_ids"][:read]), tokenizer.decode(learned)


def test_trl_trains_on_the_reply_to_the_very_prompt(
    base: Path, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What TRL makes of the file is, token for token, what a server makes of our requests; the reply is learned."""
    from datasets import load_dataset
    from trl import SFTConfig, SFTTrainer

    command = exported(capsys, "latest")
    rows = load_dataset(command[command.index("--dataset_name") + 1])
    config = SFTConfig(output_dir="trained", max_length=65536, report_to="none", use_cpu=True)
    trainer = SFTTrainer(str(base), config, train_dataset=rows["train"], eval_dataset=rows["validation"])
    trained = [*halves(trainer.train_dataset, base), *halves(trainer.eval_dataset, base)]
    known = asked_and_replied(session, base)

    assert set(trained) <= known
    assert len(trained) == len(set(trained)) == sum(not one.held_out for one in read_examples(session))
    assert all(reply.rstrip().endswith(tuple(TEMPLATES.values())) for _, reply in trained)


def test_trl_prefers_what_the_original_returned(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Preference pairs ask what a request asks; the original's result is chosen, the model's rejected."""
    from datasets import load_dataset
    from trl import DPOConfig, DPOTrainer

    folder = make_session(tmp_path / ".distil", calls=30)
    wrong = {number: ("differ", {"topic": "other", "urgent": number % 2 == 1}) for number in range(0, 30, 3)}
    command = exported(capsys, "--method", "dpo", str(write_report(tmp_path / "report.json", folder, wrong)))
    rows = load_dataset(command[command.index("--dataset_name") + 1])["train"]
    config = DPOConfig(output_dir="trained", max_length=65536, report_to="none", use_cpu=True)
    trainer = DPOTrainer(str(base), args=config, train_dataset=rows)
    decode = trainer.processing_class.decode
    found = {
        (decode(one["prompt_ids"]), decode(one["chosen_ids"]), decode(one["rejected_ids"]))
        for one in trainer.train_dataset
    }
    known = dict(asked_and_replied(folder, base))

    assert found
    assert all(known[prompt] == chosen != rejected for prompt, chosen, rejected in found)


@pytest.mark.parametrize(
    ("method", "launched"),
    [("sft", ("trl", "sft")), ("dpo", ("trl", "dpo")), ("sft", ("torchrun", *TWO, "-m", "trl.scripts.sft"))],
)
def test_the_command_that_is_told_trains(
    method: str,
    launched: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The printed command runs, also on two processes, and leaves an adapter that goes with its base."""
    from peft import AutoPeftModelForCausalLM
    from transformers import LlamaForCausalLM

    monkeypatch.chdir(tmp_path)
    save_tiny(tmp_path / "base", template=CHATML)
    folder = make_session(tmp_path / ".distil", calls=30)
    wrong = {number: ("differ", {"topic": "other", "urgent": False}) for number in range(10)}
    report = write_report(tmp_path / "report.json", folder, wrong)
    command = exported(capsys, *(["latest"] if method == "sft" else ["--method", "dpo", str(report)]))
    short = ["--max_steps", "1", "--report_to", "none", "--use_cpu", "True"]
    program = Path(sys.executable).with_name(launched[0])
    words = [str(program), *launched[1:], *command[2:], *short]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert ["trl", method] == command[:2]
    assert 0 == done.returncode, done.stdout + done.stderr
    merged = AutoPeftModelForCausalLM.from_pretrained(command[command.index("--output_dir") + 1]).merge_and_unload()
    assert {key for key, _ in merged.named_parameters()} == {
        key for key, _ in LlamaForCausalLM.from_pretrained("base").named_parameters()
    }


def test_axolotl_trains_on_the_reply_to_the_very_prompt(base: Path, session: Path, tmp_path: Path) -> None:
    """With the README's settings, Axolotl makes of a session's own file what a server makes of our requests."""
    pytest.importorskip("axolotl", reason="needs axolotl: `tox run -e engines` has it", exc_type=ImportError)
    import yaml
    from axolotl.prompt_strategies.chat_template import load as strategy
    from axolotl.utils.dict import DictDefault
    from datasets import load_dataset
    from transformers import AutoTokenizer

    [block] = [text for text in README.read_text().split("```") if text.startswith("yaml\n# axolotl.yaml")]
    settings = DictDefault(yaml.safe_load(block.removeprefix("yaml")))
    [dataset] = settings.datasets
    rows = load_dataset(dataset.ds_type, data_files=str(trained_file(session)))["train"]
    made = strategy(AutoTokenizer.from_pretrained(base), settings, dataset)
    trained = list(halves((made.tokenize_prompt(row) for row in rows), base))

    assert "chat_template" == dataset.type
    assert len(trained) == len(rows)
    # The line break that some templates put behind the end of a turn is nothing to learn.
    assert set(trained) <= {(prompt, reply.rstrip()) for prompt, reply in asked_and_replied(session, base)}
