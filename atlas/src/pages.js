// Pages in the map's place: two creators or clusters side by side, who follows whom between clusters, and the findings.

import { categories, viridis } from './colours.js';
import { clusterName, element, foreign, number, visible, written } from './dom.js';
import { reelCard } from './panels.js';

const REELS = 6; // of each side of a comparison
const MOST_RATIO = 4; // observed over expected, from which on the colour is full; below 1 the inverse

/** Two creators or two clusters side by side. */
export function comparePage(page) {
  const { data, state } = page;
  const { beside, creator, cluster } = state.values;
  const other = beside && (beside[0] === 'creator' ? creator : cluster);
  if (!beside || other === null) return [element('h2', {}, 'Nothing to compare'), element('p', {}, 'Select a creator or a cluster, choose "Compare with another…", and select another one.')];
  const sides = [beside[1], other];
  const ofCreators = beside[0] === 'creator';
  const names = sides.map((id) => (ofCreators ? foreign(data.creators[id].handle) : clusterName(data, id)));
  const members = sides.map((id) => (ofCreators ? [id] : data.creators.flatMap((one, index) => (one.cluster === id ? [index] : []))));
  const rows = data.columns.filter(({ kind }) => kind !== 'text').map((column) => [visible(column.label), ...members.map((some) => foreign(written(column, together(column, some))))]);
  const pictures = sides.map((id) => (ofCreators ? data.creators[id].reels : data.clusters.find((one) => one.id === id).portraits).slice(0, REELS));
  const follows = [[0, 1], [1, 0]].map(([from, to]) => {
    const [senders, receivers] = [new Set(members[from]), new Set(members[to])];
    return data.edges.filter(([source, target]) => senders.has(source) && receivers.has(target)).length;
  });
  return [
    element('h2', {}, 'Side by side'),
    element('p', {}, `Follows from the first to the second: ${number(follows[0])}; from the second to the first: ${number(follows[1])}.`),
    element('div', { className: 'sides' }, ...pictures.map((reels, side) => element('section', {}, element('h3', {}, names[side]), ...reels.map((reel) => reelCard(page, data.reels[reel]))))),
    element(
      'table',
      {},
      element('caption', {}, ofCreators ? 'All that is known of both' : 'Median of the creators; of categories the most frequent'),
      element('thead', {}, element('tr', {}, ...['column', ...sides.map((id) => (ofCreators ? visible(data.creators[id].handle) : clusterName(data, id)))].map((name) => element('th', { scope: 'col' }, name)))),
      element('tbody', {}, ...rows.map(([name, ...values]) => element('tr', {}, element('th', { scope: 'row' }, name), ...values.map((value) => element('td', { className: 'number' }, value))))),
    ),
  ];
}

/** A column of some creators in one value: the median, or the most frequent category; null where nothing is known. */
function together(column, members) {
  const values = members.map((index) => column.values[index]).filter((value) => value !== null);
  if (!values.length) return null;
  if (column.kind === 'category') return categories({ values })[0][0];
  const ordered = values.sort((one, other) => one - other);
  const half = ordered.length / 2;
  return Number.isInteger(half) ? (ordered[half - 1] + ordered[half]) / 2 : ordered[Math.floor(half)];
}

/** The mixing matrix: a click on a cell shows its follows on the map. */
export function mixingPage({ data, state }) {
  const { clusters, observed, expected } = data.mixing;
  if (!clusters.length) return [element('h2', {}, 'Who follows whom'), element('p', {}, 'There are no clusters.')];
  const cell = (row, column) => {
    const [seen, hoped] = [observed[row][column], expected[row][column]];
    const ratio = hoped ? seen / hoped : null;
    const share = ratio === null ? 0.5 : 0.5 + Math.max(-1, Math.min(1, Math.log(ratio || 1e-9) / Math.log(MOST_RATIO))) / 2;
    const words = `${number(seen)} follows from ${clusterName(data, clusters[row])} to ${clusterName(data, clusters[column])}, ${number(hoped)} expected`;
    const show = () => state.set({ creator: null, cluster: null, between: [clusters[row], clusters[column]], page: 'map', edges: 'selected' });
    const button = element('button', { type: 'button', 'aria-label': words, title: words, onclick: show }, ratio === null ? '–' : number(Number(ratio.toPrecision(2))));
    button.style.setProperty('--cell', `rgb(${viridis(share)})`);
    button.style.setProperty('--on-cell', share > 0.6 ? '#000000' : '#ffffff');
    return element('td', {}, button);
  };
  return [
    element('h2', {}, 'Who follows whom: observed over expected'),
    element('p', {}, 'Rows follow columns. 1: as many as if everybody followed, and was followed, as often as now, but at random (the configuration model); 2: twice as many. Small numbers vary by chance: point at a cell to read how many. A click shows the follows on the map.'),
    data.warning ? element('p', { className: 'warning' }, data.warning) : null,
    element(
      'table',
      { className: 'mixing' },
      element('thead', {}, element('tr', {}, element('td', {}), ...clusters.map((id) => element('th', { scope: 'col', title: clusterName(data, id) }, `${id}`)))),
      element('tbody', {}, ...clusters.map((id, row) => element('tr', {}, element('th', { scope: 'row' }, clusterName(data, id)), ...clusters.map((_, column) => cell(row, column))))),
    ),
  ];
}

/** The findings as the workflow wrote them, and how stable the clusters are. */
export function findingsPage({ data }) {
  const columns = ['variant', 'runs', 'agreement (ARI), median', 'middle half', 'clusters'];
  const rows = data.stability.map((one) => [
    one.variant.replaceAll('_', ' '),
    number(one.n_runs),
    number(one.ari_median),
    `${number(one.ari_lower)} to ${number(one.ari_upper)}`,
    `${number(one.clusters_median)} (${number(one.clusters_low)} to ${number(one.clusters_high)})`,
  ]);
  return [
    ...paragraphs(data.findings),
    element('h2', {}, 'How stable the clusters are'),
    data.warning ? element('p', { className: 'warning' }, data.warning) : null,
    element('p', {}, 'The clusters were made again with other seeds and settings. The adjusted Rand index is 1 where the same creators are together again, and 0 where this is so by chance alone. Stable clusters need not be true ones.'),
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name)))),
      element('tbody', {}, ...rows.map(([name, ...values]) => element('tr', {}, element('th', { scope: 'row' }, name), ...values.map((value) => element('td', { className: 'number' }, value))))),
    ),
  ];
}

/** The few marks of hypotheses.md: headings, paragraphs, **bold**, and list items. */
function paragraphs(text) {
  return text
    .split(/\n{2,}/)
    .filter((part) => part.trim())
    .map((part) => {
      const [, marks, words] = /^(#*)\s*([^]*)$/.exec(part.trim());
      const inner = words.split(/\*\*([^*]+)\*\*/).map((piece, at) => (at % 2 ? element('b', {}, visible(piece)) : visible(piece)));
      return element(marks ? `h${Math.min(4, marks.length + 1)}` : 'p', {}, ...inner);
    });
}
