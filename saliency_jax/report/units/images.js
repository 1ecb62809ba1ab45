'use strict';
/* The gallery: filters images, and opens an image's page. */
(() => {
  const gallery = document.getElementById('images-gallery');
  if (!gallery) return;
  const tiles = [...gallery.children];
  const listed = () => tiles.filter(x => !x.hidden);

  function update({text, category}) {
    const wanted = text.trim().toLowerCase();
    for (const tile of tiles) {
      tile.hidden = !tile.dataset.name.toLowerCase().includes(wanted) ||
          category !== '' && !tile.dataset.groups.includes(`,${category},`);
    }
    document.getElementById('images-status').textContent =
        viewer.count(listed().length, 'image');
  }

  viewer.listing('images', {
    update,
    listed: () => listed().map(x => x.dataset.name),
    every: () => tiles.map(x => x.dataset.name),
    link: name => listed().find(x => x.dataset.name === name),
    content: viewer.photograph,
  });
})();
