'use strict';
/* The easiest and the hardest arrays: maps are laid over when they are seen. */
(() => {
  async function fill(place) {
    const {image, layer, unit, label} = place.dataset;
    const [all, one] = await Promise.all(
        [viewer.images(), viewer.image(Number(image))]);
    place.replaceChildren(viewer.overlay(all[Number(image)], {
      map: one.map(layer, Number(unit)), outlines: one.regions, label}));
  }

  function show(part) {
    const places = [...part.querySelectorAll('.place:empty')];
    return Promise.all(places.map(fill));
  }

  report.chapter('popout', async () => {
    const bar = document.querySelector('#popout .bar-place:empty');
    bar?.append(viewer.bar('maps', {
      label: 'standard deviations above the mean of the map'}));
    for (const part of document.querySelectorAll('#popout .extremes')) {
      if (part.tagName !== 'DETAILS' || part.open) await show(part);
      part.addEventListener('toggle', () => show(part));
    }
  });
})();
