'use strict';
/* The distribution of a unit's scores: a table with a strip of dots per row. */
Object.assign(viewer, (() => {
  const {make, number} = viewer;

  /* Values with their mean and half the width of its 95 % interval. */
  function summary(values, factor) {
    const n = values.length;
    const mean = n ? values.reduce((a, b) => a + b, 0) / n : NaN;
    const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0);
    return {values, mean, half: n < 2 || factor === null ? NaN :
      factor * Math.sqrt(squares / (n - 1) / n)};
  }

  /* Dots of a run's values in its lane, and their mean with its interval. */
  function lane({values, mean, half}, run, runs, at) {
    // Lines of length 0 with round caps are dots that do not stretch. A
    // low-discrepancy sequence spreads them over the lane.
    const top = 100 * run / runs, room = 100 / runs;
    const d = values.map((value, i) => {
      const y = top + room * (.15 + .7 * ((i + 1) * .618034 % 1));
      return `M${at(value).toFixed(1)} ${y.toFixed(1)}h0`;
    }).join('');
    const parts = [make('path', {d, class: `dots run-${run}`})];
    if (!Number.isNaN(half)) {
      parts.push(make('path', {class: 'interval', d: `M${at(mean - half)} ` +
          `${top + room / 2}H${at(mean + half)}`}));
    }
    if (values.length) {
      parts.push(make('path', {class: 'mean',
        d: `M${at(mean)} ${top + .1 * room}V${top + .9 * room}`}));
    }
    return parts;
  }

  /* The distribution in words. */
  function quartiles({values}) {
    if (!values.length) return 'no score';
    const sorted = [...values].sort((a, b) => a - b);
    const [low, first, middle, third, high] = [0, .25, .5, .75, 1].map(
        share => number(sorted[Math.round(share * (sorted.length - 1))]));
    return `from ${low} to ${high}, median ${middle}, quartiles ${first} and ` +
        third;
  }

  function written({mean, half}) {
    return make('td', {}, make('span', {class: 'nowrap'},
        number(mean), make('small', {
          text: Number.isNaN(half) ? '' : ` \u00b1 ${number(half)}`})));
  }

  /* At most eight integer ticks along an element's width. */
  function scale(low, high) {
    const step = Math.max(1, Math.ceil((high - low) / 7));
    const first = Math.ceil(low / step);
    return Array.from(
        {length: Math.floor(high / step) - first + 1}, (_, i) => {
          const value = (first + i) * step;
          return make('span', {class: 'tick', text: number(value, 0),
            style: {left: `${100 * (value - low) / (high - low)}%`}});
        });
  }

  /* Returns the table.
     names: of the rows; the first has all scores. runs: [{name, factors,
     groups}], with row i's scores in groups[i]. paired: whether two runs scored
     the same items. score: 'NSS'. what: the items' name, in the plural. kind:
     what the rows are. choose(i): called when a row is clicked. */
  function strips({names, runs, paired, score, what, kind, choose}) {
    const rows = names.map((name, i) => ({
      name, i, runs: runs.map(run => summary(run.groups[i], run.factors[i]))}));
    const [first, ...others] = rows;
    others.sort((a, b) => Number.isNaN(a.runs[0].mean) -
        Number.isNaN(b.runs[0].mean) || b.runs[0].mean - a.runs[0].mean);
    const ends = rows.flatMap(row => row.runs).flatMap(x => [
      ...x.values, x.mean - (x.half || 0), x.mean + (x.half || 0)]).filter(
        x => !Number.isNaN(x));
    const low = ends.reduce((a, b) => Math.min(a, b), 0) - .1;
    const high = ends.reduce((a, b) => Math.max(a, b), 1) + .1;
    const at = value => 1000 * (value - low) / (high - low);
    const compared = runs.length > 1;
    const column = (text, ...more) => make(
        'th', {scope: 'col'}, ...more, text);
    const head = make('tr', {},
        make('th', {scope: 'col', class: 'list', text: kind}), column(what),
        ...runs.map((run, i) => compared ? column(run.name, make(
            'span', {class: `key run-${i}`})) : column(`mean ${score}`)),
        compared ? column('difference') : null,
        make('th', {scope: 'col', class: 'spread'},
            make('span', {class: 'hidden', text: 'distribution'}),
            make('span', {class: 'spread-scale', 'aria-hidden': 'true'},
                ...scale(low, high))));
    const body = [first, ...others].map(row => make('tr', {},
        make('th', {scope: 'row'}, make('button', {
          type: 'button', class: 'plain', text: row.name,
          click: () => choose(row.i)})),
        make('td', {text: row.runs[0].values.length.toLocaleString('en')}),
        ...row.runs.map(written),
        compared ? written(difference(row, runs, paired)) : null,
        make('td', {class: 'spread'},
            make('span', {class: 'hidden', text: row.runs.map(quartiles).join(
                '; ')}),
            make('svg', {viewBox: '0 0 1000 100', preserveAspectRatio: 'none',
              'aria-hidden': 'true', class: compared ? 'two' : 'one'},
            make('path', {class: 'zero', d: `M${at(0)} 0V100`}),
            ...row.runs.flatMap((x, i) => lane(x, i, runs.length, at))))));
    return make('table', {class: 'strips'},
        make('thead', {}, head), make('tbody', {}, ...body));
  }

  /* The difference of two runs; paired runs have an interval of its mean. */
  function difference({i, runs: [own, other]}, runs, paired) {
    if (!paired) return {mean: own.mean - other.mean, half: NaN};
    return summary(own.values.map((x, k) => x - other.values[k]),
        runs[0].factors[i]);
  }

  return {strips};
})());
