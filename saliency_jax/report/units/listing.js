'use strict';
/* A chapter with a list, which a form filters, and a page for each item.
   start(): promises what the others need. update(values): filters the list by
   the form's. listed(): the names that pass. every(): all names. link(name): an
   item's link in the list. content(name): promises the elements of its page.
   Returns a function that filters again. */
viewer.listing = (id, {start = async () => {}, update, listed, every, link,
                       content}) => {
  const {make} = viewer;
  const place = part => document.getElementById(`${id}-${part}`);
  const form = place('controls'), {what} = place('one').dataset;
  const filter = () => update(Object.fromEntries(new FormData(form)));
  let ready = null;  // resolves when the list is there
  let current = '';  // the item whose page is shown, '' for the list

  /* Links to the list and to an item's neighbours in it. */
  function steps(name, names) {
    const at = names.indexOf(name);
    const step = (to, rel, text) => to === undefined ? null : make(
        'a', {href: viewer.link(id, to), rel, text});
    return make('nav', {class: 'steps', 'aria-label': 'Neighbours'},
        make('a', {
          href: `#/${id}`, text: `\u2191 All ${what.toLowerCase()}s`}),
        ...at < 0 ? [] : [
          step(names[at - 1], 'prev', `\u2190 ${names[at - 1]}`),
          make('span', {text: `${(at + 1).toLocaleString('en')} of ` +
              names.length.toLocaleString('en')}),
          step(names[at + 1], 'next', `${names[at + 1]} \u2192`)]);
  }

  async function open(name) {
    const passing = listed();
    const names = passing.includes(name) ? passing : every();
    const shown = names.includes(name) ? await content(name) : [make('p', {
      text: `This report shows no such ${what.toLowerCase()}.`})];
    if (current !== name) return;  // another page has been opened
    const heading = make('h2', {tabindex: '-1', text: `${what} ${name}`});
    place('one').replaceChildren(steps(name, names), heading, ...shown);
    heading.focus({preventScroll: true});
    scrollTo(0, 0);
  }

  async function show(name) {
    await (ready ??= start().then(filter));
    place('all').hidden = name !== '';
    place('one').hidden = name === '';
    const before = current;
    current = name;
    if (name) return open(name);
    const left = before ? link(before) : null;
    left?.focus({preventScroll: true});
    left?.scrollIntoView({block: 'center'});
  }

  form.addEventListener('input', filter);
  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(filter));
  report.chapter(id, name => show(name).catch(error => {
    document.getElementById(id).prepend(make('p', {role: 'alert',
      text: `This cannot be shown: ${error.message}.`}));
  }));
  return filter;
};
