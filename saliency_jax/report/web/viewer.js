'use strict';
/* Makes the elements of chapters. Text from files is set as text, never as
   HTML. Other scripts add to `viewer`. */
const viewer = (() => {
  /* Returns an element. `text` and `style` (properties and values) are set as
     such, functions become listeners, and other values attributes; null,
     undefined and false set nothing. */
  function make(tag, attributes = {}, ...children) {
    return filled(document.createElement(tag), attributes, children);
  }

  /* The same for SVG elements. */
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

  /* Returns show() with an error message in `place`, e.g. of a missing file. */
  function guarded(place, show) {
    return rest => show(rest).catch(error => {
      document.getElementById(place).prepend(make('p', {role: 'alert',
        text: `This cannot be shown: ${error.message}.`}));
    });
  }

  /* The head of an item's page: links to its neighbours in a list and to the
     list, and its name. */
  function head(chapter, all, what, names, name) {
    const at = names.indexOf(name);
    const step = (to, rel, text) => to === undefined ? null : make(
        'a', {href: link(chapter, to), rel, text});
    return [make('nav', {class: 'steps', 'aria-label': 'Neighbours'},
        make('a', {href: `#/${chapter}`, text: `\u2191 ${all}`}),
        step(names[at - 1], 'prev', `\u2190 ${names[at - 1]}`),
        at < 0 ? null : make('span', {
          text: `${(at + 1).toLocaleString('en')} of ` +
              names.length.toLocaleString('en')}),
        step(at < 0 ? undefined : names[at + 1], 'next',
            `${names[at + 1]} \u2192`)),
    make('h2', {tabindex: '-1', text: `${what} ${name}`})];
  }

  return {make, draw, number, count, link, unitLink, figure, scroll, guarded,
    head};
})();
