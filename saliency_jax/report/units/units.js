'use strict';
/* The grid of units: filters, sorts and shows a page of rows at a time. */
(() => {
  const {make, number, count} = viewer;
  const ROWS = 50;
  const place = id => document.getElementById(`units-${id}`);
  let grid;           // its numbers
  let view;           // the selected table and filters, see selected()
  let listed = [];    // the units that pass the filters, sorted
  let first = 0;      // index of the first listed unit on the page
  let sort = {key: 'top', descending: true};

  /* The grid with each unit's layer and name, layer after layer. */
  function unpacked(data) {
    const layer = data.layers.flatMap(([, many], i) => Array(many).fill(i));
    const names = data.layers.flatMap(([name, many]) => Array.from(
        {length: many}, (_, unit) => `${name}:${unit}`));
    const width = data.categories.length + 1;
    return {...data, names, layer, width,
      at: (table, unit, column) => table.means[unit * width + column]};
  }

  /* The selected table, whether it has differences, and the filters. Beside
     differences, all other columns are this run's. */
  function selected(filters) {
    const table = Number(filters.shown ?? 0), change = table === 2;
    return {...filters, table: grid.tables[table], change,
      own: grid.tables[change ? 0 : table], range: grid.ranges[Number(change)]};
  }

  /* For each unit, the number by which a column is sorted. */
  function column(key, {table, own}) {
    const of = {
      unit: unit => unit,
      best: unit => own.best[unit] < 0 ? NaN : own.best[unit],
      count: unit => own.best[unit] < 0 ? NaN : own.counts[own.best[unit] + 1],
      top: unit => own.best[unit] < 0 ? NaN :
          grid.at(table, unit, own.best[unit] + 1),
      selectivity: unit => own.selectivity[unit],
    }[key] ?? (unit => grid.at(table, unit, Number(key)));
    return Float64Array.from(grid.names, (_, unit) => of(unit));
  }

  function filtered({layer = '', text, best, least, ...view}) {
    const wanted = text.trim().toLowerCase();
    const tops = least === '' ? null : column('top', view);
    return [...grid.names.keys()].filter(unit =>
        (layer === '' || grid.layers[grid.layer[unit]][0] === layer) &&
        grid.names[unit].toLowerCase().includes(wanted) &&
        (best === '' || view.own.best[unit] === Number(best)) &&
        (tops === null || tops[unit] >= Number(least)));
  }

  function update(filters) {
    view = selected(filters);
    for (const i of [0, 1]) {
      if (place(`bar-${i}`)) place(`bar-${i}`).hidden = i !== +view.change;
    }
    const by = column(sort.key, view), sign = sort.descending ? -1 : 1;
    // Units without a number come last; equal ones keep their order.
    listed = filtered(view).sort((a, b) =>
        Number.isNaN(by[a]) - Number.isNaN(by[b]) ||
        sign * (by[a] - by[b]) || a - b);
    turn(0);
    let name = '';
    for (const button of place('table').querySelectorAll('th button')) {
      const sorts = button.dataset.key === sort.key;
      button.parentElement.setAttribute('aria-sort', !sorts ? 'none' :
          sort.descending ? 'descending' : 'ascending');
      if (sorts) name = button.firstChild.textContent.trim();
    }
    place('status').textContent =
        `${count(listed.length, 'unit')}, sorted by ${name}, ` +
        `${sort.descending ? 'highest' : 'lowest'} first`;
  }

  /* Shows the page of rows that starts with the listed unit `to`. */
  function turn(to) {
    first = Math.max(0, Math.min(to, listed.length - 1));
    first -= first % ROWS;
    place('table').tBodies[0].replaceChildren(
        ...listed.slice(first, first + ROWS).map(row));
    const step = (text, by) => make('button', {type: 'button', text,
      disabled: first + by < 0 || first + by >= listed.length,
      click: () => turn(first + by)});
    place('pager').replaceChildren(...listed.length > ROWS ? [make(
        'div', {class: 'pager', role: 'group', 'aria-label': 'Pages of units'},
        step('Previous', -ROWS), make('span', {
          text: `${(first + 1).toLocaleString('en')}\u2013` +
              `${Math.min(first + ROWS, listed.length).toLocaleString('en')} ` +
              `of ${listed.length.toLocaleString('en')}`}),
        step('Next', ROWS))] : []);
  }

  function cell(unit, column) {
    const {table, own, change, range: [low, high]} = view;
    const value = grid.at(table, unit, column);
    const half = table.halves[unit * grid.width + column];
    if (Number.isNaN(value)) return make('td', {text: number(value)});
    const [background, color] = viewer.colour(
        change ? 'differences' : 'values', (value - low) / (high - low));
    return make('td', {
      class: column === own.best[unit] + 1 ? 'value best' : 'value',
      style: {background, color}},
    number(value), make('small', {
      text: Number.isNaN(half) ? '' : `\u00b1${number(half)}`}));
  }

  function row(unit) {
    const {table, own} = view;
    const best = own.best[unit], name = grid.names[unit];
    const top = best < 0 ? NaN : grid.at(table, unit, best + 1);
    return make('tr', {},
        make('th', {scope: 'row'},
            make('a', {href: viewer.link('units', name), text: name})),
        make('td', {
          class: 'list', text: grid.categories[best] ?? number(null)}),
        make('td', {text: best < 0 ? number(null) :
            own.counts[best + 1].toLocaleString('en')}),
        make('td', {text: number(top)}),
        make('td', {text: number(own.selectivity[unit])}),
        ...Array.from({length: grid.width}, (_, i) => cell(unit, i)));
  }

  function start(data) {
    grid = unpacked(data);
    const body = place('table').tBodies[0];
    place('table').tHead.addEventListener('click', event => {
      const key = event.target.closest('button')?.dataset.key;
      if (key === undefined) return;
      // Numbers are sorted from the highest first, names from A.
      const down = !['unit', 'best'].includes(key);
      sort = {key, descending: sort.key === key ? !sort.descending : down};
      filter();
    });
    body.addEventListener('click', event => {
      if (event.target.closest('a') || String(getSelection())) return;
      const link = event.target.closest('tr')?.querySelector('a');
      if (link) location.hash = link.hash;
    });
  }

  const filter = viewer.listing('units', {
    start: () => report.data('units').then(start),
    update,
    listed: () => listed.map(unit => grid.names[unit]),
    every: () => grid.names,
    link: name => {
      const at = listed.findIndex(unit => grid.names[unit] === name);
      if (at >= 0) turn(at);
      return [...place('table').querySelectorAll('tbody a')].find(
          x => x.textContent === name);
    },
    content: name => viewer.unit(grid, name),
  });
})();
