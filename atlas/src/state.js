// What is shown, and the part of the address that says it: a link shows others the same, and "back" undoes.

const DEFAULTS = {
  page: 'map', // or one of PAGES
  creator: null, // number of the selected creator
  cluster: null, // number of the selected cluster
  between: null, // [from, to]: clusters whose follows are shown
  area: null, // [[x, y], ...]: corners of the area that was drawn on the map
  beside: null, // ['creator' or 'cluster', number]: what a selection is compared with
  colour: 'cluster',
  hidden: [], // clusters that the legend switched off
  filters: {}, // by column: { hide: [values] } of categories, { from, to } of numbers
  facets: [], // columns that can be filtered by, beside the one that colours
  query: '',
  outlines: 'contours', // or one of OUTLINES
  pictures: true,
  names: true,
  edges: 'selected', // or one of EDGES
  view: null, // [x, y, zoom]
  theme: null, // dark or light; null: as the system has it
};
export const PAGES = ['map', 'table', 'compare', 'mixing', 'findings'];
export const OUTLINES = ['contours', 'ellipses', 'none'];
export const EDGES = ['selected', 'all', 'none'];
// What somebody does as one step, which "back" undoes; the others change while one types or moves the map.
const STEPS = ['page', 'creator', 'cluster', 'between', 'area', 'beside', 'colour', 'hidden', 'filters', 'facets'];

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

/** The state, what follows from it, and who wants to know of changes. */
export class State {
  /** `derived` has functions from the state to what follows from it: `matches` and `inside`, sets of creators or null. */
  constructor(data, derived) {
    Object.assign(this, { data, derived, listeners: [] });
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
    this.derive(changed);
    this.write(changed.some((key) => STEPS.includes(key)));
    this.tell(changed);
  }

  /** Select a creator, a cluster, or the follows between two clusters; nothing else stays selected. */
  select(chosen) {
    this.set({ creator: null, cluster: null, between: null, ...chosen });
  }

  tell(changed) {
    for (const listener of this.listeners) listener(new Set(changed));
  }

  derive(changed) {
    if (changed.includes('hidden') || changed.includes('filters')) this.flags = null;
    if (changed.includes('query')) this.matches = this.derived.matches(this.values.query);
    if (changed.includes('area')) this.inside = this.derived.inside(this.values.area);
  }

  /** Filter by a column; null: no longer. */
  filter(key, limits) {
    const { [key]: _, ...others } = this.values.filters;
    this.set({ filters: limits === null ? others : { ...others, [key]: limits } });
  }

  /** Creators that legend and filters leave: one flag each. */
  shown() {
    this.flags ??= this.without(null);
    return this.flags;
  }

  /** Creators that legend and filters leave, the filter of one column apart: what its histogram counts. */
  without(column) {
    const hidden = new Set(this.values.hidden);
    const limits = Object.entries(this.values.filters)
      .filter(([key]) => key !== column)
      .map(([key, limit]) => [this.data.columns.find((one) => one.key === key).values, limit]);
    return this.data.creators.map((creator, index) => !hidden.has(creator.cluster) && limits.every(([values, limit]) => passes(values[index], limit)));
  }

  /** Numbers of the creators that all limits leave: legend, filters, search, area and selected cluster. */
  chosen() {
    const { cluster } = this.values;
    const shown = this.shown();
    const among = (set, index) => set === null || set.has(index);
    return this.data.creators
      .map((_, index) => index)
      .filter((index) => shown[index] && among(this.matches, index) && among(this.inside, index) && (cluster === null || this.data.creators[index].cluster === cluster));
  }

  write(step) {
    const said = new URLSearchParams();
    const { values } = this;
    const { creator, cluster, between, area, beside, colour, hidden, filters, facets, query, view } = values;
    for (const key of ['page', 'outlines', 'edges', 'theme']) if (values[key] !== DEFAULTS[key]) said.set(key, values[key]);
    for (const key of ['pictures', 'names']) if (!values[key]) said.set(key, '0');
    if (creator !== null) said.set('creator', this.data.creators[creator].id);
    if (cluster !== null) said.set('cluster', cluster);
    if (between) said.set('between', between.join('.'));
    if (area) said.set('area', area.flat().map((value) => value.toFixed(4)).join('_'));
    if (beside) said.set('beside', beside[0] === 'creator' ? `creator.${this.data.creators[beside[1]].id}` : beside.join('.'));
    if (colour !== DEFAULTS.colour) said.set('colour', colour);
    if (hidden.length) said.set('hidden', hidden.join('.'));
    if (Object.keys(filters).length) said.set('filters', JSON.stringify(filters));
    if (facets.length) said.set('facets', JSON.stringify(facets));
    if (query) said.set('search', query);
    if (view) said.set('view', view.map((value) => value.toFixed(4)).join('_'));
    const now = said.toString();
    if (now === this.written) return;
    this.written = now;
    window.history[step ? 'pushState' : 'replaceState'](null, '', `#${now}`);
  }

  read() {
    this.written = window.location.hash.slice(1);
    const said = new URLSearchParams(this.written);
    const { data } = this;
    const clusters = new Set(data.clusters.map((cluster) => cluster.id));
    const one = (key, known) => (known.includes(said.get(key)) ? said.get(key) : DEFAULTS[key]);
    const numbers = (key, separator) => (said.get(key) ?? '').split(separator).filter(Boolean).map(Number);
    const creator = (id) => ((index) => (index >= 0 ? index : null))(data.creators.findIndex((each) => each.id === id));
    const cluster = (text) => (text !== null && clusters.has(Number(text)) ? Number(text) : null);
    const columns = data.columns.filter(({ kind }) => kind !== 'text').map(({ key }) => key);
    const view = numbers('view', '_');
    const between = numbers('between', '.').filter((id) => clusters.has(id));
    const corners = numbers('area', '_');
    const [kind, ...id] = (said.get('beside') ?? '').split('.');
    const beside = kind === 'creator' ? creator(id.join('.')) : kind === 'cluster' ? cluster(id[0]) : null;
    this.values = {
      page: one('page', PAGES),
      creator: creator(said.get('creator')),
      cluster: cluster(said.get('cluster')),
      between: between.length === 2 ? between : null,
      area: corners.length >= 6 && corners.length % 2 === 0 && corners.every(Number.isFinite) ? corners.flatMap((x, at) => (at % 2 ? [] : [[x, corners[at + 1]]])) : null,
      beside: beside === null ? null : [kind, beside],
      colour: one('colour', columns),
      hidden: numbers('hidden', '.').filter((each) => clusters.has(each)),
      filters: readFilters(data, said.get('filters') ?? '{}'),
      facets: readNames(said.get('facets'), columns),
      query: said.get('search') ?? '',
      outlines: one('outlines', OUTLINES),
      pictures: said.get('pictures') !== '0',
      names: said.get('names') !== '0',
      edges: one('edges', EDGES),
      view: view.length === 3 && view.every(Number.isFinite) ? view : null,
      theme: one('theme', ['dark', 'light']),
    };
    this.derive(Object.keys(DEFAULTS));
  }
}

/** The names of an address that this page knows. */
function readNames(text, known) {
  try {
    const names = JSON.parse(text ?? '[]');
    return Array.isArray(names) ? known.filter((name) => names.includes(name)) : [];
  } catch {
    return [];
  }
}
