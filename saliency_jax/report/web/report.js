'use strict';
/* The frame: chapters by the address's hash, data on demand, notes on cells,
   and sortable tables. */
const report = (() => {
  const shows = new Map();    // chapter -> show(rest)
  const waiting = new Map();  // name of data -> its promise
  const given = new Map();    // name of data -> resolve
  const title = document.title;
  const single = document.querySelector('script[data-name]') !== null;
  let current = '';

  /* Promises the value of site.data(name), with typed arrays. */
  function data(name) {
    if (!waiting.has(name)) {
      waiting.set(name, (single ? embedded(name) : loaded(name)).then(unpack));
    }
    return waiting.get(name);
  }

  /* Replaces what packing.py packed by typed arrays. */
  async function unpack(root) {
    const all = {root}, found = [];
    const visit = parent => {
      for (const [key, value] of Object.entries(parent)) {
        if (value?.packed) {
          found.push(numbers(value).then(x => {
            parent[key] = x;
          }));
        } else if (value && typeof value === 'object') visit(value);
      }
    };
    visit(all);
    await Promise.all(found);
    return all.root;
  }

  /* Unpacks bytes, little-endian int16, or scores in thousandths with NaN. */
  async function numbers({packed, bytes}) {
    const inflated = new Blob([Uint8Array.from(atob(bytes), x =>
        x.charCodeAt(0))]).stream().pipeThrough(
        new DecompressionStream('deflate'));
    const buffer = await new Response(inflated).arrayBuffer();
    if (packed === 'u1') return new Uint8Array(buffer);
    const whole = new Int16Array(buffer);
    return packed === 'i2' ? whole : Float32Array.from(
        whole, x => x === -32768 ? NaN : x / 1000);
  }

  async function embedded(name) {
    const block = document.querySelector(
        `script[data-name="${CSS.escape(name)}"]`);
    if (!block) throw new Error(`no data ${name}`);
    return JSON.parse(block.textContent);
  }

  /* Loads data by a script element, since fetch() cannot read from disk. */
  function loaded(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement('script');
      given.set(name, resolve);
      script.src = `data/${name}.js`;
      script.onload = () => {
        script.remove();
        reject(new Error(`no data ${name}`));  // no effect once it is given
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

  /* Calls show(rest) whenever the address leads to '#/name/rest'; rest may be
     ''. */
  function chapter(name, show) {
    shows.set(name, show);
  }

  function route(first) {
    const sections = [...document.querySelectorAll('.chapter')];
    const hash = location.hash.startsWith('#/') ? location.hash.slice(2) : '';
    if (!hash && !first && location.hash.length > 1) return;  // in the chapter
    const [name, ...parts] = hash.split('/');
    const section = sections.find(x => x.id === name) ?? sections[0];
    if (!section) return;
    const moved = section.id !== current;
    current = section.id;
    for (const other of sections) other.hidden = other !== section;
    for (const link of document.querySelectorAll('header.site nav a')) {
      link.removeAttribute('aria-current');
      if (link.getAttribute('href') !== `#/${current}`) continue;
      link.setAttribute('aria-current', 'page');
      // Not scrollIntoView(), which would also move the page.
      const list = link.closest('ul');
      list.scrollLeft = link.offsetLeft - list.clientWidth / 3;
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

  /* Shows the notes of a matrix's cells, for the keyboard too: Tab reaches one
     cell of each table, arrow keys the others. */
  function notes() {
    const note = document.createElement('p');
    note.className = 'note';
    note.hidden = true;
    note.setAttribute('aria-hidden', 'true');  // the cells say it themselves
    document.body.append(note);
    const show = event => {
      const cell = event.target.closest?.('td[data-hint]');
      note.hidden = !cell;
      if (cell) note.textContent = cell.dataset.hint;
    };
    for (const table of document.querySelectorAll('table.matrix')) {
      const cells = [...table.querySelectorAll('td[data-hint]')];
      cells.forEach((cell, i) => {
        cell.tabIndex = i ? -1 : 0;
      });
      table.addEventListener('keydown', event => {
        const from = event.target, [x, y] = {
          ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
          ArrowDown: [0, 1]}[event.key] ?? [0, 0];
        if (!cells.includes(from) || !(x || y)) return;
        event.preventDefault();
        const row = table.rows[from.parentElement.rowIndex + y];
        const next = row?.cells[from.cellIndex + x];
        if (!next?.dataset.hint) return;
        from.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      });
    }
    for (const name of ['mouseover', 'focusin']) addEventListener(name, show);
    addEventListener('keydown', event => {
      if (event.key === 'Escape') note.hidden = true;
    });
  }

  /* Sorts a table by a click on a column's name: better numbers first, or names
     alphabetically; rows without a number stay last. */
  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    const value = (row, i) => {
      const {order, text = row.cells[i].textContent} = row.cells[i].dataset;
      const number = Number.parseFloat(
          (order ?? text).replaceAll('\u2212', '-').replaceAll(',', ''));
      return heads[i].classList.contains('list') || !i ? text : number;
    };
    heads.forEach((head, i) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const names = head.classList.contains('list') || !i;
        const first = names || head.dataset.up === 'false' ?
            'ascending' : 'descending';
        const before = head.getAttribute('aria-sort');
        const now = before !== first ? first :
            first === 'ascending' ? 'descending' : 'ascending';
        for (const other of heads) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', now);
        const sign = now === 'ascending' ? 1 : -1;
        table.tBodies[0].append(...[...table.tBodies[0].rows].sort((a, b) => {
          const [x, y] = [value(a, i), value(b, i)];
          return names ? sign * x.localeCompare(y) :
              Number.isNaN(x) - Number.isNaN(y) || sign * (x - y);
        }));
      });
    });
  }

  document.documentElement.classList.add('js');
  addEventListener('DOMContentLoaded', () => {
    notes();
    document.querySelectorAll('table.sortable').forEach(sortable);
    // Not by following the link, because the address is the chapter's.
    document.querySelector('.skip').addEventListener('click', event => {
      event.preventDefault();
      document.getElementById('main').focus();
    });
    route(true);
    addEventListener('hashchange', () => route(false));
  });
  return {data, give, chapter};
})();
