"""An evaluation and its folder: what lies there, goes on and stays."""

import pathlib

import pytest

from saliency_jax.data import map_folder
from saliency_jax.errors import InputError
from saliency_jax.experiments import evaluation, passes, predictors, scored_images
from saliency_jax.ledger import Entry
from tests.experiments import made_scores
from tests.experiments.evaluation_test import evaluate, small, table


def test_a_stopped_run_goes_on(looked_at, tmp_path, monkeypatch):
  maps = made_scores.maps(tmp_path / 'maps')
  config = small(looked_at, f'{maps},centre')
  config.data.batch_size, config.eval.save_maps = 1, True
  whole = evaluate(config, tmp_path / 'whole')
  out, measured = tmp_path / 'out', []
  read = map_folder.MapFolder.read

  def stopping(self, image_id, *rest):
    measured.append(image_id)
    if len(measured) == 3:
      raise KeyboardInterrupt
    return read(self, image_id, *rest)

  monkeypatch.setattr(map_folder.MapFolder, 'read', stopping)
  with pytest.raises(KeyboardInterrupt):
    evaluate(config, out)
  assert not (out / 'summary.json').exists()
  made_scores.maps(out / 'maps' / 'other')
  summary = evaluate(config, out)
  # Figure 8 predicts the image that it shows once more.
  assert measured[:5] == ['p1', 'p2', 'p3', 'p3', 'p4']
  assert not (out / 'partial').exists()
  assert sorted(path.relative_to(out) for path in out.glob('maps/**')) == sorted(
    path.relative_to(tmp_path / 'whole') for path in (tmp_path / 'whole').glob('maps/**')
  )
  assert (out / 'scores.csv').read_text() == (tmp_path / 'whole' / 'scores.csv').read_text()
  for each in (summary, whole):
    del each['seconds']
  assert summary == whole


def test_other_settings_are_measured_again(looked_at, tmp_path, monkeypatch):
  config = small(looked_at, 'centre')
  monkeypatch.setattr(evaluation.score_lists, 'write', lambda *_, **__: 1 / 0)
  added = []
  add = scored_images.Ledger.add
  monkeypatch.setattr(scored_images.Ledger, 'add', lambda *given: added.append(given[1]) or add(*given))
  for series in ({'centre', predictors.OBSERVERS}, set()):  # with the same settings nothing is, people neither
    with pytest.raises(ZeroDivisionError):
      evaluate(config, tmp_path)
    assert {*added} == series
    added.clear()
  monkeypatch.undo()
  seen = []
  measure = passes.predicted
  monkeypatch.setattr(passes, 'predicted', lambda *given: seen.append(given[2]) or measure(*given))
  config.sets.mine.sigma = 6.0
  evaluate(config, tmp_path)
  assert seen == [{'centre': {0, 1, 2, 3}}]


def test_what_another_process_could_not_read_is_left_out(looked_at, tmp_path, monkeypatch):
  opened, ledger = [], scored_images.Ledger

  def open_ledger(*series, process):
    opened.append(series)
    return ledger(*series, process=process)

  def wait(poll, condition):
    assert not condition()
    with ledger(*opened[0], process=1) as other:
      other.add('', 'p4', Entry('p4.png is truncated; fetch it again.'))
    assert condition()

  monkeypatch.setattr(scored_images, 'Ledger', open_ledger)
  monkeypatch.setattr(scored_images.together, 'share', lambda items: items[:3])
  monkeypatch.setattr(scored_images.together, 'wait', wait)
  summary = evaluate(small(looked_at, 'centre'), tmp_path)
  assert [x['image_id'] for x in table(tmp_path / 'per_image/mine/centre.csv')] == ['p1', 'p2', 'p3']
  assert summary['datasets']['mine']['skipped'] == {'p4': 'p4.png is truncated; fetch it again.'}


def test_images_of_which_none_could_be_read_are_no_scores(looked_at, tmp_path, monkeypatch):
  def wait(poll, condition):
    for name in ('p1', 'p2', 'p3', 'p4'):
      opened[0].add('', name, Entry(f'{name}.png is truncated; fetch it again.'))
    assert condition()

  opened, ledger = [], scored_images.Ledger

  def open_ledger(*series, process):
    opened.append(ledger(*series, process=process))
    return opened[0]

  monkeypatch.setattr(scored_images, 'Ledger', open_ledger)
  monkeypatch.setattr(scored_images.together, 'share', lambda items: [])
  monkeypatch.setattr(scored_images.together, 'wait', wait)
  with pytest.raises(InputError, match='None of the images of mine .* the first problem: p1.png is truncated'):
    evaluate(small(looked_at, 'centre'), tmp_path)


def test_nothing_of_another_run_stays(looked_at, tmp_path):
  config = small(looked_at, 'centre')
  config.eval.save_maps = True
  evaluate(config, tmp_path / 'clean')
  of_before = ('per_image/other/x.csv', 'maps/x/p1.npy', 'maps/centre/p9.npy', 'search.csv', 'report/index.html')
  for name in (*of_before, 'pictures/9.jpg'):
    path = tmp_path / 'out' / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
  (tmp_path / 'out' / 'notes.txt').touch()  # not ours
  (tmp_path / 'out' / 'config.json').write_text('{"run": {}}')
  evaluate(config, tmp_path / 'out')
  assert {path.relative_to(tmp_path / 'out') for path in (tmp_path / 'out').rglob('*')} == {
    pathlib.Path('notes.txt')
  } | {path.relative_to(tmp_path / 'clean') for path in (tmp_path / 'clean').rglob('*')}


def test_a_mistake_does_not_cost_the_results_that_lie_there(looked_at, tmp_path):
  out = tmp_path / 'out'
  evaluate(small(looked_at, 'centre'), out)
  before = {path: path.read_bytes() for path in out.rglob('*.*')}
  maps = made_scores.maps(tmp_path / 'mine', ('p1', 'p2'))
  inside = made_scores.maps(out / 'maps' / 'theirs')
  before |= {path: path.read_bytes() for path in inside.iterdir()}
  for change, message in (
    ({'eval.models': 'deepgaze'}, 'deepgaze'),
    ({'eval.models': str(maps)}, r'2 of 4 images \(p3, p4\)'),
    ({'eval.models': str(inside)}, 'lies in --workdir'),
    ({'eval.sets': 'yours'}, 'yours'),
    ({'analysis.fixations': 'some'}, "fixations is 'some'; it is one of"),
    ({'analysis.top_units': 0}, r'analysis\.top_units is 0; give 1'),
    ({'data.on_bad_image': 'ignore'}, 'raise or skip'),
    ({'eval.resamples': 0}, r'eval\.resamples is 0; give 1'),
    ({'eval.examples': -1}, r'eval\.examples is -1; give 0'),
    ({'eval.auc_jitter': -2}, r'eval\.auc_jitter is -2; give a seed'),
    ({'sets.mine.sigma': 0.0}, 'sigma is 0'),
  ):
    config = small(looked_at, 'centre')
    config.update_from_flattened_dict(change)
    with pytest.raises(InputError, match=message):
      evaluate(config, out)
  assert {path: path.read_bytes() for path in out.rglob('*.*')} == before


def test_maps_of_two_images_are_never_one_file(looked_at, tiny_osie, tmp_path):
  config = small(looked_at, 'centre')
  config.sets.osie.update(config.sets.mine)
  config.eval.sets, config.eval.save_maps = 'mine,osie', True
  with pytest.raises(InputError, match='both have an image p1'):
    evaluate(config, tmp_path)
  config.eval.save_maps = False
  assert list(evaluate(config, tmp_path)['datasets']) == ['mine', 'osie']
