"""Kills and interrupts jobs at random moments, and looks at what is left.

  python -m tests.interrupts [--seed=0] [--tries=20] [--jobs=train,report]
    [--signals=KILL,INT,TERM]

Every job runs to its end once. Then, in a new folder for each signal, it is
started again and again, gets the signal at a moment drawn from how long it
took, and may end at last. It has to end with the code of the signal (or to be
done), without a traceback, and to leave in the end what the first run left, bit
for bit, and nothing else.
"""

import argparse
import filecmp
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection

from PIL import Image

from saliency_jax import files, signals
from tests.data import made
from tests.launch import commands

_CODES = {signal.SIGKILL: -signal.SIGKILL, **signals.CODES}
# Clocks, notes of the run, and what other tests compare.
_OTHERS = {
  'summary.json',
  'training.json',
  'checkpoints',
  'pretrained.safetensors',  # its notes have no order
  'predicted.jsonl',
  'index.html',
  # Of these, and of PDF figures, libraries draw a part.
  'osie-train.array_record-00000-of-00001',
}
_NETWORK = ('--config.network.name=tests.tiny:vgg', '--config.network.image_size=32', '--config.data.batch_size=1')
JOBS = {
  'dissect': (*_NETWORK, '--config.network.taps=conv1_1'),
  'popout': (*_NETWORK, '--config.network.taps=conv1_1', '--config.data.count=6', '--config.data.size=128'),
  'train': (
    *_NETWORK,
    '--config.train.epochs=4',
    '--config.data.val_fraction=0.4',
    '--config.train.checkpoint_every=2',
  ),
  'sweep': (
    *_NETWORK,
    '--config.train.epochs=2',
    '--config.data.val_fraction=0.4',
    '--config.sweep.depths=0,1',
    '--config.measured=("regions",)',
  ),
  'tasks': (
    *_NETWORK,
    '--config.train.epochs=2',
    '--config.data.kind=table',
    '--config.data.min_images=2',
    '--config.task.dense=(4,)',
    '--config.tasks.seeds=(0,)',
    '--config.tasks.controls=linear',
    '--config.tasks.examples=1',
    '--config.data.columns=image=image_id',
  ),
  'report': (),
  'predict': ('--config.data.batch_size=1',),
  'convert': ('--kind=osie',),
  'build_dataset': ('--dataset=osie',),
  'evaluate': (
    '--config.eval.sets=mine',
    '--config.sets.mine.sigma=5',
    '--config.eval.models=centre,itti',
    '--config.eval.resamples=50',
    '--config.sets.mine.drop_outside',
    '--config.data.batch_size=1',
  ),
}


def given(job: str, data: pathlib.Path, workdir: pathlib.Path) -> list[str]:
  """Returns the flags of a job on the made photographs."""
  place = {
    'convert': [f'--images={data}', f'--output={workdir}'],
    'build_dataset': [f'--source={data}', f'--regions={data / "labelme"}', f'--output={workdir}'],
    'dissect': [f'--config.data.dir={data}', f'--config.data.regions={data / "labelme"}'],
    'train': [f'--config.data.dir={data}'],
    'sweep': [
      f'--config.data.dir={data}',
      f'--config.regions.data.dir={data}',
      f'--config.regions.data.regions={data / "labelme"}',
    ],
    'tasks': [
      f'--config.data.dir={data.parent / "scenes/photos"}',
      f'--config.data.fixations={data.parent / "scenes/points.csv"}',
      f'--config.data.scenes={data.parent / "scenes/scenes.csv"}',
      f'--config.regions.data.regions={data / "labelme"}',
    ],
    'predict': [
      f'--config.network.checkpoint={data.parent / "trained"}',
      f'--config.data.dir={data / "stimuli"}',
      '--config.data.kind=images',
    ],
    'evaluate': [f'--config.sets.mine.dir={data}', '--config.sets.mine.kind=osie'],
  }.get(job, [])
  if '--output=' not in ' '.join(place):
    place = [f'--workdir={workdir}', *place]
  return [*place, *JOBS[job]]


def run(
  job: str, flags: list[str], number: int | None = None, after: float = 0.0, codes: Collection[int] = (0,)
) -> str:
  """Runs a job, perhaps with a signal after some seconds.

  Args:
    codes: with which it may end, if there is no signal.

  Returns:
    What is wrong with its end, '' if nothing is.
  """
  process = subprocess.Popen(
    commands.command(job, *flags),
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
    cwd=commands.ROOT,
    env=commands.ENVIRONMENT | {'PYTHONPATH': str(commands.ROOT)},
  )
  try:
    process.wait(after if number else None)
  except subprocess.TimeoutExpired:
    process.send_signal(number)
  said = process.communicate(timeout=300)[1]
  codes = {0, _CODES[number]} if number else {*codes}
  if job == 'build_dataset' and 'holds a data set already' in said:
    codes.add(2)
  # Python itself has not begun before this, and ends by the signal.
  if number and after < 0.5:
    codes.add(-number)
  if process.returncode in codes and 'Traceback' not in said:
    return ''
  return f'{job}: code {process.returncode}, {said[-2000:]}'


def prepare(job: str, data: pathlib.Path, workdir: pathlib.Path) -> None:
  """Makes what a job starts from: results for pages, a trained network."""
  if job == 'report':
    assert not run('dissect', given('dissect', data, workdir))
  if job == 'tasks':
    with_scenes(data, data.parent / 'scenes')
  trained = data.parent / 'trained'
  if job == 'predict' and not trained.exists():
    assert not run('train', given('train', data, trained))


def with_scenes(data: pathlib.Path, folder: pathlib.Path) -> None:
  """Copies the photographs, with a table of points and of two scenes."""
  scenes, points = ['image_id,scene'], ['image_id,x,y']
  (folder / 'photos').mkdir(parents=True, exist_ok=True)
  for number in range(12):
    source = sorted((data / 'stimuli').iterdir())[number % 5]
    name = source.stem if number < 5 else f'{source.stem}-{number}'
    shutil.copy(source, folder / 'photos' / f'{name}{source.suffix}')
    scenes.append(f'{name},{("sea", "wood")[number % 2]}')
    with Image.open(source) as image:
      width, height = image.size
    points += [f'{name},{width * x // 6},{height * x // 6}' for x in range(1, 6)]
  (folder / 'scenes.csv').write_text('\n'.join(scenes) + '\n')
  (folder / 'points.csv').write_text('\n'.join(points) + '\n')


def differences(one: pathlib.Path, other: pathlib.Path) -> list[str]:
  """Returns the files in which two folders of results differ."""
  listed = [
    {
      x.relative_to(folder)
      for x in folder.rglob('*')
      if x.is_file() and x.suffix != '.pdf' and not _OTHERS & set(x.relative_to(folder).parts)
    }
    for folder in (one, other)
  ]
  return sorted(
    str(x)
    for x in listed[0] ^ listed[1]
    | {x for x in listed[0] & listed[1] if not filecmp.cmp(one / x, other / x, shallow=False)}
  )


def leftovers(folder: pathlib.Path) -> list[str]:
  """Returns what a job should have removed."""
  return [
    str(x) for pattern in (f'{files.TEMPORARY}*', '.lock', '*.orbax-*', 'incomplete.*') for x in folder.rglob(pattern)
  ]


def main(arguments: list[str]) -> int:
  """Returns how many faults there were, and says each."""
  parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--tries', type=int, default=20, help='of each')
  parser.add_argument('--jobs', default=','.join(JOBS))
  parser.add_argument('--signals', default='KILL,INT,TERM')
  chosen = parser.parse_args(arguments)
  draw, faults = random.Random(chosen.seed), []
  root = pathlib.Path(tempfile.mkdtemp(prefix='interrupts-'))
  data = made.osie(root / 'data')
  for job in chosen.jobs.split(','):
    whole, begun = root / job, time.monotonic()
    prepare(job, data, whole)
    faults.append(run(job, given(job, data, whole)))
    seconds = time.monotonic() - begun
    for name in chosen.signals.split(','):
      number, folder = getattr(signal, f'SIG{name}'), root / f'{job}-{name}'
      # A resumed run takes the folder's own path for a name: the same one.
      whole.rename(root / 'whole')
      prepare(job, data, whole)
      flags = given(job, data, whole)
      for _ in range(chosen.tries):
        faults.append(run(job, flags, number, draw.uniform(0, seconds)))
      faults += [run(job, flags), *leftovers(whole)]
      faults += [f'{job}, {name}: {x} differs' for x in differences(root / 'whole', whole)]
      whole.rename(folder)
      (root / 'whole').rename(whole)
      faults = [x for x in faults if x]
      print(json.dumps({'job': job, 'signal': name, 'tries': chosen.tries, 'faults': faults}), flush=True)
  return len(faults)


if __name__ == '__main__':
  sys.exit(min(1, main(sys.argv[1:])))
