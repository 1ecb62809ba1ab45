'use strict';
/* The page of one unit: its highest and lowest images, and its scores. */
Object.assign(viewer, (() => {
  const {make, number, count} = viewer;
  const SHOWN = 4;  // images at each end

  /* Promises a unit's scores on all rows, and the rows. */
  async function scored(grid, run, layer, unit) {
    const group = Math.floor(unit / grid.group);
    const [rows, scores] = await Promise.all([
      report.data(`rows/${run}`),
      report.data(`scores/${run}/${layer}/${group}`)]);
    const many = rows.categories.length, from = (unit % grid.group) * many;
    return {rows, kept: kept(rows.kept, layer, unit),
      scores: scores.subarray(from, from + many)};
  }

  /* The images for which a unit's map was exported. */
  function kept({counts, units, images}, layer, unit) {
    const from = counts.slice(0, layer).reduce((a, b) => a + b, 0);
    return new Set(images.slice(from, from + counts[layer]).filter(
        (_, i) => units[from + i] === unit));
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

  /* The category to begin with: the unit's strongest, or all if no map of an
     image with it was exported. */
  function first(strongest, data) {
    const shows = c => ranked(data, c).some(x => data.kept.has(x.image));
    return shows(strongest) || !shows(-1) ? strongest : -1;
  }

  function facts(grid, unit, runs) {
    return runs.map(({scores}, run) => {
      const table = grid.tables[run], best = table.best[unit];
      const who = runs.length > 1 ? `${grid.runs[run]}: responds` : 'Responds';
      if (best < 0) return `${who} to nothing that was measured.`;
      if (scores.every(x => !x)) {
        return `${who} to nothing: its map is constant, its scores are 0.`;
      }
      const half = table.halves[unit * grid.width + best + 1];
      const mean = grid.at(table, unit, best + 1);
      const interval = Number.isNaN(half) ? '' : ` (95 % interval ` +
          `${number(mean - half)} to ${number(mean + half)})`;
      return `${who} most to ${grid.categories[best]}: mean ` +
          `${grid.score} ${number(mean)}${interval} over ` +
          `${count(table.counts[best + 1], grid.rowName.slice(0, -1))}, ` +
          `d\u2032 ${number(table.selectivity[unit])}.`;
    });
  }

  /* One image under the unit's map in every run. */
  async function tile({image, score, n}, all, shows) {
    const {grid, name, layer, unit, runs, category} = shows;
    const record = await viewer.image(image), shown = all[image];
    const outlines = record.regions.filter(
        x => category < 0 || x.category === category);
    const scores = [score, ...runs.slice(1).map(run => ranked(
        run, category).find(x => x.image === image)?.score ?? NaN)];
    const maps = runs.map((_, run) => record.map(layer, unit, run));
    const compared = runs.length > 1;
    const panels = maps.map((map, run) => map || run === 0 ? make(
        'div', {class: 'panel'}, viewer.overlay(shown, {
          map, outlines, label: `${map ? `map of unit ${name} over ` : ''}` +
              `${shown.id}, ${grid.score} ${number(scores[run])}` +
              (compared ? `, ${grid.runs[run]}` : '')}),
        maps[1] ? make('span', {class: `run run-${run}`,
          text: `${number(scores[run])} ${grid.runs[run]}`}) : null) : null);
    const said = [n > 1 ? `mean of ${n}` : '', maps[0] ? '' : 'map not kept',
      compared ? `${grid.runs[1]} ${number(scores[1])}, difference ` +
          number(scores[0] - scores[1]) : ''];
    return viewer.figure(make('div', {}, ...panels),
        make('a', {href: viewer.link('images', shown.id), text: shown.id}),
        ` ${grid.score} ${number(scores[0])}`,
        make('span', {class: 'quiet', text: said.filter(Boolean).map(
            x => ` \u00b7 ${x}`).join('')}));
  }

  /* The images of a category: highest, lowest, and others with a map. */
  async function gallery(place, shows) {
    const {category, grid, runs} = shows;
    const list = ranked(runs[0], category);
    const top = list.slice(0, SHOWN);
    const low = list.slice(Math.max(SHOWN, list.length - SHOWN)).reverse();
    const rest = list.filter(x => runs[0].kept.has(x.image) &&
        !top.includes(x) && !low.includes(x));
    const on = grid.categories[category] ?? `all ${grid.rowName}`;
    const {images} = await viewer.gallery();
    const tiles = part => Promise.all(part.map(x => tile(x, images, shows)));
    const group = (title, content) => content.length ? make('section', {},
        make('h3', {text: title}),
        make('div', {class: 'tiles four'}, ...content)) : null;
    const [highest, lowest] = [await tiles(top), await tiles(low)];
    if (category !== shows.category) return;  // another has been chosen
    const others = make('div', {class: 'tiles four'});
    place.replaceChildren(...[
      group(`Highest on ${on}`, highest), group(`Lowest on ${on}`, lowest),
      rest.length ? make('details', {toggle: async ({target}) => {
        if (target.open && !others.children.length) {
          others.append(...await tiles(rest));
        }
      }}, make('summary', {
        text: `${count(rest.length, 'other image')} with a kept map`}),
      others) : null,
      list.length ? null : make('p', {text: 'No image to show.'}),
    ].filter(Boolean));
  }

  /* Adds a choice of category and its images; returns choose(category). */
  function pictures(place, shows) {
    const {grid} = shows, images = make('div');
    const select = make('select', {input: () => {
      shows.category = Number(select.value);
      gallery(images, shows);
    }}, make('option', {value: '-1', text: `all ${grid.rowName}`}),
    ...grid.categories.map((text, i) => grid.tables[0].counts[i + 1] ?
        make('option', {value: String(i), text}) : null));
    select.value = String(shows.category);
    const missing = shows.runs.map(({kept}, run) => kept.size ? null : make(
        'p', {class: 'source', text: `No map of ${shows.name} was kept` +
            (shows.runs.length > 1 ? ` by ${grid.runs[run]}` : '') +
            `: it is not among the best of a ${grid.kind}. A job with ` +
            `--config.report.also="('${shows.name}',)" keeps it.`}));
    place.append(make('div', {class: 'controls'}, make(
        'label', {}, 'Images by their score on ', select)),
    ...missing.filter(Boolean), images);
    gallery(images, shows);
    return category => {
      select.value = String(category);
      select.dispatchEvent(new Event('input'));
      select.focus();
    };
  }

  /* Promises what the page of a unit shows. */
  async function unit(grid, name) {
    const at = grid.names.indexOf(name);
    const layer = grid.layer[at], unit = at - grid.layer.indexOf(layer);
    const runs = await Promise.all(grid.runs.map(
        (_, run) => scored(grid, run, layer, unit)));
    const shows = {grid, name, unit, runs, layer: grid.layers[layer][0],
      category: first(grid.tables[0].best[at], runs[0])};
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
    if (grid.images) choose = pictures(images, shows);
    else images.append(make('p', {text: 'The job kept no images.'}));
    return [
      ...facts(grid, at, runs).map(text => make('p', {text})), images,
      make('section', {},
          make('h3', {text: 'Its scores'}),
          make('p', {class: 'source', text: 'A dot for each of the ' +
              `${grid.rowName}; upright lines are means, with their 95 % ` +
              'intervals.'}),
          viewer.scroll('Scores', strips))];
  }

  return {unit};
})());
