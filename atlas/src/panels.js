// What stands beside the map: the selected creator or cluster, the legend, results of a search, the table.

import { categories, clusterColour, colouring, columnOf } from './colours.js';
import { element, fill, foreign, link, number, visible, written } from './dom.js';
import { FEW } from './names.js';

const ROWS = 100; // of the table, on a page
const LISTED = 200; // creators in a list

/** The cluster of a creator in words. */
export function clusterName(data, id) {
  const cluster = data.clusters.find((one) => one.id === id);
  if (id === null) return 'no place on the map';
  return cluster && id >= 0 ? `${id} ${visible(cluster.name)}` : 'no cluster';
}

/** Everything known of a creator. */
export function creatorPanel(data, state, index, select) {
  const creator = data.creators[index];
  const query = state.values.query;
  const follows = data.edges.filter(([source]) => source === index).map(([, target]) => target);
  const followed = data.edges.filter(([, target]) => target === index).map(([source]) => source);
  const known = (columns) => columns.map((column) => [visible(column.label), foreign(written(column, column.values[index]), column.group === 'own' ? query : '')]);
  const facts = [
    ['cluster', clusterName(data, creator.cluster)],
    ['follows in the cohort', number(follows.length)],
    ['followed in the cohort', number(followed.length)],
    ...known(data.columns.filter(({ group }) => group !== 'measures')),
  ];
  const measures = known(data.columns.filter(({ group, values }) => group === 'measures' && values[index] !== null));
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, foreign(creator.handle, query)),
    creator.name ? element('p', { className: 'name' }, foreign(creator.name, query)) : null,
    list(facts),
    measures.length ? element('details', {}, element('summary', {}, 'Measures (means of the reels)'), list(measures)) : null,
    element('h3', {}, creator.reels.length === 1 ? '1 reel' : `${creator.reels.length} reels`),
    ...creator.reels.map((reel) => reelCard(data.reels[reel], query)),
    ...tied('Follows', data, state, follows, select),
    ...tied('Followed by', data, state, followed, select),
  ];
}

function list(facts) {
  return element('dl', {}, ...facts.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]));
}

/** Creators tied to the selected one, in a list that can be opened. */
function tied(title, data, state, indices, select) {
  if (!indices.length) return [];
  return [element('details', {}, element('summary', {}, `${title} ${number(indices.length)} of the cohort`), ...creatorList(data, state, indices, select))];
}

function reelCard(reel, query) {
  const texts = [
    ['Description', reel.description],
    ['Caption', reel.caption],
    ['Speech', reel.speech],
    ['Music', reel.music],
  ];
  const facts = Object.entries(reel.numbers ?? {}).map(([name, value]) => `${name} ${number(value)}`);
  const missing = [['frames', reel.picture], ...texts.map(([title, text]) => [title.toLowerCase(), text])].filter(([, there]) => !there).map(([name]) => name);
  if (missing.length) facts.push(`not here: ${missing.join(', ')}`);
  return element(
    'article',
    { className: 'reel' },
    reel.picture ? element('img', { src: reel.picture, alt: 'Frames of the reel, in their order', loading: 'lazy' }) : null,
    ...texts
      .filter(([, text]) => text)
      .map(([title, text]) => element('p', { className: 'text' }, element('b', {}, `${title}: `), foreign(text, query))),
    element('p', { className: 'facts' }, facts.join(' · '), ' ', reel.url ? link(reel.url, 'open the reel') : null),
  );
}

/** A cluster: its words and its creators. */
export function clusterPanel(data, state, id, select) {
  const cluster = data.clusters.find((one) => one.id === id);
  const members = data.creators.map((_, index) => index).filter((index) => data.creators[index].cluster === id);
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, clusterName(data, id)),
    cluster.words?.length ? element('p', {}, element('b', {}, 'Words: '), foreign(cluster.words.join(', '), state.values.query)) : null,
    element('h3', {}, `${number(members.length)} creators`),
    ...creatorList(data, state, members, select),
  ];
}

/** Creators to choose from, and how many more there are. */
function creatorList(data, state, indices, select) {
  const items = indices
    .slice(0, LISTED)
    .map((index) => element('li', {}, element('button', { type: 'button', onclick: () => select(index, true) }, foreign(data.creators[index].handle, state.values.query))));
  const more = indices.length - items.length;
  return [element('ul', { className: 'list' }, ...items), more > 0 ? element('p', {}, `and ${number(more)} more: see the table`) : null];
}

/** Creators that a search found. */
export function resultsPanel(data, state, matches, select) {
  const found = [...matches];
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, found.length === 1 ? '1 creator found' : `${number(found.length)} creators found`),
    ...creatorList(data, state, found, select),
  ];
}

/** What there is to do where nothing is selected; the creators of a small cohort, to choose from. */
export function welcomePanel(data, state, select) {
  const all = data.creators.map((_, index) => index);
  const counted = (list, word) => `${number(list.length)} ${word}${list.length === 1 ? '' : 's'}`;
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, 'Nothing selected'),
    element('p', {}, `${counted(all, 'creator')}, ${counted(data.reels, 'reel')}, ${counted(data.edges, 'follow')} between them. Click a dot, a cluster in the legend, or search.`),
    element('p', {}, 'What lies close together is alike; the axes mean nothing, and distances between clusters say little.'),
    ...(all.length < FEW ? creatorList(data, state, all, select) : []),
  ];
}

/** The legend: clusters to switch off and on and to select; the values of a column, or the scale of its numbers, to filter by. */
export function legend(data, state) {
  const hidden = new Set(state.values.hidden);
  const { ends, named, skewed } = colouring(data, state.values.colour);
  const column = columnOf(data, state.values.colour);
  const sizes = new Map();
  for (const { cluster } of data.creators) sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  const byCluster = state.values.colour === 'cluster';
  const rows = data.clusters.map((cluster) => {
    const swatch = coloured(byCluster ? clusterColour(cluster) : null);
    const toggle = element('input', {
      type: 'checkbox',
      'data-key': `show ${cluster.id}`,
      'aria-label': `show ${clusterName(data, cluster.id)}`,
      onchange: (event) => {
        const others = state.values.hidden.filter((id) => id !== cluster.id);
        state.set({ hidden: event.target.checked ? others : [...others, cluster.id] });
      },
    });
    toggle.checked = !hidden.has(cluster.id);
    const name = element(
      'button',
      {
        type: 'button',
        'data-key': `cluster ${cluster.id}`,
        'aria-pressed': state.values.cluster === cluster.id,
        onclick: () => state.set({ cluster: state.values.cluster === cluster.id ? null : cluster.id, creator: null }),
      },
      swatch,
      `${clusterName(data, cluster.id)} (${number(sizes.get(cluster.id) ?? 0)})`,
    );
    return element('li', {}, toggle, name);
  });
  const scale = ends
    ? element('p', { className: 'scale' }, written(column, ends[0]), element('span', { className: 'ramp', 'aria-hidden': 'true' }), written(column, ends[1]), skewed ? ' (logarithmic)' : '')
    : null;
  return [scale, ends ? range(column, state) : null, named ? values(column, named, state) : null, filtered(data, state), element('ul', { className: 'legend' }, ...rows)];
}

function coloured(colour) {
  const swatch = element('span', { className: 'swatch', 'aria-hidden': 'true' });
  swatch.style.setProperty('--colour', colour ? `rgb(${colour})` : 'transparent');
  return swatch;
}

/** The values of a column of categories, to switch off and on. */
function values(column, named, state) {
  const hide = state.values.filters[column.key]?.hide ?? [];
  const unknown = column.values.filter((value) => value === null).length;
  const counted = [...categories(column), ...(unknown ? [[null, unknown]] : [])];
  const rows = counted.slice(0, LISTED).map(([value, count]) => {
    const name = value === null ? 'not known' : visible(value);
    const toggle = element('input', {
      type: 'checkbox',
      'data-key': `value ${name}`,
      onchange: (event) => {
        const others = hide.filter((one) => one !== value);
        const now = event.target.checked ? others : [...others, value];
        state.filter(column.key, now.length ? { hide: now } : null);
      },
    });
    toggle.checked = !hide.includes(value);
    return element('li', {}, element('label', {}, toggle, coloured(named.get(value) ?? null), foreign(name), ` (${number(count)})`));
  });
  return element('ul', { className: 'legend values', 'aria-label': visible(column.label) }, ...rows);
}

/** From which number to which creators are shown. */
function range(column, state) {
  const limit = state.values.filters[column.key] ?? { from: null, to: null };
  const kinds = { date: 'date', time: 'datetime-local' };
  const shown = (value) => (value === null ? '' : kinds[column.kind] ? written(column, value).replace(' ', 'T') : value);
  const box = (end, words) =>
    element(
      'label',
      {},
      `${words} `,
      element('input', {
        type: kinds[column.kind] ?? 'number',
        step: 'any',
        value: shown(limit[end]),
        'data-key': `${end} ${column.key}`,
        onchange: (event) => {
          const text = event.target.value;
          const number = kinds[column.kind] ? Date.parse(column.kind === 'date' ? text : `${text}Z`) / 1000 : Number(text);
          const now = { ...limit, [end]: text === '' || !Number.isFinite(number) ? null : number };
          state.filter(column.key, now.from === null && now.to === null ? null : now);
        },
      }),
    );
  return element('p', { className: 'range' }, box('from', 'show from'), ' ', box('to', 'to'));
}

/** What is filtered by, whichever column colours: nobody is to wonder where the others are. */
function filtered(data, state) {
  const keys = Object.keys(state.values.filters);
  if (!keys.length) return null;
  const labels = keys.map((key) => visible(columnOf(data, key).label)).join(', ');
  const left = state.shown().filter(Boolean).length;
  const clear = element('button', { type: 'button', 'data-key': 'no filter', onclick: () => state.set({ filters: {} }) }, 'show all');
  return element('p', { className: 'filtered' }, `Filtered by ${labels}: ${number(left)} of ${number(data.creators.length)} creators. `, clear);
}

/** The table view: sorted, on pages. */
export class Table {
  constructor(parent, data, state, select) {
    Object.assign(this, { parent, data, state, select, by: 'handle', rising: true, page: 0 });
  }

  draw(matches) {
    const { data, state } = this;
    const shown = state.shown();
    const columns = [
      ['handle', 'creator', (index) => visible(data.creators[index].handle)],
      ['cluster', 'cluster', (index) => data.creators[index].cluster],
      ...data.columns
        .filter(({ key, kind, group }) => kind !== 'text' && (group !== 'measures' || key === state.values.colour))
        .map((column) => [column.key, visible(column.label), (index) => column.values[index], column]),
    ];
    const [, , value] = columns.find(([key]) => key === this.by) ?? columns[0];
    const rows = data.creators
      .map((_, index) => index)
      .filter((index) => shown[index] && (matches === null || matches.has(index)))
      .sort((one, other) => this.order(value(one), value(other)) || one - other);
    const pages = Math.max(1, Math.ceil(rows.length / ROWS));
    this.page = Math.min(this.page, pages - 1);
    const head = columns.map(([key, label]) =>
      element(
        'th',
        { scope: 'col', 'aria-sort': key === this.by ? (this.rising ? 'ascending' : 'descending') : 'none' },
        element('button', { type: 'button', 'data-key': `sort ${key}`, onclick: () => this.sort(key, matches) }, label),
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
      this.draw(matches);
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

  sort(key, matches) {
    this.rising = key === this.by ? !this.rising : true;
    this.by = key;
    this.page = 0;
    this.draw(matches);
  }
}
