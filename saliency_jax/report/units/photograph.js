'use strict';
/* The page of one photograph or search array. */
Object.assign(viewer, (() => {
  const {make, number, count} = viewer;

  function chip(region) {
    return make('b', {class: 'chip', text: region.number,
      style: {background: region.colour}});
  }

  /* The layer with a region's highest score in a run, or -1. */
  function best(list) {
    return list ? list.reduce(
        (top, [, score], i) => score > list[top][1] ? i : top, 0) : -1;
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
            ...record.runs.map(run => {
              const list = run?.best[region.place], layer = best(list);
              return layer < 0 ? make('td', {class: 'list', text: number()}) :
                  make('td', {class: 'list'}, viewer.unitLink(
                      `${data.layers[layer]}:${list[layer][0]}`),
                  ` ${data.score} ${number(list[layer][1])}`);
            })))));
  }

  /* Each layer's best unit for one region, in one run. */
  function layers(image, record, region, data, run) {
    const list = record.runs[run]?.best[region.place];
    if (!list) return make('p', {class: 'quiet', text: 'No score.'});
    const tiles = list.map(([unit, score], layer) => {
      const name = `${data.layers[layer]}:${unit}`;
      const map = record.map(data.layers[layer], unit, run);
      const tile = viewer.figure(
          viewer.overlay(image, {map, outlines: [{d: region.d}],
            label: `${map ? 'map of' : 'no map of'} unit ${name} over ` +
                `${image.id}, ${data.score} ${number(score)}`}),
          viewer.unitLink(name), ` ${number(score)}`);
      if (layer === best(list)) tile.classList.add('top');
      return tile;
    });
    return make('div', {class: 'tiles layers',
      style: {'--layers': tiles.length}}, ...tiles);
  }

  /* The models' maps beside people's. */
  function saliency(image, record, data) {
    const several = data.runs.length > 1;
    const all = [...data.runs.map((name, run) => ({
      name: several ? `the model (${name})` : 'the model',
      map: record.runs[run]?.saliency ?? null})),
    {name: 'people', map: record.human}].filter(x => x.map);
    if (!all.length) return null;
    return make('section', {},
        make('h3', {text: all.length > 1 ? 'Where the model and people look' :
            `Where ${all[0].name} look${all[0].name === 'people' ? '' : 's'}`}),
        make('div', {class: 'tiles two'}, ...all.map(
            ({name, map}) => viewer.figure(viewer.overlay(image, {
              map, label: `saliency of ${name} over ${image.id}`}), name))),
        record.human ? make('p', {class: 'source', text: 'People: their ' +
            'fixations blurred by a Gaussian, \u03c3 = ' +
            `${number(record.sigma, 0)} of ${image.width} ` +
            'pixels.'}) : null);
  }

  /* Promises what the page of an image shows. */
  async function photograph(name) {
    const data = await viewer.gallery();
    const k = data.images.findIndex(x => x.id === name);
    const record = await viewer.image(k), image = data.images[k];
    // Regions, most fixated first, each with its number and colour.
    const regions = record.regions.map((x, place) => ({...x, place}))
        .sort((a, b) => b.fixations - a.fixations || a.place - b.place)
        .map((x, i) => ({...x, number: i + 1, name: data.categories[x.category],
          colour: data.photographs ?
            viewer.OUTLINES[i % viewer.OUTLINES.length] : '#fff'}));
    const fixations = record.points.length / 2;
    const about = image.categories.map(c => data.categories[c]).join(', ');
    return [
      make('p', {class: 'quiet', text: about}),
      make('div', {class: data.photographs ? 'photograph' : 'photograph array'},
          viewer.overlay(image, {outlines: regions, points: record.points,
            tags: data.photographs ? regions : [],
            label: `${image.id} with ${count(regions.length,
                'outlined region')}` + (fixations ?
              ` and ${count(fixations, 'fixation')} as dots` : '')}),
          make('div', {},
              viewer.scroll('Regions', listOf(regions, record, data)),
              saliency(image, record, data))),
      make('section', {},
          make('h3', {text: 'The unit of each layer with the highest ' +
              `${data.score} on ${data.photographs ? 'a region' :
                'the target'}`}),
          make('p', {class: 'source', text: `${data.score} below each map; ` +
              'the highest of all layers is framed.'}),
          ...regions.flatMap(region => [
            data.photographs ? make('h4', {}, chip(region),
                ` ${region.name} `, make('small', {
                  text: count(region.fixations, 'fixation')})) : null,
            ...data.runs.flatMap((run, i) => [
              data.runs.length > 1 ? make('p', {
                class: `run-name run-${i}`, text: run}) : null,
              layers(image, record, region, data, i)])]))];
  }

  return {photograph};
})());
