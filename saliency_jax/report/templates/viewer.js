'use strict';
/* What all chapters make their elements with. Text that comes from files is set
   as text, never as HTML. colours.js and overlay.js add to it. */
const viewer = (() => {
  /* Returns an element. `text` and `style` (properties and values) are set
     as such,
     functions as listeners, all else as attributes; null sets nothing. */
  function make(tag, attributes = {}, ...children) {
    return filled(document.createElement(tag), attributes, children);
  }

  /* The same for the elements of an SVG. */
  function draw(tag, attributes = {}, ...children) {
    return filled(document.createElementNS('http://www.w3.org/2000/svg', tag),
        attributes, children);
  }

  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name === 'text') element.textContent = value;
      else if (name === 'style') {
        for (const [property, x] of Object.entries(value)) {
          element.style.setProperty(property, x);
        }
      } else if (typeof value === 'function') {
        element.addEventListener(name, value);
      } else element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.filter(x => x !== null && x !== undefined));
    return element;
  }

  /* Writes a number with fixed digits; a dash where there is none. */
  function number(value, digits = 2) {
    if (value === null || value === undefined || Number.isNaN(value)) {
      return '\u2013';
    }
    const text = value.toFixed(digits);
    return Number(text) === 0 ? text.replace('-', '') :
        text.replace('-', '\u2212');
  }

  function count(n, one, many = `${one}s`) {
    return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
  }

  function link(chapter, name) {
    return `#/${chapter}/${encodeURIComponent(name).replaceAll('%3A', ':')}`;
  }

  function bytes(text) {
    return Uint8Array.from(atob(text), x => x.charCodeAt(0));
  }

  /* Little-endian int16 in base64; see packing.py. */
  function integers(text) {
    const view = new DataView(bytes(text).buffer);
    return Int16Array.from(
        {length: view.byteLength / 2}, (_, i) => view.getInt16(2 * i, true));
  }

  /* Scores: thousandths, NaN where there is none. */
  function scores(text) {
    return Float32Array.from(
        integers(text), x => x === -32768 ? NaN : x / 1000);
  }

  function figure(shown, ...caption) {
    return make('figure', {class: 'tile'}, shown,
        make('figcaption', {}, ...caption));
  }

  /* Lets a wide table scroll, by the keyboard too. */
  function scroll(label, table) {
    return make('div', {class: 'scroll', tabindex: '0', role: 'region',
      'aria-label': label}, table);
  }

  /* Returns show() that says in `place` what went wrong, such as a missing
     file. */
  function guarded(place, show) {
    return rest => show(rest).catch(error => {
      document.getElementById(place).prepend(make('p', {role: 'alert',
        text: `This cannot be shown: ${error.message}.`}));
    });
  }

  /* Links to the neighbours of an item in a list, and back to the list. */
  function steps(chapter, all, names, name) {
    const at = names.indexOf(name);
    const step = (to, rel, text) => to === undefined ? null : make(
        'a', {href: link(chapter, to), rel, text});
    return make('nav', {class: 'steps', 'aria-label': 'Neighbours'},
        make('a', {href: `#/${chapter}`, text: `\u2191 ${all}`}),
        step(names[at - 1], 'prev', `\u2190 ${names[at - 1]}`),
        at < 0 ? null : make('span', {
          text: `${(at + 1).toLocaleString('en')} of ` +
              names.length.toLocaleString('en')}),
        step(at < 0 ? undefined : names[at + 1], 'next',
            `${names[at + 1]} \u2192`));
  }

  /* Shows a list page by page; render(part) fills the place. */
  function pager(size, what, render) {
    let list = [], page = 0;
    const pages = () => Math.max(1, Math.ceil(list.length / size));
    const text = make('span');
    const buttons = [
      ['First', () => 0], ['Previous', () => page - 1],
      ['Next', () => page + 1], ['Last', () => pages() - 1]].map(
        ([name, to]) => make('button', {type: 'button', text: name,
          'aria-label': `${name} page of ${what}`, click: () => turn(to())}));
    const element = make('div', {class: 'pager', role: 'group',
      'aria-label': `Pages of ${what}`},
      ...buttons.slice(0, 2), text, ...buttons.slice(2));
    function turn(to) {
      page = Math.min(Math.max(to, 0), pages() - 1);
      const start = page * size, part = list.slice(start, start + size);
      text.textContent = `${(start + 1).toLocaleString('en')}\u2013` +
          `${(start + part.length).toLocaleString('en')} of ` +
          list.length.toLocaleString('en');
      buttons.forEach((button, i) => {
        button.disabled = i < 2 ? page === 0 : page === pages() - 1;
      });
      element.hidden = list.length <= size;
      render(part);
    }
    return {
      element,
      show(all) {
        list = all;
        turn(0);
      },
      /* Turns to the page that an item is on. */
      reach(item) {
        turn(Math.floor(Math.max(0, list.indexOf(item)) / size));
      }};
  }

  return {make, draw, number, count, link, bytes, integers, scores, figure,
    scroll, guarded, steps, pager};
})();
