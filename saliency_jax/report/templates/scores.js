'use strict';

/* Tables whose lines are sorted by a click on a column's name. */
(() => {
  const order = (row, column) => {
    const cell = row.cells[column];
    return column ? Number.parseFloat(cell.dataset.order) : cell.textContent;
  };

  /* The better end first, then the other; lines without a value stay last. */
  const sort = (table, column, ascending) => {
    const body = table.tBodies[0];
    const sign = ascending ? 1 : -1;
    const rows = [...body.rows].sort((one, other) => {
      const [a, b] = [order(one, column), order(other, column)];
      if (!column) return sign * a.localeCompare(b);
      if (Number.isNaN(a) || Number.isNaN(b)) {
        return Number.isNaN(a) - Number.isNaN(b);
      }
      return sign * (a - b);
    });
    body.append(...rows);
  };

  for (const table of document.querySelectorAll('table.sortable')) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const before = head.getAttribute('aria-sort');
        const first = head.dataset.up === 'true' ? 'descending' : 'ascending';
        const now = before !== first ? first
          : first === 'ascending' ? 'descending' : 'ascending';
        for (const other of heads) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', now);
        sort(table, column, now === 'ascending');
      });
    });
  }
})();
