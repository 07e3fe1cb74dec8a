"""The training loop: repeatable, killed and resumed without a trace, stopped at the best, clear when it breaks."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from emptor.errors import EmptorError
from emptor.learn import checkpoint
from emptor.learn.fit import FitOptions, fit
from tests.learn.nets import OPTIONS, X, batches, loss, net, validate


class Killed(BaseException):
    pass


def trained(options=OPTIONS, **changes):
    own = {"net": net(), "batches": batches, "loss": loss, "validate": validate, **changes}
    return fit(own.pop("net"), own.pop("batches"), own.pop("loss"), options=options, **own)


def changed(**options):
    return FitOptions(**(OPTIONS.model_dump() | options))


def killed_at(step):
    def on_step(now, losses):
        if now == step:
            raise Killed

    return on_step


def same(a, b):
    left, right = a.net.state_dict(), b.net.state_dict()
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert (a.metrics, a.best_step, a.steps, a.history, a.stopped) == (
        b.metrics,
        b.best_step,
        b.steps,
        b.history,
        b.stopped,
    )


@pytest.fixture(scope="module")
def whole():
    return trained()


def test_it_learns(whole):
    assert whole.history[-1]["metrics"]["fit"] > whole.history[0]["metrics"]["fit"] + 0.1
    assert whole.stopped == "epochs" and whole.steps == 16 and not whole.net.training
    assert whole.metrics["fit"] == validate(whole.net)["fit"]
    assert whole.history[0]["losses"]["half"] == pytest.approx(whole.history[0]["losses"]["loss"] / 2)


def test_the_same_seed_gives_the_same_weights_and_leaves_torch_as_it_was(whole):
    torch.manual_seed(123)
    before = torch.get_rng_state()
    same(whole, trained())
    assert torch.equal(before, torch.get_rng_state())
    other = trained(changed(seed=8))  # dropout alone
    assert not torch.equal(other.net.first.weight, whole.net.first.weight)


@pytest.mark.parametrize("options", [{}, {"validate_every": 3, "save_minutes": 0}, {"optimiser": "adam"}])
def test_killed_at_every_step_and_resumed_it_ends_the_same(tmp_path, options):
    """One run killed at each step in turn: after every epoch's checkpoint, or with save_minutes=0 every step's."""
    options = changed(**options)
    reference = trained(options)
    for step in range(1, 17):
        try:
            trained(options, resume=tmp_path, on_step=killed_at(step))
        except Killed:
            continue
        assert options.save_minutes == 0, "this step was not reached again"
    resumed = trained(options, resume=tmp_path)
    same(reference, resumed)


def test_killed_in_validation_after_each_epoch_it_ends_the_same(whole, tmp_path):
    for epoch in range(4):
        seen = []

        def dying(net, seen=seen):
            seen.append(1)
            if len(seen) == 2 or epoch == 0:  # noqa: B023
                raise Killed
            return validate(net)

        with pytest.raises(Killed):
            trained(resume=tmp_path, validate=dying)
    same(whole, trained(resume=tmp_path))


@pytest.mark.slow
def test_a_process_killed_by_the_system_goes_on(whole, tmp_path):
    command = [sys.executable, "-m", "tests.learn.nets", str(tmp_path), "9"]
    assert subprocess.run(command, check=False).returncode == -9
    assert json.loads((tmp_path / "checkpoint.json").read_text())["run"]["step"] == 8
    same(whole, trained(resume=tmp_path))


def test_a_kill_while_the_checkpoint_is_written_leaves_the_one_before(whole, tmp_path, monkeypatch):
    real = checkpoint.write_durably
    for breaking in range(1, 9):  # each epoch writes state, best where there is a better one, and the JSON
        written = []

        def failing(path, content, written=written, breaking=breaking):
            written.append(path)
            if len(written) == breaking:
                path.with_name(f".{path.name}.1.tmp").write_bytes(content[: len(content) // 2])
                raise Killed
            real(path, content)

        folder = tmp_path / str(breaking)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(checkpoint, "write_durably", failing)
            trained(resume=folder)
        same(whole, trained(resume=folder))
        names = sorted(path.name for path in folder.iterdir())
        assert names == sorted(["checkpoint.json", f"best-{whole.best_step}.safetensors", "state-16.safetensors"])


def test_a_finished_run_is_given_back_without_training(whole, tmp_path):
    trained(resume=tmp_path)

    def never(*_):
        raise AssertionError

    same(whole, trained(resume=tmp_path, batches=never, validate=never))


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    trained(resume=tmp_path)
    with pytest.raises(EmptorError, match=r"of a run with lr 0.05, not 0.1"):
        trained(changed(lr=0.1), resume=tmp_path)
    with pytest.raises(EmptorError, match="of a run with inputs '', not 'other'"):
        trained(changed(inputs="other"), resume=tmp_path)
    with pytest.raises(EmptorError, match=r"tensor 'first.weight' is float32 \[6, 6\], the network expects"):
        trained(resume=tmp_path, net=net(width=5))
    trained(changed(save_minutes=None), resume=tmp_path)  # decides nothing


def test_a_damaged_checkpoint_says_so(tmp_path):
    trained(resume=tmp_path)
    path = tmp_path / "checkpoint.json"
    content = json.loads(path.read_text())
    state = tmp_path / content["state"]
    state.write_bytes(state.read_bytes()[:-7])
    with pytest.raises(EmptorError, match=r"state-16\.safetensors: not a whole safetensors file"):
        trained(resume=tmp_path)
    state.unlink()
    with pytest.raises(EmptorError, match=r"state-16\.safetensors: the file is missing"):
        trained(resume=tmp_path)
    path.write_text(json.dumps(content | {"format": 9}))
    with pytest.raises(EmptorError, match="format 9, expected 1"):
        trained(resume=tmp_path)
    path.write_text("{")
    with pytest.raises(EmptorError, match="not a checkpoint"):
        trained(resume=tmp_path)


@pytest.mark.parametrize(
    ("metrics", "patience", "best", "stopped", "steps"),
    [
        ([1, 3, 2, 2, 5], 2, 2, "patience", 4),
        ([1, 3, 2, 5, 2], 2, 4, "epochs", 5),
        ([1, 3, 3, 3, 9], 2, 2, "patience", 4),  # a tie is no improvement
        ([5, 1, 1, 1, 1], None, 1, "epochs", 5),
    ],
)
def test_it_stops_early_with_the_best_weights(metrics, patience, best, stopped, steps):
    values, weights = iter(metrics), []

    def judged(own):
        weights.append(own.first.weight.detach().clone())
        return {"fit": next(values)}

    options = changed(epochs=5, patience=patience)
    found = trained(options, validate=judged, batches=lambda epoch: iter(list(batches(epoch))[:1]))
    assert (found.best_step, found.stopped, found.steps) == (best, stopped, steps)
    assert torch.equal(found.net.first.weight, weights[best - 1])


def test_stopped_within_an_epoch(tmp_path):
    values = iter([3, 2, 1])
    options = changed(validate_every=1, patience=2, epochs=3)
    found = trained(options, validate=lambda _: {"fit": next(values)}, resume=tmp_path)
    assert (found.best_step, found.steps, found.stopped) == (1, 3, "patience")
    same(found, trained(options, resume=tmp_path))


def test_the_rate_warms_up_and_falls():
    rates = [OPTIONS.rate(step) for step in range(18)]
    assert rates[:4] == pytest.approx([0.05 / 3, 0.1 / 3, 0.05, 0.05])
    assert all(np.diff(rates[3:17]) < 0) and rates[16] == rates[17] == pytest.approx(0.05e-3)
    constant = changed(schedule="constant", total_steps=None, warmup_steps=2)
    assert [constant.rate(step) for step in range(4)] == pytest.approx([0.025, 0.05, 0.05, 0.05])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": "constant"}, "give both or neither"),
        ({"total_steps": None}, "give both or neither"),
        ({"warmup_steps": 16}, "must be below total_steps"),
        ({"epochs": 0}, "greater than or equal to 1"),
        ({"learning_rate": 1.0}, "Extra inputs"),
        ({"lr": float("nan")}, "finite"),
    ],
)
def test_contradictory_options_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        changed(**options)


def with_value(value, at=5):
    def broken(epoch):
        for number, batch in enumerate(batches(epoch)):
            if 4 * epoch + number == at:
                batch["x"] = batch["x"].clone()
                batch["x"][2, 3] = value
            yield batch

    return broken


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_names_the_input(value):
    with pytest.raises(EmptorError, match=r"step 5: loss is nan, half is nan, for batch\['x'\] holds 1 values"):
        trained(batches=with_value(value))


def test_a_loss_that_is_not_finite_for_other_reasons():
    def undefined(net, batch, step):
        return {"loss": (net(batch["x"]) * 0 - float(step == 2)).mean().log()}

    with pytest.raises(EmptorError, match=r"inputs and weights are finite.*logarithm.*batch\['x'\]"):
        trained(loss=undefined)

    def no_gradient(net, batch, step):
        return {"loss": (net(batch["x"]) * 0).sum().sqrt()}

    with pytest.raises(EmptorError, match="step 0: norm of the gradient is nan"):
        trained(loss=no_gradient)
    broken = net()
    broken.last.weight.data[0, 1] = float("nan")
    with pytest.raises(EmptorError, match=r"the weights last\.weight hold 1 values.*lower lr"):
        trained(net=broken)


def test_other_ends_are_told():
    with pytest.raises(EmptorError, match="epoch 0 of the training data has no batch"):
        trained(batches=lambda epoch: iter(()))
    with pytest.raises(EmptorError, match="no metric 'fit' to maximise: validation gives auc"):
        trained(validate=lambda net: {"auc": 1.0})
    with pytest.raises(EmptorError, match="expected finite numbers"):
        trained(validate=lambda net: {"fit": float("nan")})


def test_validation_sees_the_network_at_rest():
    def judged(own):
        assert not own.training and not torch.is_grad_enabled()
        return {"fit": float(own(X).mean())}

    trained(validate=judged)
