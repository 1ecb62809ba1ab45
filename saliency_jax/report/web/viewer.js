'use strict';
/* Makes the elements of chapters. Text from files is set as text, never as
   HTML. Other scripts add to `viewer`. */
const viewer = (() => {
  const SVG = 'http://www.w3.org/2000/svg', DRAWN = ['svg', 'path'];

  /* Returns an element. `text` and `style` (properties and values) are set as
     such, functions become listeners, and other values attributes; null,
     undefined and false set nothing. */
  function make(tag, attributes = {}, ...children) {
    const element = DRAWN.includes(tag) ?
        document.createElementNS(SVG, tag) : document.createElement(tag);
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

  /* Returns a number with fixed digits, or a dash. */
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

  function unitLink(name) {
    return make('a', {class: 'unit', href: link('units', name), text: name});
  }

  function figure(shown, ...caption) {
    return make('figure', {class: 'tile'}, shown,
        make('figcaption', {}, ...caption));
  }

  /* Makes a wide table scroll, also by the keyboard. */
  function scroll(label, table) {
    return make('div', {class: 'scroll', tabindex: '0', role: 'region',
      'aria-label': label}, table);
  }

  return {make, number, count, link, unitLink, figure, scroll};
})();
