'use strict';
/* The gallery: filters images and shows a page of them at a time. */
(() => {
  const {make, count} = viewer;
  const TILES = 48;
  const place = id => document.getElementById(`images-${id}`);
  let ready = null;   // promises that the gallery is filled
  let data;           // what it shows
  let pages;
  let listed = [];    // the images that the filters leave
  let opened = null;  // the image whose page was shown last

  function tile(image) {
    const names = image.categories.map(c => data.categories[c]).join(', ');
    return make('a', {href: viewer.link('images', image.id)},
        viewer.figure(viewer.overlay(image, {label: `image ${image.id}`}),
            make('span', {class: 'name', text: image.id}),
            make('span', {class: 'quiet', text: names})));
  }

  function update() {
    const {text, category} = Object.fromEntries(
        new FormData(place('controls')));
    const wanted = text.trim().toLowerCase();
    listed = data.images.filter(image =>
        image.id.toLowerCase().includes(wanted) &&
        (category === '' || image.categories.includes(Number(category))));
    place('status').textContent = count(
        listed.length, data.photographs ? 'photograph' : 'array');
    pages.show(listed);
  }

  function start(given) {
    data = given;
    pages = viewer.pager(TILES, 'images', part => {
      place('gallery').replaceChildren(...part.map(tile));
    });
    place('pager').append(pages.element);
    const form = place('controls');
    form.addEventListener('input', update);
    form.addEventListener('submit', event => event.preventDefault());
    form.addEventListener('reset', () => setTimeout(update));
    update();
  }

  report.chapter('images', viewer.guarded('images', async rest => {
    ready ??= report.data('images').then(start);
    await ready;
    place('all').hidden = rest !== '';
    place('one').hidden = rest === '';
    if (rest) {
      opened = data.images.find(x => x.id === rest) ?? null;
      const among = opened && listed.includes(opened) ? listed : data.images;
      await viewer.photograph(place('one'), data, rest, among.map(x => x.id));
    } else if (opened) {
      if (listed.includes(opened)) pages.reach(opened);
      const link = [...place('gallery').querySelectorAll('a')].find(
          x => x.hash === viewer.link('images', opened.id));
      link?.focus({preventScroll: true});
      link?.scrollIntoView({block: 'center'});
      opened = null;
    }
  }));
})();
