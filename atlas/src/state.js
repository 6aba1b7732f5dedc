// What is shown, and the part of the address that says it: a link shows others the same.

const DEFAULTS = {
  creator: null, // number of the selected creator
  cluster: null, // number of the selected cluster
  colour: 'cluster',
  hidden: [], // clusters that the legend switched off
  query: '',
  table: false,
  ellipses: true,
  names: true,
  edges: true,
  view: null, // [x, y, zoom]
  theme: null, // dark or light; null: as the system has it
};

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

  /** Creators that the legend leaves: one flag each. */
  shown() {
    const hidden = new Set(this.values.hidden);
    return this.data.creators.map((creator) => !hidden.has(creator.cluster));
  }

  write() {
    const said = new URLSearchParams();
    const { creator, cluster, colour, hidden, query, table, ellipses, names, edges, view, theme } = this.values;
    if (creator !== null) said.set('creator', this.data.creators[creator].id);
    if (cluster !== null) said.set('cluster', cluster);
    if (colour !== DEFAULTS.colour) said.set('colour', colour);
    if (hidden.length) said.set('hidden', hidden.join('.'));
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
    const columns = new Set(['cluster', ...this.data.columns.map((column) => column.key)]);
    const view = (said.get('view') ?? '').split('_').map(Number);
    this.values = {
      creator: found >= 0 ? found : null,
      cluster: clusters.has(cluster) ? cluster : null,
      colour: columns.has(said.get('colour')) ? said.get('colour') : DEFAULTS.colour,
      hidden: (said.get('hidden') ?? '').split('.').filter(Boolean).map(Number).filter((id) => clusters.has(id)),
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
