"""Reads a page back: its tags, its text and whether all is closed."""

import html.parser
import pathlib

BAD = '<b>x</b>&"\'$1$_|%'  # a name that pages show as text
# Elements without an end tag.
VOID = {'meta', 'link', 'img', 'br', 'input', 'hr', 'col', 'wbr'}


class Page(html.parser.HTMLParser):
  """Collects a page's tags, text and chapters; checks that tags are closed."""

  def __init__(self, path: pathlib.Path):
    super().__init__()
    self.tags: list[tuple[str, dict]] = []
    self.text = ''
    self.open: list[str] = []
    self.source = path.read_text(encoding='utf-8')
    self.feed(self.source)
    assert not self.open, self.open

  def handle_starttag(self, tag, attrs):
    self.tags.append((tag, dict(attrs)))
    if tag not in VOID:
      self.open.append(tag)

  def handle_endtag(self, tag):
    assert self.open, tag
    assert self.open.pop() == tag, self.getpos()

  def handle_data(self, data):
    if self.open and self.open[-1] not in ('script', 'style'):
      self.text += data

  def all(self, tag: str) -> list[dict]:
    return [attrs for name, attrs in self.tags if name == tag]

  def checked(self, name: str) -> bool:
    (box,) = (x for x in self.all('input') if x.get('name') == name)
    return 'checked' in box

  @property
  def words(self) -> str:
    return ' '.join(self.text.split())

  def shows_names_as_text(self) -> None:
    assert BAD in self.text
    assert '<b>x' not in self.source
