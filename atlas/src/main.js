// The atlas: one page, no server, nothing loaded.

import { clusterName, element, fill, foreign } from './dom.js';
import { AreaTool, inside } from './lasso.js';
import { columnOptions, legend } from './legend.js';
import { CreatorMap } from './map.js';
import { Notes } from './notes.js';
import { comparePage, findingsPage, mixingPage } from './pages.js';
import { betweenPanel, chosenPanel, clusterPanel, creatorPanel, welcomePanel } from './panels.js';
import { asCreatorsFile, asCsv, handles, reelIds, save } from './save.js';
import { Search } from './search.js';
import { EDGES, OUTLINES, State } from './state.js';
import { Table } from './table.js';
import { asPng, asSvg } from './view.js';

const data = JSON.parse(document.getElementById('data').textContent);
const at = (id) => document.getElementById(id);
const search = new Search(data);
const state = new State(data, { matches: (query) => search.matches(query), inside: (area) => inside(data, area) });
const notes = new Notes(data, () => draw(new Set(['notes'])));
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

/** Select a creator; from a list or the table, reading goes on with what is known of her or him. */
function select(index, read = false) {
  state.select({ creator: index });
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
const page = { data, state, notes, search, map, select };
const table = new Table(at('table'), data, state, select);
const area = new AreaTool(at('area'), map, state, { box: at('box'), lasso: at('lasso') });
const PAGES = { compare: comparePage, mixing: mixingPage, findings: findingsPage };
const SELECTED = ['creator', 'cluster', 'between', 'area', 'beside', 'query', 'hidden', 'filters', 'notes'];
const LEGEND = ['hidden', 'filters', 'facets', 'cluster', 'colour', 'theme', 'notes'];

function draw(changed) {
  const { values } = state;
  const any = (keys) => keys.some((key) => changed.has(key));
  if (changed.has('query') && at('search').value !== values.query) at('search').value = values.query;
  at('map').hidden = at('tools').hidden = values.page !== 'map';
  at('table').hidden = values.page !== 'table';
  at('page').hidden = !(values.page in PAGES);
  for (const name of ['table', 'mixing', 'findings']) at(`to-${name}`).setAttribute('aria-pressed', values.page === name);
  for (const name of ['pictures', 'names']) at(name).checked = values[name];
  for (const name of ['outlines', 'edges']) at(name).value = values[name];
  document.documentElement.dataset.theme = values.theme ?? (prefersDark.matches ? 'dark' : 'light');
  if (any(['notes'])) fill(at('colour'), element('option', { value: 'cluster' }, 'cluster'), ...columnOptions(data));
  at('colour').value = values.colour;
  if (any(LEGEND)) fill(at('legend'), ...legend(data, state));
  if (any(SELECTED)) {
    fill(at('inspector'), ...inspected());
    at('said').textContent = at('selected').textContent;
    at('chosen').textContent = `${state.chosen().length} of ${data.creators.length} creators: those shown, found, in the area and of the selected cluster.`;
  }
  if (changed.has('address')) map.look();
  if (values.page === 'table') table.draw();
  else if (values.page in PAGES) fill(at('page'), ...PAGES[values.page](page));
  else if (![...changed].every((key) => ['view', 'facets', 'beside'].includes(key))) map.draw();
}

function inspected() {
  const { creator, cluster, between } = state.values;
  if (creator !== null) return creatorPanel(page, creator);
  if (cluster !== null) return clusterPanel(page, cluster);
  if (between !== null) return betweenPanel(page, between);
  return state.matches || state.inside ? chosenPanel(page) : welcomePanel(page);
}

state.listeners.push(draw);

const toggle = (name) => state.set({ page: state.values.page === name ? 'map' : name });
for (const [name, kinds] of [['outlines', OUTLINES], ['edges', EDGES]]) {
  const labels = { outlines: { contours: 'density contours', ellipses: 'ellipses', none: 'none' }, edges: { selected: 'of what is selected', all: 'the whole network', none: 'none' } };
  fill(at(name), ...kinds.map((kind) => element('option', { value: kind }, labels[name][kind])));
  at(name).addEventListener('change', (event) => state.set({ [name]: event.target.value }));
}
for (const name of ['pictures', 'names']) at(name).addEventListener('change', (event) => state.set({ [name]: event.target.checked }));
for (const name of ['table', 'mixing', 'findings']) at(`to-${name}`).addEventListener('click', () => toggle(name));
at('colour').addEventListener('change', (event) => state.set({ colour: event.target.value }));
at('search').addEventListener('input', (event) => state.set({ query: event.target.value, creator: null, cluster: null, between: null }));
at('search').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && state.matches?.size) select([...state.matches][0]);
});
at('closer').addEventListener('click', () => map.nudge(0, 0, 1));
at('farther').addEventListener('click', () => map.nudge(0, 0, -1));
at('whole').addEventListener('click', () => map.go(null));
at('help').addEventListener('click', () => at('keys').showModal());
at('theme').addEventListener('click', () => state.set({ theme: document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark' }));
prefersDark.addEventListener('change', () => draw(new Set(['theme'])));

const SAVED = {
  csv: () => save('creators.csv', asCsv(page), 'text/csv'),
  handles: () => save('handles.txt', handles(page), 'text/plain'),
  reels: () => save('reels.txt', reelIds(page), 'text/plain'),
  png: async () => save('map.png', await asPng(page), 'image/png'),
  svg: () => save('map.svg', asSvg(page), 'image/svg+xml'),
  notes: () => {
    save('atlas_notes.json', notes.file(), 'application/json');
    notes.unsaved = false;
  },
  tagged: () => save('creators_tagged.csv', asCreatorsFile(page), 'text/csv'),
};
for (const [name, make] of Object.entries(SAVED)) at(`save-${name}`).addEventListener('click', make);
at('load-notes').addEventListener('change', async (event) => {
  const [file] = event.target.files;
  if (file) at('loaded').textContent = notes.load(await file.text());
  event.target.value = '';
});
// A menu that is left is closed.
for (const menu of document.querySelectorAll('header details')) {
  document.addEventListener('pointerdown', (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

/** The next creator of the same selection (found, in the area, of the cluster, all) in the order of handles. */
function next(step) {
  const { creator } = state.values;
  const limited = state.matches || state.inside;
  const cluster = creator !== null ? data.creators[creator].cluster : state.values.cluster;
  const row = state.chosen().filter((index) => limited || cluster === null || data.creators[index].cluster === cluster);
  if (!row.length) return;
  const place = row.indexOf(creator);
  const index = row[(place + step + row.length + (place < 0 && step < 0 ? 1 : 0)) % row.length];
  select(index);
  map.show(index);
}

/** Leave what is open: a menu, a tool, a page, the selection. */
function leave() {
  const menu = document.querySelector('header details[open]');
  if (menu) menu.open = false;
  else if (area.tool) area.use(null);
  else if (state.values.page in PAGES) state.set({ page: 'map' });
  else state.select({ area: null, query: '' });
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
  t: () => toggle('table'),
  b: () => area.use('box'),
  l: () => area.use('lasso'),
  Escape: leave,
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
draw(new Set(['creator', 'notes', 'page']));
document.documentElement.dataset.ready = 'true';
