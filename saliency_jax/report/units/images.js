'use strict';
/* The gallery: filters images, and opens an image's page. */
(() => {
  const place = id => document.getElementById(`images-${id}`);
  let opened = '';  // the image whose page was shown last

  function listed() {
    return [...place('gallery').children].filter(x => !x.hidden);
  }

  function update() {
    const {text, category} = Object.fromEntries(
        new FormData(place('controls')));
    const wanted = text.trim().toLowerCase();
    for (const tile of place('gallery').children) {
      tile.hidden = !tile.dataset.name.toLowerCase().includes(wanted) ||
          category !== '' && !tile.dataset.groups.includes(`,${category},`);
    }
    place('status').textContent = viewer.count(listed().length, 'image');
  }

  if (place('controls')) {
    place('controls').addEventListener('input', update);
    place('controls').addEventListener('submit', x => x.preventDefault());
    place('controls').addEventListener('reset', () => setTimeout(update));
    update();
  }

  report.chapter('images', viewer.guarded('images', async rest => {
    place('all').hidden = rest !== '';
    place('one').hidden = rest === '';
    if (rest) {
      opened = rest;
      const names = listed().map(x => x.dataset.name);
      await viewer.photograph(place('one'), await viewer.gallery(), rest,
          names.includes(rest) ? names : [...place('gallery').children].map(
              x => x.dataset.name));
    } else if (opened) {
      const link = listed().find(x => x.dataset.name === opened);
      link?.focus({preventScroll: true});
      link?.scrollIntoView({block: 'center'});
      opened = '';
    }
  }));
})();
