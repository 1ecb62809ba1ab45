"""What an evaluation's numbers say, in sentences computed from them."""

from collections.abc import Iterator

from saliency_jax.report import metrics, paper
from saliency_jax.report.category_figures import coefficient, probability
from saliency_jax.report.evaluated import ALL, Results, Value
from saliency_jax.report.findings import Finding
from saliency_jax.report.numbers import number

_LEVEL = 0.05


def findings(results: Results) -> list[Finding]:
  """Returns the findings, data set by data set; none repeats a table."""
  found: list[Finding] = []
  for dataset in results.scores:
    found += _scores(results, dataset)
  for dataset in results.search:
    found += _search(results, dataset)
  for dataset in results.categories:
    found += _categories(results, dataset)
  return found


def leading(results: Results, dataset: str) -> str:
  """Returns the trained network to show: the one with the best NSS; '' if none.
  """
  values = results.scores.get(dataset, {}).get('nss', {})
  networks = [
      model for model in results.categories[dataset]
      if any(category.inner == category.inner
             for category in results.categories[dataset][model])]
  order = metrics.ranked(networks, values, 'nss') or networks
  return order[0] if order else ''


def _scores(results: Results, dataset: str) -> Iterator[Finding]:
  """Who tells best where people look, how surely, and how far from people."""
  scores = results.scores[dataset]
  values = scores.get('nss', {})
  order = metrics.ranked(results.models, values, 'nss')
  if not order:
    return
  first = order[0]
  text = f'On {dataset}, {first} has the highest NSS, {_value(values[first])}'
  if len(order) > 1:
    text += f', before {order[1]}, {_value(values[order[1]])}'
    text += _overlap(values[first], values[order[1]])
  ceiling = metrics.ceiling(values, 'nss')
  if ceiling and ceiling.mean > 0:
    share = values[first].mean / ceiling.mean
    text += (
        f'; that is {100 * share:.0f} % of what people reach who predict each '
        f'other, {number(ceiling.mean)}')
  yield Finding(f'{text}.', ('scores.csv',))
  names = metrics.known(scores)
  won = [name for name in names if metrics.best(scores[name], name) == first]
  if len(order) > 1:
    others = {
        metrics.best(scores[name], name) for name in names
        if name not in won} - {''}
    yield Finding(
        f'{first} is the best by {len(won)} of {len(names)} metrics'
        + (f"; by the others it is {', '.join(sorted(others))}."
           if others else '.'), ('scores.csv',))
  gain = scores.get('information_gain', {})
  below = [
      model for model in results.models if model in gain
      and gain[model].high < 0]
  if below:
    yield Finding(
        f"{_listed(below)} {'tell' if len(below) > 1 else 'tells'} less than "
        f'the centre prior does: information gain below 0, its interval too.',
        ('scores.csv',))


def _search(results: Results, dataset: str) -> Iterator[Finding]:
  """Table 4: do the classical models beat the networks' own output?"""
  scores = results.search[dataset][ALL]
  values = scores['nmm']
  order = metrics.ranked(results.models, values, 'nmm')
  of_kind = {
      kind: [model for model in order if results.kind(model) == kind]
      for kind in ('classical', 'network')}
  classical, trained = of_kind['classical'], of_kind['network']
  if classical and trained:
    low, high = classical[-1], trained[0]
    ahead = sum(
        values[model].mean > values[high].mean for model in classical)
    text = (
        f'On {dataset}, {ahead} of {len(classical)} classical models have a '
        f'higher NMM than the best network: {classical[0]} '
        f'{_value(values[classical[0]])}'
        + (f' to {low} {_value(values[low])}' if len(classical) > 1 else '')
        + f', against {high} {_value(values[high])}')
    if ahead == len(classical):
      text += _overlap(values[low], values[high])
    published = paper.table4()
    yield Finding(
        f'{text}. In the paper BMS has {published["BMS"]:.2f}, GBVS '
        f'{published["GBVS"]:.2f} and the best network, DeepGaze II, '
        f'{published["DeepGaze II"]:.2f}.', ('search.csv',))
  for model in [*classical[:1], *trained[:1]]:
    yield from _finds(results, dataset, model)


def _finds(results: Results, dataset: str, model: str) -> Iterator[Finding]:
  """How often a model finds the target, and which kinds it sees."""
  kinds = results.search[dataset]
  first = kinds[ALL].get('first', {}).get(model)
  text = ''
  if first and first.images:
    found = kinds[ALL]['found'][model]
    text = (
        f'{model} looks at the target first on {100 * first.mean:.0f} % of '
        f'{first.images} arrays of {dataset} and finds '
        f'{100 * found.mean:.0f} % of the targets at all')
  means = {
      kind: scores['nmm'][model].mean for kind, scores in kinds.items()
      if kind != ALL and model in scores.get('nmm', {})}
  if len(means) > 1:
    easy, hard = max(means, key=means.get), min(means, key=means.get)
    text += (
        f"{'; of' if text else 'Of'} {len(means)} kinds of target "
        f"{'it' if text else model} sees "
        f'{easy} best (NMM {number(means[easy])}) and {hard} least '
        f'({number(means[hard])})')
  if text:
    yield Finding(f'{text}.', ('search.csv',))


def _categories(results: Results, dataset: str) -> Iterator[Finding]:
  """Figure 7, and whether categories differ."""
  model = leading(results, dataset)
  if model:
    tests = results.statistics[dataset, model]
    correlation = tests['inner_output']
    if correlation:
      published, _ = paper.figure7()
      yield Finding(
          f"Over {correlation['pairs']} categories of {dataset}, inner and "
          f"output saliency of {model} correlate at Spearman's \u03c1 = "
          f"{coefficient(correlation)} ({probability(correlation['p'])}; "
          f'paper: {published:.2f}){_others(results, dataset, model)}.',
          ('figure7.csv', 'statistics.json'))
  for name in ([model] if model else [*results.categories[dataset]][:1]):
    yield from _difference(results, dataset, name)


def _others(results: Results, dataset: str, model: str) -> str:
  """The same coefficient of the other networks."""
  found = {
      other: results.statistics[dataset, other]['inner_output']
      for other in results.categories[dataset] if other != model}
  listed = [
      f"{other} {number(correlation['rho'])}"
      for other, correlation in found.items() if correlation]
  return f"; {', '.join(listed)}" if listed else ''


def _difference(
    results: Results, dataset: str, model: str) -> Iterator[Finding]:
  comparison = results.statistics[dataset, model]['difference']
  if not comparison:
    return
  test = comparison['welch']
  differs = test['p'] < _LEVEL
  pairs = [pair for pair in comparison['pairs'] if pair['p'] < _LEVEL]
  text = (
      f'How far the output of {model} is from people '
      f"{'depends' if differs else 'does not tellingly depend'} on the "
      f"category (Welch: F({test['df_between']:.0f}, "
      f"{test['df_within']:.0f}) = {number(test['f'])}, "
      f"{probability(test['p'])}; photographs as clusters, corrected over all "
      f"tests: {probability(comparison['p_holm'])}; "
      f"\u03b7\u00b2 = {number(comparison['eta_squared'])})")
  if pairs:
    widest = max(pairs, key=lambda pair: abs(pair['difference']))
    text += (
        f": {len(pairs)} of {len(comparison['pairs'])} pairs differ "
        f"(Games-Howell), {widest['first']} and {widest['second']} the most, "
        f"by {number(abs(widest['difference']))} SD")
  others = [
      other for other in results.categories[dataset]
      if other != model and _depends(results, dataset, other)]
  if others:
    text += f"; of {_listed(others)} it {'also ' * differs}does"
  yield Finding(f'{text}.', ('statistics.json',))
  heads = results.statistics[dataset, model]['heads']
  if heads:
    yield Finding(_heads(heads, results, dataset, model), ('statistics.json',))


def _heads(heads: dict, results: Results, dataset: str, model: str) -> str:
  """Section 6: heads differ from people more than other regions do."""
  text = (
      f"The output of {model} is {number(abs(heads['difference']))} SD "
      f"{'farther from' if heads['difference'] > 0 else 'nearer to'} people on "
      f"{heads['heads']} heads than on {heads['others']} other regions")
  if heads['p'] is not None:
    text += (
        f" (95 % interval of the difference {number(heads['low'])} to "
        f"{number(heads['high'])}, photographs as clusters, "
        f"{probability(heads['p'])}; Hedges' g = {number(heads['hedges_g'])})")
  found = results.statistics[dataset, model]['paper_anova']
  if found:
    _, published = paper.figure7()
    cluster = found['cluster']
    text += (
        f". The paper's analysis of category means gives the heads "
        f"F({cluster['df']}, {cluster['df_residual']}) = "
        f"{number(cluster['f'])}, {probability(cluster['p'])} (paper, of a "
        f'term that it does not name: {probability(published)}); it compares '
        f'few heads, chosen after looking, over two quantities of different '
        f'kinds')
  return f'{text}.'


def _depends(results: Results, dataset: str, model: str) -> bool:
  comparison = results.statistics[dataset, model]['difference']
  return bool(comparison) and comparison['welch']['p'] < _LEVEL


def _value(value: Value) -> str:
  """Writes a mean with its interval."""
  if value.low != value.low:
    return number(value.mean)
  return f'{number(value.mean)} [{number(value.low)}, {number(value.high)}]'


def _overlap(better: Value, other: Value) -> str:
  if better.low > other.high:
    return ', and the intervals do not overlap'
  return ', but the intervals overlap'


def _listed(names: list[str]) -> str:
  return ' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))
