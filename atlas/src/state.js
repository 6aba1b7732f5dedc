// What is shown, and the part of the address that says it: a link shows others the same.

const DEFAULTS = {
  creator: null, // number of the selected creator
  cluster: null, // number of the selected cluster
  colour: 'cluster',
  hidden: [], // clusters that the legend switched off
  filters: {}, // by column: { hide: [values] } of categories, { from, to } of numbers
  query: '',
  table: false,
  ellipses: true,
  names: true,
  edges: true,
  view: null, // [x, y, zoom]
  theme: null, // dark or light; null: as the system has it
};

/** Whether a value is inside of a filter's limits; what is not known is outside of any range. */
function passes(value, { hide, from = null, to = null }) {
  if (hide) return !hide.includes(value);
  return value !== null && (from === null || value >= from) && (to === null || value <= to);
}

/** What an address says of filters, without what this page has no column for. */
function readFilters(data, text) {
  let given = {};
  try {
    given = JSON.parse(text);
  } catch {
    return {};
  }
  const number = (value) => (Number.isFinite(value) ? value : null);
  const found = {};
  for (const { key, kind } of data.columns) {
    const limit = given?.[key];
    if (kind === 'text' || !limit || typeof limit !== 'object') continue;
    if (kind === 'category' ? Array.isArray(limit.hide) : !limit.hide) found[key] = kind === 'category' ? { hide: limit.hide } : { from: number(limit.from), to: number(limit.to) };
  }
  return found;
}

/** The state, and who wants to know of changes. */
export class State {
  constructor(data) {
    this.data = data;
    this.listeners = [];
    this.values = { ...DEFAULTS };
    this.read();
    window.addEventListener('hashchange', () => {
      if (window.location.hash.slice(1) !== this.written) {
        this.read();
        this.tell([...Object.keys(DEFAULTS), 'address']);
      }
    });
  }

  /** Change values, and tell everybody which. */
  set(changes) {
    const changed = Object.keys(changes).filter((key) => this.values[key] !== changes[key]);
    if (!changed.length) return;
    Object.assign(this.values, changes);
    this.write();
    this.tell(changed);
  }

  tell(changed) {
    for (const listener of this.listeners) listener(new Set(changed));
  }

  /** Filter by a column; null: no longer. */
  filter(key, limits) {
    const { [key]: _, ...others } = this.values.filters;
    this.set({ filters: limits === null ? others : { ...others, [key]: limits } });
  }

  /** Creators that legend and filters leave: one flag each. */
  shown() {
    const hidden = new Set(this.values.hidden);
    const limits = Object.entries(this.values.filters).map(([key, limit]) => [this.data.columns.find((column) => column.key === key).values, limit]);
    return this.data.creators.map((creator, index) => !hidden.has(creator.cluster) && limits.every(([values, limit]) => passes(values[index], limit)));
  }

  write() {
    const said = new URLSearchParams();
    const { creator, cluster, colour, hidden, filters, query, table, ellipses, names, edges, view, theme } = this.values;
    if (creator !== null) said.set('creator', this.data.creators[creator].id);
    if (cluster !== null) said.set('cluster', cluster);
    if (colour !== DEFAULTS.colour) said.set('colour', colour);
    if (hidden.length) said.set('hidden', hidden.join('.'));
    if (Object.keys(filters).length) said.set('filters', JSON.stringify(filters));
    if (query) said.set('search', query);
    if (table) said.set('table', '1');
    if (!ellipses) said.set('ellipses', '0');
    if (!names) said.set('names', '0');
    if (!edges) said.set('edges', '0');
    if (theme) said.set('theme', theme);
    if (view) said.set('view', view.map((value) => value.toFixed(4)).join('_'));
    this.written = said.toString();
    window.history.replaceState(null, '', `#${this.written}`);
  }

  read() {
    this.written = window.location.hash.slice(1);
    const said = new URLSearchParams(this.written);
    const found = this.data.creators.findIndex((creator) => creator.id === said.get('creator'));
    const clusters = new Set(this.data.clusters.map((cluster) => cluster.id));
    const cluster = said.has('cluster') ? Number(said.get('cluster')) : null;
    const columns = new Set(['cluster', ...this.data.columns.filter(({ kind }) => kind !== 'text').map(({ key }) => key)]);
    const view = (said.get('view') ?? '').split('_').map(Number);
    this.values = {
      creator: found >= 0 ? found : null,
      cluster: clusters.has(cluster) ? cluster : null,
      colour: columns.has(said.get('colour')) ? said.get('colour') : DEFAULTS.colour,
      hidden: (said.get('hidden') ?? '').split('.').filter(Boolean).map(Number).filter((id) => clusters.has(id)),
      filters: readFilters(this.data, said.get('filters') ?? '{}'),
      query: said.get('search') ?? '',
      table: said.get('table') === '1',
      ellipses: said.get('ellipses') !== '0',
      names: said.get('names') !== '0',
      edges: said.get('edges') !== '0',
      theme: ['dark', 'light'].includes(said.get('theme')) ? said.get('theme') : null,
      view: view.length === 3 && view.every(Number.isFinite) ? view : null,
    };
  }
}
