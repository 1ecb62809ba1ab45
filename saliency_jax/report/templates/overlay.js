'use strict';
/* Photographs and search arrays, with maps, outlines and fixations over them.
   Maps come as cells in bytes and are upsampled here. */
Object.assign(viewer, (() => {
  const {make, draw, bytes} = viewer;
  // Okabe and Ito's palette without those near the maps' own colours.
  const OUTLINES = ['#56b4e9', '#e69f00', '#2fbf8f', '#cc79a7', '#b9a5ff'];
  const LOWEST = -2, STEP = 8 / 255;  // of maps in bytes, see packing.py
  const WIDE = 200;                   // pixels of a map before it is scaled

  const shades = Array.from({length: 256}, (_, q) => {
    const [r, g, b, opacity] = viewer.shade(LOWEST + q * STEP);
    return [r, g, b, Math.round(255 * opacity)];
  });

  /* For each pixel of an axis the lower cell and the share of the next one:
     centres half-way, edges repeated, as in ops/resize.py. */
  function axis(pixels, cells) {
    return Array.from({length: pixels}, (_, i) => {
      const at = (i + .5) * cells / pixels - .5;
      const place = Math.min(Math.max(at, 0), cells - 1);
      const low = Math.min(Math.floor(place), Math.max(cells - 2, 0));
      return [low, place - low];
    });
  }

  /* Returns a map {h, w, cells} at height x width pixels, bilinearly. */
  function upsample({h, w, cells}, height, width) {
    const across = axis(width, w), right = w > 1 ? 1 : 0;
    const below = h > 1 ? w : 0;
    const all = new Float32Array(height * width);
    axis(height, h).forEach(([y, v], row) => {
      across.forEach(([x, u], column) => {
        const at = y * w + x;
        all[row * width + column] =
            (1 - v) * ((1 - u) * cells[at] + u * cells[at + right]) +
            v * ((1 - u) * cells[at + below] + u * cells[at + below + right]);
      });
    });
    return all;
  }

  function paint(map, image) {
    const height = Math.max(1, Math.round(WIDE * image.height / image.width));
    const canvas = make('canvas', {width: WIDE, height});
    const pixels = new ImageData(WIDE, height);
    upsample(map, height, WIDE).forEach(
        (q, i) => pixels.data.set(shades[Math.round(q)], 4 * i));
    canvas.getContext('2d').putImageData(pixels, 0, 0);
    return canvas;
  }

  /* Returns an image with what lies over it.
     image: an entry of images(); map: {h, w, cells} or null; outlines: [{d,
     colour}], paths in the original's pixels; points: [y, x, y, x, ..]; tags:
     [{box, number, name, colour}]; label: what it shows, in words. */
  function overlay(image, {map = null, outlines = [], points = [], tags = [],
                           label}) {
    const {width, height} = image;
    const over = draw('svg', {
      viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none'});
    for (const {d, colour = '#fff'} of outlines) {
      if (d) {
        over.append(draw('path', {d, class: 'outline casing'}),
            draw('path', {d, class: 'outline', style: {stroke: colour}}));
      }
    }
    if (points.length) {
      const d = Array.from({length: points.length / 2}, (_, i) =>
          `M${points[2 * i + 1] + .5} ${points[2 * i] + .5}h0`).join('');
      over.append(draw('path', {d, class: 'points casing'}),
          draw('path', {d, class: 'points'}));
    }
    return make('div', {
      class: map ? 'overlay grey' : 'overlay', role: 'img', 'aria-label': label,
      style: {'aspect-ratio': `${width} / ${height}`}},
      make('img', {src: image.url, alt: '', loading: 'lazy', decoding: 'async',
        width, height}),
      map && paint(map, image), over,
      ...tags.filter(x => x.box).map(x => tag(x, width, height)));
  }

  /* A number above a region, or inside it where there is no room, and a name
     where the screen is wide. */
  function tag({box, number, name, colour}, width, height) {
    const [left, top, right] = box;
    const above = top > .08 * height;
    const middle = 100 * (left + right) / 2 / width;
    return make('span', {class: 'tag', text: number, style: {
      background: colour, left: `${middle}%`, top: `${100 * top / height}%`,
      transform: `translate(${-middle}%, ${above ? '-100%' : '0'})`}},
      make('span', {class: 'tag-name', text: ` ${name}`}));
  }

  /* Promises all images that the page shows: [{id, url, width, height, ..}]. */
  async function images() {
    return (await report.data('images')).images;
  }

  async function find(id) {
    return (await images()).findIndex(x => x.id === id);
  }

  /* Promises what is known of image k; its map(layer, unit, run) returns one of
     its maps, or null where it was not kept. */
  async function image(k) {
    const [all, record] = await Promise.all(
        [report.data('images'), report.data(`images/${k}`)]);
    record.maps ??= record.runs.map(run => run && decoded(run));
    record.map = (layer, unit, run = 0) => record.maps[run]?.get(
        `${all.layers.indexOf(layer)}:${unit}`) ?? null;
    return record;
  }

  function decoded(run) {
    const cells = bytes(run.cells), maps = new Map();
    let from = 0, next = 0;
    run.counts.forEach((many, layer) => {
      const [h, w] = run.sizes[layer];
      for (const unit of run.units.slice(next, next + many)) {
        maps.set(`${layer}:${unit}`,
            {h, w, cells: cells.subarray(from, from + h * w)});
        from += h * w;
      }
      next += many;
    });
    return maps;
  }

  /* A map that stands alone: a model's output, or the density of fixations. */
  function grid(packed) {
    return packed && {...packed, cells: bytes(packed.cells)};
  }

  return {OUTLINES, upsample, overlay, images, find, image, grid};
})());
