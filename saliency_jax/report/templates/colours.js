'use strict';
/* Colour scales, the same as the figures', and their bars. */
Object.assign(viewer, (() => {
  const {make, number} = viewer;
  // Matplotlib's maps at 33 places, linear in between.
  const SCALES = {
    values:  // viridis
        '440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d' +
        '2f6b8e2c728e297a8e26828e23898e21918c1f988b1fa08822a78528ae8032b67a' +
        '3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725',
    maps:  // plasma
        '0d08872206903105973f049c4c02a15901a56600a77201a87e03a88a09a59511a1' +
        'a01a9caa2395b32c8ebc3587c43e7fcc4778d35171da5a6ae06363e66c5ceb7655' +
        'f0804ef58b47f89540fba139fdac33feb82cfdc527fcd225f8df25f4ed27f0f921',
    differences:  // RdBu, red for more
        '0530610e41791752901f63a82a71b23480b93f8ec0529dc86bacd184bcd99bc9e0' +
        'aed3e6c2ddecd4e6f1e0ecf3ecf2f5f7f6f6f9eee7fbe5d8fddcc9fbccb4f8bb9e' +
        'f5aa89ee9677e48066db6b55d05548c53e3dba2832ab162a930e267c072267001f',
  };
  const RANGE = [0, 6];                // of the maps' colours, SD
  const OPACITY = .75, OPAQUE = 1.5;   // the full opacity, and from which SD
  const GREY = 108;                    // of a middling photograph under a map

  const tables = {};
  for (const [name, text] of Object.entries(SCALES)) {
    const stops = text.match(/../g).map(x => parseInt(x, 16));
    const last = stops.length / 3 - 1;
    tables[name] = Array.from({length: 256}, (_, i) => {
      const place = i / 255 * last, k = Math.min(Math.floor(place), last - 1);
      return [3 * k, 3 * k + 1, 3 * k + 2].map(c => Math.round(
          stops[c] + (place - k) * (stops[c + 3] - stops[c])));
    });
  }

  /* Returns [r, g, b] of a colour scale at a share of its length, 0 to 1. */
  function colour(scale, share) {
    return tables[scale][Math.round(255 * Math.min(1, Math.max(0, share)))];
  }

  function css([r, g, b]) {
    return `rgb(${r} ${g} ${b})`;
  }

  /* Black or white, whichever stands out more (WCAG 2.2, contrast ratio). */
  function ink(rgb) {
    const [r, g, b] = rgb.map(x => x / 255).map(
        x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
    const light = .2126 * r + .7152 * g + .0722 * b;
    return (light + .05) / .05 > 1.05 / (light + .05) ? '#000' : '#fff';
  }

  /* A map's colour [r, g, b, opacity] at a value in SD: where a map is at its
     mean or below, the photograph shows in grey. */
  function shade(value) {
    const [low, high] = RANGE;
    return [...colour('maps', (value - low) / (high - low)),
      OPACITY * Math.min(1, Math.max(0, value / OPAQUE))];
  }

  /* Round values between two ends, at most eight. */
  function ticks(low, high) {
    const step = [.1, .2, .5, 1, 2, 5, 10, 20].find(
        x => (high - low) / x <= 7) ?? high - low;
    const first = Math.ceil(low / step - 1e-6);
    const last = Math.floor(high / step + 1e-6);
    return Array.from(
        {length: last - first + 1}, (_, i) => (first + i) * step);
  }

  /* Numbers at their places along an element's width. */
  function scale(low, high, all = ticks(low, high)) {
    const digits = all.every(x => Math.abs(x - Math.round(x)) < 1e-6) ? 0 : 1;
    return all.map(value => make('span', {class: 'tick',
      text: number(value, digits),
      style: {left: `${100 * (value - low) / (high - low)}%`}}));
  }

  /* Returns a colour bar of 'values', 'differences' or, over a grey ground and
     with ends of their own, 'maps'. Beyond the ends colours stay the same. */
  function bar(name, {low = RANGE[0], high = RANGE[1], label}) {
    const colours = Array.from({length: 33}, (_, i) => {
      if (name !== 'maps') return css(colour(name, i / 32));
      const [r, g, b, a] = shade(low + i / 32 * (high - low));
      return css([r, g, b].map(x => Math.round(a * x + (1 - a) * GREY)));
    });
    // The ends are written, and the ticks that leave them room.
    const whole = Number.isInteger(low) && Number.isInteger(high);
    const near = (high - low) * (whole ? .1 : .22);
    const marks = scale(low, high, [low, ...ticks(low, high).filter(
        x => x > low + near && x < high - near), high]);
    marks[0].prepend('\u2264\u202f');
    marks.at(-1).prepend('\u2265\u202f');
    return make('div', {class: 'bar', role: 'img',
      'aria-label': `Colour scale, ${label}: from ${number(low, 1)} or less ` +
          `to ${number(high, 1)} or more`},
      make('span', {class: 'bar-scale'},
        make('span', {class: 'bar-colours', style: {
          background: `linear-gradient(to right, ${colours.join()})`}}),
        ...marks),
      make('span', {class: 'bar-label', text: label}));
  }

  return {colour, css, ink, shade, scale, bar};
})());
