"""The documentation's site: every page is in it, and it builds strictly."""

import importlib.util
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_every_page_is_in_the_navigation():
  listed = re.findall(r'[\w/]+\.md', (ROOT / 'mkdocs.yml').read_text())
  pages = (ROOT / 'docs').rglob('*.md')
  assert sorted(listed) == sorted(page.relative_to(ROOT / 'docs').as_posix() for page in pages)


@pytest.mark.skipif(not importlib.util.find_spec('mkdocstrings'), reason='docs/requirements.txt is not installed')
def test_it_builds(tmp_path):
  result = subprocess.run(
    [sys.executable, '-m', 'mkdocs', 'build', '--strict', '-d', tmp_path],
    capture_output=True,
    text=True,
    check=False,
    cwd=ROOT,
  )
  assert not result.returncode, result.stderr


def test_links_between_pages_lead_somewhere():
  for page in [ROOT / 'README.md', *(ROOT / 'docs').rglob('*.md')]:
    for link in re.findall(r'\]\(([^)#]+)', page.read_text(encoding='utf-8')):
      if '://' not in link:
        assert (page.parent / link).exists(), f'{page.name}: {link}'
