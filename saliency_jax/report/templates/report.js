'use strict';
/* The frame: chapters by the address's hash, data when it is asked for, and
   cells that tell more when they are pointed at or focused. */
const report = (() => {
  const shows = new Map();      // chapter -> show(rest)
  const waiting = new Map();    // name of data -> its promise
  const given = new Map();      // name of data -> resolve
  const title = document.title;
  const single = document.querySelector('script[data-name]') !== null;
  let current = '';

  /* Promises the value of site.data(name). */
  function data(name) {
    if (!waiting.has(name)) {
      waiting.set(name, single ? embedded(name) : loaded(name));
    }
    return waiting.get(name);
  }

  async function embedded(name) {
    const block = document.querySelector(
        `script[data-name="${CSS.escape(name)}"]`);
    if (!block) throw new Error(`no data ${name}`);
    return JSON.parse(block.textContent);
  }

  /* A script element, as fetch() does not read from disk. */
  function loaded(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement('script');
      given.set(name, resolve);
      script.src = `data/${name}.js`;
      script.onload = () => {
        script.remove();
        reject(new Error(`no data ${name}`));  // nothing, if it was given
      };
      script.onerror = () => {
        script.remove();
        waiting.delete(name);
        reject(new Error(`data/${name}.js is missing beside the page`));
      };
      document.head.append(script);
    });
  }

  /* Called by the files of data/. */
  function give(name, value) {
    given.get(name)?.(value);
    given.delete(name);
  }

  /* Calls show(rest) with what follows '#/name/' whenever the address leads
     there; '' for nothing. */
  function chapter(name, show) {
    shows.set(name, show);
  }

  function escape(text) {
    const element = document.createElement('span');
    element.textContent = text;
    return element.innerHTML.replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;');
  }

  function route(first) {
    const sections = [...document.querySelectorAll('.chapter')];
    const hash = location.hash.startsWith('#/') ? location.hash.slice(2) : '';
    if (!hash && !first && location.hash.length > 1) return;  // within it
    const [name, ...parts] = hash.split('/');
    const section = sections.find(x => x.id === name) ?? sections[0];
    if (!section) return;
    const moved = section.id !== current;
    current = section.id;
    for (const other of sections) other.hidden = other !== section;
    for (const link of document.querySelectorAll('header.site nav a')) {
      if (link.getAttribute('href') === `#/${current}`) {
        link.setAttribute('aria-current', 'page');
        // Not scrollIntoView(), which would move the page too.
        const list = link.closest('ul');
        list.scrollLeft = link.offsetLeft - list.clientWidth / 3;
      } else {
        link.removeAttribute('aria-current');
      }
    }
    const heading = section.querySelector('h1');
    document.title = section === sections[0] ? title :
        `${heading.textContent} \u2013 ${title}`;
    if (moved && !first) {
      heading.focus({preventScroll: true});
      scrollTo(0, 0);
    }
    const rest = section.id === name ? parts.map(decode).join('/') : '';
    shows.get(current)?.(rest);
  }

  function decode(part) {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  }

  /* Cells with a title show it as a note beside them, for the keyboard too:
     one cell of a table can be reached by Tab, the others by arrow keys. */
  function cells() {
    const note = document.createElement('div');
    note.className = 'note';
    note.hidden = true;
    note.setAttribute('aria-hidden', 'true');  // the cells say it themselves
    document.body.append(note);
    let shown = null;
    const show = cell => {
      shown = cell;
      note.textContent = cell.dataset.hint;
      note.hidden = false;
      const box = cell.getBoundingClientRect();
      const left = box.left + (box.width - note.offsetWidth) / 2;
      note.style.left = `${Math.max(
          4, Math.min(left, innerWidth - note.offsetWidth - 4))}px`;
      const above = box.top - note.offsetHeight - 6;
      note.style.top = `${above > 0 ? above : box.bottom + 6}px`;
    };
    const hide = () => {
      shown = null;
      note.hidden = true;
    };
    for (const table of document.querySelectorAll('table.matrix')) {
      const all = [...table.querySelectorAll('td[title]')];
      all.forEach((cell, i) => {
        const row = cell.parentElement.cells[0].textContent;
        const column = table.tHead.rows[0].cells[cell.cellIndex].textContent;
        cell.dataset.hint = `${row}, ${column.trim()}: ${cell.title}`;
        cell.removeAttribute('title');
        cell.tabIndex = i ? -1 : 0;
        cell.addEventListener('mouseenter', () => show(cell));
        cell.addEventListener('mouseleave', hide);
        cell.addEventListener('focus', () => show(cell));
        cell.addEventListener('blur', hide);
      });
      table.addEventListener('keydown', event => step(event, all));
    }
    addEventListener('keydown', event => {
      if (event.key === 'Escape') hide();
    });
    addEventListener('scroll', () => {
      if (shown) show(shown);
    }, {capture: true, passive: true});
  }

  function step(event, all) {
    const cell = event.target.closest('td');
    const from = cell?.getBoundingClientRect();
    const [x, y] = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
      ArrowDown: [0, 1]}[event.key] ?? [0, 0];
    if (!from || !(x || y)) return;
    // The nearest cell that lies that way, in its row or in its column.
    let next = null, least = Infinity;
    for (const other of all) {
      const box = other.getBoundingClientRect();
      const [dx, dy] = [box.left - from.left, box.top - from.top];
      const along = dx * x + dy * y, aside = Math.abs(dx * y) + Math.abs(dy * x);
      if (along > 1 && aside < from.height / 2 && along < least) {
        [next, least] = [other, along];
      }
    }
    event.preventDefault();
    if (!next) return;
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  document.documentElement.classList.add('js');
  addEventListener('DOMContentLoaded', () => {
    cells();
    // Not by its address, which is the chapter's.
    document.querySelector('.skip').addEventListener('click', event => {
      event.preventDefault();
      document.getElementById('main').focus();
    });
    route(true);
    addEventListener('hashchange', () => route(false));
  });
  return {data, give, chapter, escape};
})();
