"""The house's rules, read from the code itself."""

import ast
import pathlib
import re
import subprocess
import sys
from collections import Counter

import pytest

from saliency_jax import schema

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / 'saliency_jax'
MODULES = {
  '.'.join(path.relative_to(ROOT).with_suffix('').parts): path
  for folder in ('saliency_jax', 'configs', 'launch', 'benchmarks')
  for path in sorted((ROOT / folder).rglob('*.py'))
}

# Who may import whom. The key 'saliency_jax' stands for the modules that lie
# directly in the package and that everybody may use.
_CORE = {'saliency_jax', 'saliency_jax.ops'}
_LEAVES = {'saliency_jax.networks', 'saliency_jax.classical', 'saliency_jax.data'}
_JOBS = {'saliency_jax.training', 'saliency_jax.experiments'}
ALLOWED = {
  'saliency_jax': {'saliency_jax'},
  'saliency_jax.ops': {'saliency_jax'},
  'saliency_jax.networks': _CORE,
  'saliency_jax.classical': _CORE,
  'saliency_jax.data': _CORE,
  'saliency_jax.training': _CORE | _LEAVES,
  'saliency_jax.experiments': _CORE | _LEAVES | _JOBS,
  'saliency_jax.report': _CORE,
  'saliency_jax.api': _CORE | _LEAVES | _JOBS | {'saliency_jax.report'},
  'benchmarks': _CORE | _LEAVES | _JOBS | {'saliency_jax.report'},
  'configs': set(),
  'launch': _CORE | _LEAVES | _JOBS | {'saliency_jax.report', 'benchmarks'},
}


def part(module: str) -> str:
  """Returns the part of the house that a module belongs to."""
  if module.startswith('saliency_jax.configs.'):
    return 'configs'
  names = module.split('.')
  inside = names[0] == 'saliency_jax' and len(names) > 1 and ((PACKAGE / names[1]).is_dir() or names[1] == 'api')
  return '.'.join(names[:2]) if inside else names[0]


def imports(path: pathlib.Path) -> set[str]:
  """Returns every module that a file imports, at any depth of its code."""
  found = set()
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.Import):
      found |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
      assert not node.level, f'{path} has a relative import'
      found |= {f'{node.module}.{alias.name}' for alias in node.names}
  return found


@pytest.mark.parametrize('module', MODULES)
def test_imports_run_one_way(module):
  own = part(module)
  for name in imports(MODULES[module]):
    if name.split('.')[0] in ('saliency_jax', 'configs', 'launch', 'benchmarks'):
      assert part(name) in ALLOWED[own] | {own}, f'{module} imports {name}'


def _users(library: str) -> set[str]:
  return {
    part(module) for module, path in MODULES.items() if any(name.split('.')[0] == library for name in imports(path))
  }


def test_flax_stays_behind_the_networks():
  assert _users('flax') <= {'saliency_jax.networks', 'benchmarks'}


def test_configs_import_ml_collections_alone():
  libraries = {part(name) for module, path in MODULES.items() if part(module) == 'configs' for name in imports(path)}
  assert libraries == {'ml_collections', 'configs'}


@pytest.mark.parametrize('library', ['pickle', '_pickle', 'cloudpickle', 'dill', 'joblib'])
def test_nothing_from_outside_is_unpickled(library):
  # These two ends of a pipe are processes of one user, of which one started the
  # other; what it says is code already.
  own = {'saliency_jax.data.reading_processes'}
  assert not {
    module
    for module, path in MODULES.items()
    if module not in own and library in {name.split('.')[0] for name in imports(path)}
  }


def test_files_hold_one_thing():
  long = {str(path.relative_to(ROOT)) for path in MODULES.values() if len(path.read_text().splitlines()) > 300}
  assert not long


# What each part must do without. A module that is None cannot be imported.
@pytest.mark.parametrize(
  ('where', 'missing'),
  [
    ('data', ['jax', 'flax']),
    ('report', ['jax', 'flax', 'grain', 'tensorflow_datasets']),
    ('ops', ['flax', 'ml_collections', 'tensorflow_datasets', 'grain']),
    ('networks', ['ml_collections', 'tensorflow_datasets', 'grain']),
  ],
)
def test_parts_can_be_imported_without(where, missing):
  modules = [m for m in MODULES if part(m) == f'saliency_jax.{where}']
  assert len(modules) > 1
  code = f'import sys; sys.modules.update(dict.fromkeys({missing!r})); import {", ".join(modules)}'
  subprocess.run([sys.executable, '-W', 'error', '-c', code], check=True, cwd=ROOT)


@pytest.mark.parametrize('command', ['check', 'format --check'])
def test_the_house_style_is_kept(command):
  subprocess.run([sys.executable, '-m', 'ruff', *command.split(), '--no-cache', '.'], check=True, cwd=ROOT)


def _literals(path: pathlib.Path) -> set[str]:
  """Returns the strings and names of a file, docstrings aside."""
  tree, documentation = ast.parse(path.read_text()), set()
  for node in ast.walk(tree):
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
      first = node.body[0] if node.body else None
      if isinstance(first, ast.Expr):
        documentation.add(first.value)
  return {
    node.value if isinstance(node, ast.Constant) else node.id
    for node in ast.walk(tree)
    if node not in documentation
    and (isinstance(node, ast.Name) or isinstance(node, ast.Constant) and isinstance(node.value, str))
  }


_INSIDE = {module: path for module, path in MODULES.items() if part(module).startswith('saliency_jax')}


@pytest.mark.parametrize('module', [m for m in _INSIDE if part(m) != 'saliency_jax.networks'])
def test_no_network_or_layer_is_named_outside_the_networks(module):
  for text in _literals(_INSIDE[module]):
    assert not re.search(r'vgg|resnet|vit_[bsl]|conv\d_\d|\blayer\d', text, re.I), text


def test_each_file_name_occurs_once():
  names = Counter(path.name for path in _INSIDE.values() if path.name != '__init__.py')
  assert [name for name, count in names.items() if count > 1] == []


def test_each_result_column_is_typed_once():
  """In the schema; those of one word are words of the language, too."""
  columns = {
    column.name for job in schema.JOBS.values() for file in job for column in file.columns if '_' in column.name
  }
  assert len(columns) > 10
  for module, path in _INSIDE.items():
    # Data sets have an image_id, a region_id and a set_size of their own, and
    # the pages read tables as data frames.
    if module != 'saliency_jax.schema' and part(module) not in ('saliency_jax.data', 'saliency_jax.report'):
      strings = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
      assert strings & columns <= {'image_id'}, module


def test_no_function_is_longer_than_60_lines():
  """Docstrings aside, which are as long as the arguments are many."""
  long = []
  for module, path in _INSIDE.items():
    for node in ast.walk(ast.parse(path.read_text())):
      if isinstance(node, ast.FunctionDef):
        first = node.body[0]
        documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        start = first.end_lineno if documented else node.lineno
        if node.end_lineno - start > 60:
          long.append(f'{module}.{node.name}')
  assert not long
