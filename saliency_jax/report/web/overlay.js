'use strict';
/* Images under maps, outlines and fixations. Maps arrive as cells in bytes and
   are upsampled here; overlays.py does the same for files. */
Object.assign(viewer, (() => {
  const {make} = viewer;
  // Okabe and Ito's palette without those near the maps' own colours.
  const OUTLINES = ['#56b4e9', '#e69f00', '#2fbf8f', '#cc79a7', '#b9a5ff'];
  const WIDE = 200;                   // width of a map's canvas in pixels

  const colours = JSON.parse(
      document.getElementById('colours').textContent);  // of site.py

  /* Returns the colour of a scale at a fraction of its length, 0 to 1, and the
     ink that is legible on it. */
  function colour(scale, share) {
    return colours[scale][Math.round(255 * Math.min(1, Math.max(0, share)))];
  }

  /* For each pixel of an axis, the lower cell and the weight of the next one:
     half-pixel centres, edges repeated, placed as in ops/resize.py. */
  function axis(pixels, cells, shift, extent) {
    return Array.from({length: pixels}, (_, i) => {
      const at = (i + .5) * (extent || cells) / pixels - .5 - shift;
      const place = Math.min(Math.max(at, 0), cells - 1);
      const low = Math.min(Math.floor(place), Math.max(cells - 2, 0));
      return [low, place - low];
    });
  }

  /* Returns a map {h, w, cells} upsampled bilinearly to height x width; with
     `shift` and `extent` its cells do not tile the image. */
  function upsample({h, w, cells, shift = 0, extent = 0}, height, width) {
    const across = axis(width, w, shift, extent), right = w > 1 ? 1 : 0;
    const below = h > 1 ? w : 0;
    const all = new Float32Array(height * width);
    axis(height, h, shift, extent).forEach(([y, v], row) => {
      across.forEach(([x, u], column) => {
        const at = y * w + x;
        all[row * width + column] =
            (1 - v) * ((1 - u) * cells[at] + u * cells[at + right]) +
            v * ((1 - u) * cells[at + below] + u * cells[at + below + right]);
      });
    });
    return all;
  }

  function paint(map, {width, height}) {
    const tall = Math.max(1, Math.round(WIDE * height / width));
    const canvas = make('canvas', {width: WIDE, height: tall});
    const pixels = new ImageData(WIDE, tall);
    upsample(map, tall, WIDE).forEach(
        (q, i) => pixels.data.set(colours.maps[Math.round(q)], 4 * i));
    canvas.getContext('2d').putImageData(pixels, 0, 0);
    return canvas;
  }

  /* Adds overlays to an element's image.
     size: {width, height} of the image; map: see upsample(), or null; outlines:
     [{d, colour}], paths in its pixels; points: [y, x, y, x, ..]; tags: [{box,
     number, name, colour}]. */
  function cover(element, size, {map = null, outlines = [], points = [],
                                 tags = []}) {
    const over = make('svg', {viewBox: `0 0 ${size.width} ${size.height}`,
      preserveAspectRatio: 'none'});
    const twice = (d, name, style = {}) => over.append(
        make('path', {d, class: `${name} casing`}),
        make('path', {d, class: name, style}));
    for (const {d, colour = '#fff'} of outlines) {
      if (d) twice(d, 'outline', {stroke: colour});
    }
    if (points.length) {
      twice(Array.from({length: points.length / 2}, (_, i) =>
          `M${points[2 * i + 1] + .5} ${points[2 * i] + .5}h0`).join(''),
      'points');
    }
    element.append(...map ? [paint(map, size)] : [], over,
        ...tags.filter(x => x.box).map(x => tag(x, size)));
    return element;
  }

  /* A label above a region, or inside it if there is no room. */
  function tag({box: [left, top, right], number, name, colour},
               {width, height}) {
    const middle = 50 * (left + right) / width;
    return make('span', {class: 'tag', text: `${number} ${name}`, style: {
      background: colour, left: `${middle}%`, top: `${100 * top / height}%`,
      transform: `translate(${-middle}%, ` +
          `${top > .08 * height ? '-100%' : '0'})`}});
  }

  /* Returns an image of gallery() with overlays; see cover(). */
  function overlay(image, {label, ...over}) {
    return cover(make('div', {
      class: over.map ? 'overlay grey' : 'overlay', role: 'img',
      'aria-label': label, style: {
        '--ratio': `${image.width} / ${image.height}`}},
    make('img', {src: image.url, alt: '', loading: 'lazy'})), image, over);
  }

  /* Promises the data of gallery.py, with the addresses of the images. */
  async function gallery() {
    const data = await report.data('images');
    document.querySelectorAll('#images-gallery img').forEach((img, k) => {
      data.images[k].url = img.getAttribute('src');
    });
    return data;
  }

  /* Promises the data of image k; its map(layer, unit, run) returns one of its
     maps, or null if that was not exported. */
  async function image(k) {
    const [all, record] = await Promise.all(
        [gallery(), report.data(`images/${k}`)]);
    record.maps ??= record.runs.map(run => run && decoded(run));
    record.map = (layer, unit, run = 0) => record.maps[run]?.get(
        `${all.layers.indexOf(layer)}:${unit}`) ?? null;
    return record;
  }

  function decoded(run) {
    const {cells} = run, maps = new Map();
    let from = 0, next = 0;
    run.counts.forEach((many, layer) => {
      const size = run.sizes[layer].h * run.sizes[layer].w;
      for (const unit of run.units.slice(next, next + many)) {
        maps.set(`${layer}:${unit}`, {...run.sizes[layer],
          cells: cells.subarray(from, from + size)});
        from += size;
      }
      next += many;
    });
    return maps;
  }

  /* Overlays of images in the page's HTML are drawn when these are seen. */
  const seen = new IntersectionObserver(entries => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      report.data('places').then(places => {
        const over = places[Number(target.dataset.place)];
        cover(target, over, over);
      });
    }
  }, {rootMargin: '200px'});
  addEventListener('DOMContentLoaded', () => document.querySelectorAll(
      '[data-place]').forEach(place => seen.observe(place)));

  return {OUTLINES, colour, upsample, overlay, gallery, image};
})());
