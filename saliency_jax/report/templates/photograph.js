'use strict';
/* The page of one photograph or search array. */
Object.assign(viewer, (() => {
  const {make, number, count} = viewer;
  let current = '';  // the image that is being shown

  /* The regions, most fixated first, each with its number and colour. */
  function numbered(record, photographs) {
    return record.regions.map((region, place) => ({...region, place}))
        .sort((a, b) => b.fixations - a.fixations || a.place - b.place)
        .map((region, i) => ({...region, number: i + 1,
          colour: photographs ? viewer.OUTLINES[i % viewer.OUTLINES.length] :
            '#fff'}));
  }

  function chip(region) {
    return make('b', {class: 'chip', text: region.number,
      style: {background: region.colour}});
  }

  /* The best unit of all layers on a region, of a run. */
  function best(record, region, data, run) {
    const answers = record.runs[run]?.best[region.place];
    if (!answers) return null;
    const layer = answers.reduce(
        (top, [, score], i) => score > answers[top][1] ? i : top, 0);
    const [unit, score] = answers[layer];
    return {layer, name: `${data.layers[layer]}:${unit}`, score};
  }

  function unitLink(name) {
    return make('a', {
      class: 'unit', href: viewer.link('units', name), text: name});
  }

  function listOf(regions, record, data) {
    const people = data.photographs;
    const column = (text, name) => make(
        'th', {scope: 'col', class: name, text});
    return make('table', {class: 'regions'},
        make('thead', {}, make('tr', {},
            column(people ? 'region' : 'target', 'list'),
            people ? column('fixations') : null, ...data.runs.map(run => column(
                data.runs.length > 1 ? `best unit, ${run}` : 'best unit',
                'list')))),
        make('tbody', {}, ...regions.map(region => make('tr', {},
            make('th', {scope: 'row'}, people ? chip(region) : null,
                ` ${data.categories[region.category]}`),
            people ? make('td', {text: String(region.fixations)}) : null,
            ...data.runs.map((_, run) => {
              const found = best(record, region, data, run);
              return found ? make('td', {class: 'list'}, unitLink(found.name),
                  ` ${data.score} ${number(found.score)}`) :
                  make('td', {class: 'list', text: number(null)});
            })))));
  }

  /* The photograph with its fixations and regions, each to be hidden. */
  function main(image, record, regions, data) {
    const fixations = record.points.length / 2;
    const shown = viewer.overlay(image, {
      outlines: regions, points: record.points,
      tags: data.photographs ? regions.map(x => ({
        ...x, name: data.categories[x.category]})) : [],
      label: `${image.id} with ${count(regions.length, 'outlined region')}` +
          (fixations ? ` and ${count(fixations, 'fixation')} as dots` : '')});
    const toggle = (name, text) => make('label', {}, make('input', {
      type: 'checkbox', checked: true, input: event => shown.classList.toggle(
          `without-${name}`, !event.target.checked)}), ` ${text}`);
    return make('div', {},
        make('div', {class: 'controls'},
            fixations ? toggle('points', count(fixations, 'fixation')) : null,
            toggle('outlines', data.photographs ?
                count(regions.length, 'region') : 'target')),
        shown);
  }

  /* The best unit of each layer on one region, of a run. */
  function layers(image, record, region, data, run) {
    const list = record.runs[run]?.best[region.place];
    if (!list) return make('p', {class: 'quiet', text: 'No score.'});
    const top = best(record, region, data, run).layer;
    // Shallow layers first: depth grows rightwards.
    const tiles = [...data.layers.keys()].reverse().map(layer => {
      const [unit, score] = list[layer];
      const name = `${data.layers[layer]}:${unit}`;
      const map = record.map(data.layers[layer], unit, run);
      const tile = viewer.figure(
          viewer.overlay(image, {map, outlines: [{...region, colour: '#fff'}],
            label: `${map ? 'map of' : 'no map of'} unit ${name} over ` +
                `${image.id}, ${data.score} ${number(score)}`}),
          unitLink(name), ` ${number(score)}`);
      if (layer === top) tile.classList.add('top');
      return tile;
    });
    return make('div', {class: 'tiles layers',
      style: {'--layers': tiles.length}}, ...tiles);
  }

  function answers(image, record, regions, data) {
    const title = region => data.photographs ? make('h4', {}, chip(region),
        ` ${data.categories[region.category]} `, make('small', {
          text: count(region.fixations, 'fixation')})) : null;
    const compared = data.runs.length > 1;
    return regions.map(region => make('section', {class: 'answer'},
        title(region), ...data.runs.flatMap((name, run) => [
          compared ? make('p', {class: `run-name run-${run}`, text: name}) :
            null,
          layers(image, record, region, data, run)])));
  }

  /* The models' maps beside the one that people make. */
  function saliency(image, record, data) {
    const people = viewer.grid(record.human);
    const models = data.runs.map((name, run) => ({
      name: data.runs.length > 1 ? `the model (${name})` : 'the model',
      map: viewer.grid(record.runs[run]?.saliency ?? null)}));
    const all = [...models, {name: 'people', map: people}].filter(x => x.map);
    if (!all.length) return null;
    const sigma = data.sigma * image.width;
    return make('section', {},
        make('h3', {text: all.length > 1 ? 'Where the model and people look' :
            people ? 'Where people look' : 'Where the model looks'}),
        make('div', {class: 'tiles two'}, ...all.map(
            ({name, map}) => viewer.figure(viewer.overlay(image, {
              map, label: `saliency of ${name} over ${image.id}`}), name))),
        bar(),
        people ? make('p', {class: 'source', text: 'People: their fixations ' +
            'blurred by a Gaussian, \u03c3 = ' +
            `${number(sigma, 0)} of ${image.width} pixels.`}) : null);
  }

  function bar() {
    return viewer.bar('maps', {
      label: 'standard deviations above the mean of the map'});
  }

  /* Shows an image's page. names: the list that its neighbours come from. */
  async function photograph(place, data, name, names) {
    current = name;
    const k = data.images.findIndex(x => x.id === name);
    const what = data.photographs ? 'photograph' : 'array';
    const heading = make('h2', {tabindex: '-1', text:
        `${what[0].toUpperCase()}${what.slice(1)} ${name}`});
    const head = [
      viewer.steps('images', `All ${what}s`, names, name), heading];
    if (k < 0) {
      place.replaceChildren(...head, make('p', {
        text: `This report shows no such ${what}.`}));
      return;
    }
    const record = await viewer.image(k), image = data.images[k];
    if (current !== name) return;  // another one was opened meanwhile
    const regions = numbered(record, data.photographs);
    const about = [image.categories.map(c => data.categories[c]).join(', '),
      image.about].filter(Boolean).join(' \u00b7 ');
    place.replaceChildren(...head,
        make('p', {class: 'quiet', text: about}),
        make('div', {class: `photograph ${what}`},
            main(image, record, regions, data),
            make('div', {},
                viewer.scroll('Regions', listOf(regions, record, data)),
                saliency(image, record, data))),
        make('section', {},
            make('h3', {text: 'The unit of each layer that answers ' +
                `${data.photographs ? 'a region' : 'the target'} best`}),
            make('p', {class: 'source', text: `${data.score} below each map; ` +
                'the highest of all layers is framed.'}),
            bar(), ...answers(image, record, regions, data)));
    heading.focus({preventScroll: true});
    scrollTo(0, 0);
  }

  return {photograph};
})());
