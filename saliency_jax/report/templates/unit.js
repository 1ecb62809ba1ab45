'use strict';
/* The page of one unit: its highest and lowest images, and its scores. */
Object.assign(viewer, (() => {
  const {make, number, count} = viewer;
  const SHOWN = 4;   // images at each end
  let current = '';  // the unit that is being shown

  /* Promises the scores of a unit on all rows, and what the rows are. */
  async function scored(grid, run, layer, unit) {
    const group = Math.floor(unit / grid.group);
    const [rows, packed] = await Promise.all([
      report.data(`rows/${run}`),
      report.data(`scores/${run}/${layer}/${group}`)]);
    rows.categories ??= viewer.integers(rows.category);
    rows.images ??= viewer.integers(rows.image);
    const many = rows.categories.length, from = (unit % grid.group) * many;
    return {
      rows, kept: kept(rows, layer, unit),
      scores: viewer.scores(packed).subarray(from, from + many)};
  }

  /* The images of which a unit's map was kept. */
  function kept(rows, layer, unit) {
    const {counts} = rows.kept;
    rows.keptUnits ??= viewer.integers(rows.kept.units);
    rows.keptImages ??= viewer.integers(rows.kept.images);
    const from = counts.slice(0, layer).reduce((a, b) => a + b, 0);
    const images = new Set();
    for (let i = from; i < from + counts[layer]; i++) {
      if (rows.keptUnits[i] === unit) images.add(rows.keptImages[i]);
    }
    return images;
  }

  /* Images with their mean scores over the rows of a category, -1 for all,
     highest first. */
  function ranked({rows, scores}, category) {
    const sums = new Map();
    rows.images.forEach((image, row) => {
      if (image < 0 || Number.isNaN(scores[row])) return;
      if (category >= 0 && rows.categories[row] !== category) return;
      const [sum, n] = sums.get(image) ?? [0, 0];
      sums.set(image, [sum + scores[row], n + 1]);
    });
    return [...sums].map(([image, [sum, n]]) => ({image, score: sum / n, n}))
        .sort((a, b) => b.score - a.score || a.image - b.image);
  }

  /* The two ends of a list, none twice. */
  function ends(list) {
    const top = list.slice(0, SHOWN);
    return [top, list.slice(Math.max(SHOWN, list.length - SHOWN)).reverse()];
  }

  /* The category to begin with: the one whose images have most kept maps, of
     equals the one that the unit answers most. */
  function first(grid, unit, data) {
    const order = [...grid.categories.keys(), -1];
    const means = order.map(c => grid.at(grid.tables[0], unit, c + 1));
    const maps = order.map(c => ends(ranked(data, c)).flat().filter(
        x => data.kept.has(x.image)).length);
    const places = [...order.keys()].filter(i => !Number.isNaN(means[i]));
    places.sort((a, b) => maps[b] - maps[a] || means[b] - means[a]);
    return order[places[0]] ?? -1;
  }

  function facts(grid, unit, runs) {
    return grid.tables.slice(0, grid.runs.length).map((table, run) => {
      const best = table.best[unit];
      const answers = grid.runs.length > 1 ? `${grid.runs[run]}: answers` :
          'Answers';
      if (best < 0) return `${answers} nothing that was measured.`;
      if (runs[run].scores.every(x => !x)) {
        return `${answers} nothing: its map is constant, its scores are 0.`;
      }
      const half = table.halves[unit * grid.width + best + 1];
      const mean = grid.at(table, unit, best + 1);
      const interval = Number.isNaN(half) ? '' : ` (95 % interval ` +
          `${number(mean - half)} to ${number(mean + half)})`;
      return `${answers} ${grid.categories[best]} most, mean ` +
          `${grid.score} ${number(mean)}${interval}, ` +
          `d\u2032 ${number(table.selectivity[unit])}.`;
    });
  }

  /* One image with the unit's map of every run laid over. */
  async function tile({image, score, n}, all, shows) {
    const {grid, name, layer, unit, runs, category} = shows;
    const record = await viewer.image(image);
    const shown = all[image];
    const outlines = record.regions.filter(
        x => category < 0 || x.category === category);
    const scores = runs.map(({rows, scores}, run) => {
      if (run === 0) return score;
      return ranked({rows: {...rows, images: rows.images.map(
          x => x === image ? x : -1)}, scores}, category)[0]?.score ?? NaN;
    });
    const maps = runs.map((_, run) => record.map(layer, unit, run));
    const tagged = maps.slice(1).some(Boolean);
    const panels = maps.map((map, run) => map || run === 0 ? make(
        'div', {class: 'panel'}, viewer.overlay(shown, {
          map, outlines, label: `${map ? `map of unit ${name} over ` : ''}` +
              `${shown.id}, ${grid.score} ${number(scores[run])}` +
              (runs.length > 1 ? `, ${grid.runs[run]}` : '')}),
        tagged ? make('span', {class: `run run-${run}`,
          text: `${number(scores[run])} ${grid.runs[run]}`}) : null) : null);
    const notes = [n > 1 ? `mean of ${n}` : '', maps[0] ? '' : 'map not kept',
      runs.length > 1 ? `${grid.runs[1]} ${number(scores[1])}, difference ` +
          number(scores[0] - scores[1]) : ''];
    return viewer.figure(make('div', {}, ...panels),
        make('a', {href: viewer.link('images', shown.id), text: shown.id}),
        ` ${grid.score} ${number(scores[0])}`,
        make('span', {class: 'quiet', text: notes.filter(Boolean).map(
            x => ` \u00b7 ${x}`).join('')}));
  }

  async function tiles(list, shows) {
    const all = await viewer.images();
    return Promise.all(list.map(x => tile(x, all, shows)));
  }

  /* The images of a category: highest, lowest, and others with a map. */
  async function gallery(place, shows) {
    const {category} = shows;
    const list = ranked(shows.runs[0], category);
    const [top, low] = ends(list);
    const on = shows.grid.categories[category] ?? `all ${shows.grid.rowName}`;
    const kept = shows.runs[0].kept;
    const rest = list.filter(
        x => kept.has(x.image) && !top.includes(x) && !low.includes(x));
    const group = (title, content, ...more) => content.length ? make(
        'section', {}, make('h3', {text: title}),
        make('div', {class: 'tiles four'}, ...content), ...more) : null;
    const others = make('div', {class: 'tiles four'});
    const pages = viewer.pager(2 * SHOWN, 'further maps', async part => {
      others.replaceChildren(...await tiles(part, shows));
    });
    const highest = await tiles(top, shows), lowest = await tiles(low, shows);
    if (category !== shows.category) return;  // another one was chosen
    place.replaceChildren(...[
      group(`Highest on ${on}`, highest), group(`Lowest on ${on}`, lowest),
      rest.length ? make('details', {toggle: event => {
        if (event.target.open) pages.show(rest);
      }}, make('summary', {
        text: `${count(rest.length, 'other image')} with a kept map`}),
        others, pages.element) : null,
      list.length ? null : make('p', {text: 'No image to show.'}),
    ].filter(Boolean));
  }

  function picture(place, grid, unit, shows) {
    const images = make('div');
    const select = make('select', {input: () => {
      shows.category = Number(select.value);
      gallery(images, shows);
    }}, make('option', {value: '-1', text: `all ${grid.rowName}`}),
      ...grid.categories.map((text, i) => grid.tables[0].counts[i + 1] ?
        make('option', {value: String(i), text}) : null));
    select.value = String(shows.category);
    const toggle = (name, text) => make('label', {}, make('input', {
      type: 'checkbox', checked: true, input: event =>
        images.classList.toggle(`without-${name}`, !event.target.checked)}),
      ` ${text}`);
    const bar = viewer.bar('maps', {
      label: 'standard deviations above the mean of the map'});
    const missing = shows.runs.map(({kept}, run) => kept.size ? null : make(
        'p', {class: 'source', text: `No map of ${shows.name} was kept` +
            (shows.runs.length > 1 ? ` by ${grid.runs[run]}` : '') +
            `: it is not among the best of a ${grid.kind}. A job with ` +
            `--config.report.also="('${shows.name}',)" keeps it.`}));
    place.append(
        make('div', {class: 'controls'},
            make('label', {}, 'Images by their score on ', select),
            toggle('maps', 'maps'), toggle('outlines', 'outlines')),
        ...[...missing, missing.every(Boolean) ? null : bar].filter(Boolean),
        images);
    gallery(images, shows);
    return category => {
      select.value = String(category);
      select.dispatchEvent(new Event('input'));
      select.focus();
    };
  }

  /* Shows a unit's page. names: the list that its neighbours come from. */
  async function unit(place, grid, name, names) {
    current = name;
    const at = grid.names.indexOf(name);
    const heading = make('h2', {tabindex: '-1', text: `Unit ${name}`});
    const head = [viewer.steps('units', 'All units', names, name), heading];
    if (at < 0) {
      place.replaceChildren(...head, make('p', {
        text: 'This run has no such unit.'}));
      return;
    }
    const layer = grid.layer[at], unit = at - grid.layer.indexOf(layer);
    const runs = await Promise.all(grid.runs.map(
        (_, run) => scored(grid, run, layer, unit)));
    if (current !== name) return;  // another one was opened meanwhile
    const shows = {grid, name, unit, runs, layer: grid.layers[layer][0],
      category: first(grid, at, runs[0])};
    const images = make('section', {'aria-label': 'Images'});
    let choose = () => {};
    const strips = viewer.strips({
      names: [`all ${grid.rowName}`, ...grid.categories], paired: grid.paired,
      score: grid.score, what: grid.rowName, kind: grid.kind,
      choose: i => choose(i - 1),
      runs: runs.map(({rows, scores}, run) => ({
        name: grid.runs[run], factors: grid.tables[run].factors,
        groups: [-1, ...grid.categories.keys()].map(
            c => [...scores].filter((x, row) => !Number.isNaN(x) &&
                (c < 0 || rows.categories[row] === c)))}))});
    place.replaceChildren(...head,
        ...facts(grid, at, runs).map(text => make('p', {text})), images,
        make('section', {},
            make('h3', {text: 'Its scores'}),
            make('p', {class: 'source', text: 'A dot for each of the ' +
                `${grid.rowName}; upright lines are means, with their 95 % ` +
                'intervals.'}),
            viewer.scroll('Scores', strips)));
    if (grid.images) choose = picture(images, grid, at, shows);
    else images.append(make('p', {text: 'The job kept no images.'}));
    heading.focus({preventScroll: true});
    scrollTo(0, 0);
  }

  return {unit};
})());
