// The atlas: one page, no server, nothing loaded.

import { element, fill, foreign, visible } from './dom.js';
import { CreatorMap } from './map.js';
import { Table, clusterName, clusterPanel, creatorPanel, legend, resultsPanel, welcomePanel } from './panels.js';
import { State } from './state.js';

const data = JSON.parse(document.getElementById('data').textContent);
const at = (id) => document.getElementById(id);
const state = new State(data);
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

const words = new Map(data.clusters.map((cluster) => [cluster.id, cluster.words.join(', ')]));

const ownTexts = data.columns.filter(({ group, kind }) => group === 'own' && (kind === 'text' || kind === 'category'));

/** What can be searched of each creator, in lower case: handle, name, cluster and its words, own columns, and the texts of the reels. */
const searched = data.creators.map((creator, index) =>
  [
    creator.handle,
    creator.name,
    clusterName(data, creator.cluster),
    words.get(creator.cluster),
    ...ownTexts.map((column) => column.values[index]),
    ...creator.reels.flatMap((reel) => {
      const { description, caption, speech, music } = data.reels[reel];
      return [description, caption, speech, music];
    }),
  ]
    .filter(Boolean)
    .map(visible)
    .join('\n')
    .toLowerCase(),
);

function find(query) {
  const sought = query.trim().toLowerCase();
  if (!sought) return null;
  return new Set(searched.flatMap((text, index) => (text.includes(sought) ? [index] : [])));
}

let matches = find(state.values.query);

/** Select a creator; from a list or the table, reading goes on with what is known of her or him. */
function select(index, read = false) {
  state.set({ creator: index, cluster: null });
  if (read) at('selected').focus();
}

const card = at('card');
function hover(index, x, y) {
  card.hidden = index === null;
  if (index === null) return;
  const creator = data.creators[index];
  const picture = creator.reels.map((reel) => data.reels[reel].picture).find(Boolean);
  fill(
    card,
    element('b', {}, foreign(creator.handle)),
    element('span', {}, clusterName(data, creator.cluster)),
    picture ? element('img', { src: picture, alt: '' }) : null,
  );
  const { clientWidth, clientHeight } = at('map');
  card.style.setProperty('left', `${Math.min(x + 14, clientWidth - 190)}px`);
  card.style.setProperty('top', `${Math.min(y + 14, clientHeight - 130)}px`);
}

const map = new CreatorMap(at('map'), data, state, { pick: select, hover });
const table = new Table(at('table'), data, state, select);

function draw(changed) {
  const { values } = state;
  if (changed.has('query')) {
    matches = find(values.query);
    if (at('search').value !== values.query) at('search').value = values.query;
  }
  at('map').hidden = values.table;
  at('table').hidden = !values.table;
  at('zoom').hidden = values.table;
  at('as-table').setAttribute('aria-pressed', values.table);
  for (const name of ['ellipses', 'names', 'edges']) at(name).checked = values[name];
  at('colour').value = values.colour;
  document.documentElement.dataset.theme = values.theme ?? (prefersDark.matches ? 'dark' : 'light');
  if (['hidden', 'filters', 'cluster', 'colour', 'theme'].some((key) => changed.has(key))) fill(at('legend'), ...legend(data, state));
  if (['creator', 'cluster', 'query'].some((key) => changed.has(key))) {
    fill(at('inspector'), ...inspected());
    at('said').textContent = at('selected').textContent;
  }
  if (changed.has('address')) map.look();
  if (values.table) table.draw(matches);
  else if (![...changed].every((key) => key === 'view')) map.draw(matches);
}

function inspected() {
  const { creator, cluster } = state.values;
  if (creator !== null) return creatorPanel(data, state, creator, select);
  if (cluster !== null) return clusterPanel(data, state, cluster, select);
  return matches ? resultsPanel(data, state, matches, select) : welcomePanel(data, state, select);
}

state.listeners.push(draw);

fill(
  at('colour'),
  element('option', { value: 'cluster' }, 'cluster'),
  ...options(null),
  group('own columns', options('own')),
  group('measures (mean of the reels)', options('measures')),
);

function options(name) {
  return data.columns.filter((column) => (column.group ?? null) === name && column.kind !== 'text').map((column) => element('option', { value: column.key }, column.label));
}

function group(label, made) {
  return made.length ? element('optgroup', { label }, ...made) : null;
}
at('colour').addEventListener('change', (event) => state.set({ colour: event.target.value }));
at('search').addEventListener('input', (event) => state.set({ query: event.target.value, creator: null, cluster: null }));
at('search').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && matches?.size) select([...matches][0]);
});
for (const name of ['ellipses', 'names', 'edges']) at(name).addEventListener('change', (event) => state.set({ [name]: event.target.checked }));
at('as-table').addEventListener('click', () => state.set({ table: !state.values.table }));
at('closer').addEventListener('click', () => map.nudge(0, 0, 1));
at('farther').addEventListener('click', () => map.nudge(0, 0, -1));
at('whole').addEventListener('click', () => map.go(null));
at('help').addEventListener('click', () => at('keys').showModal());

at('theme').addEventListener('click', () => state.set({ theme: document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark' }));
prefersDark.addEventListener('change', () => draw(new Set(['theme'])));

/** The next creator of the same selection (matches, cluster, all) in the order of handles. */
function next(step) {
  const shown = state.shown();
  const { creator } = state.values;
  const cluster = creator !== null ? data.creators[creator].cluster : state.values.cluster;
  const row = data.creators
    .map((_, index) => index)
    .filter((index) => shown[index] && (matches ? matches.has(index) : cluster === null || data.creators[index].cluster === cluster));
  if (!row.length) return;
  const place = row.indexOf(creator);
  const index = row[(place + step + row.length + (place < 0 && step < 0 ? 1 : 0)) % row.length];
  select(index);
  map.show(index);
}

const KEYS = {
  '/': () => at('search').focus(),
  '?': () => at('keys').showModal(),
  '+': () => map.nudge(0, 0, 1),
  '=': () => map.nudge(0, 0, 1),
  '-': () => map.nudge(0, 0, -1),
  0: () => map.go(null),
  n: () => next(1),
  p: () => next(-1),
  t: () => state.set({ table: !state.values.table }),
  Escape: () => state.set({ creator: null, cluster: null, query: '' }),
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
window.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || at('keys').open) return;
  const writing = event.target.matches('input:not([type="checkbox"]), select');
  if (writing && event.key !== 'Escape') return;
  if (ARROWS[event.key] && event.target === at('map')) {
    map.nudge(...ARROWS[event.key], 0);
    event.preventDefault();
  } else if (KEYS[event.key]) {
    KEYS[event.key]();
    event.preventDefault();
  }
});

at('search').value = state.values.query;
draw(new Set(['creator', 'cluster', 'colour', 'query', 'table']));
document.documentElement.dataset.ready = 'true';
