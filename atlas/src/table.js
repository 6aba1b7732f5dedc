// The table: the same as on the map, for screen readers and for reading numbers.

import { clusterName, element, fill, foreign, number, visible, written } from './dom.js';

const ROWS = 100; // on a page

/** The table view: sorted, on pages. */
export class Table {
  constructor(parent, data, state, select) {
    Object.assign(this, { parent, data, state, select, by: 'handle', rising: true, page: 0 });
  }

  draw() {
    const { data, state } = this;
    const columns = [
      ['handle', 'creator', (index) => visible(data.creators[index].handle)],
      ['cluster', 'cluster', (index) => data.creators[index].cluster],
      ...data.columns
        .filter(({ key, kind, group }) => kind !== 'text' && (!['measures', 'reels'].includes(group) || key === state.values.colour || state.values.facets.includes(key)))
        .map((column) => [column.key, visible(column.label), (index) => column.values[index], column]),
    ];
    const [, , value] = columns.find(([key]) => key === this.by) ?? columns[0];
    const rows = state.chosen().sort((one, other) => this.order(value(one), value(other)) || one - other);
    const pages = Math.max(1, Math.ceil(rows.length / ROWS));
    this.page = Math.min(this.page, pages - 1);
    const head = columns.map(([key, label]) =>
      element(
        'th',
        { scope: 'col', 'aria-sort': key === this.by ? (this.rising ? 'ascending' : 'descending') : 'none' },
        element('button', { type: 'button', 'data-key': `sort ${key}`, onclick: () => this.sort(key) }, label),
      ),
    );
    const body = rows.slice(this.page * ROWS, (this.page + 1) * ROWS).map((index) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, element('button', { type: 'button', onclick: () => this.select(index, true) }, foreign(data.creators[index].handle, state.values.query))),
        element('td', {}, clusterName(data, data.creators[index].cluster)),
        ...columns.slice(2).map(([, , read, column]) => element('td', { className: column.kind === 'number' ? 'number' : null }, foreign(written(column, read(index))))),
      ),
    );
    const step = (by) => () => {
      this.page += by;
      this.draw();
    };
    fill(
      this.parent,
      element('table', {}, element('caption', {}, `${number(rows.length)} creators, page ${this.page + 1} of ${pages}`), element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...body)),
      element(
        'p',
        { className: 'pages' },
        element('button', { type: 'button', 'data-key': 'previous', disabled: this.page === 0, onclick: step(-1) }, 'previous page'),
        element('button', { type: 'button', 'data-key': 'next', disabled: this.page === pages - 1, onclick: step(1) }, 'next page'),
      ),
    );
  }

  order(one, other) {
    if (one === other) return 0;
    if (one === null) return 1; // what is not known comes last, whichever way
    if (other === null) return -1;
    const rising = typeof one === 'string' ? one.localeCompare(other, 'en') : one - other;
    return this.rising ? rising : -rising;
  }

  sort(key) {
    this.rising = key === this.by ? !this.rising : true;
    this.by = key;
    this.page = 0;
    this.draw();
  }
}
