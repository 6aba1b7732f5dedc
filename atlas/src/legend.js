// The legend: what colours mean, what is filtered by, and clusters to switch off and on and to select.

import { clusterColour, colouring, columnOf } from './colours.js';
import { clusterName, element, number, visible, written } from './dom.js';
import { facet, swatch } from './facets.js';

export const GROUPS = [
  [null, ''],
  ['own', 'own columns'],
  ['tags', 'tags of this page'],
  ['reels', 'reels of a creator'],
  ['measures', 'measures (mean of the reels)'],
];

export function legend(data, state) {
  const { ends, named, skewed } = colouring(data, state.values.colour);
  const column = columnOf(data, state.values.colour);
  const scale = ends
    ? element('p', { className: 'scale' }, written(column, ends[0]), element('span', { className: 'ramp', 'aria-hidden': 'true' }), written(column, ends[1]), skewed ? ' (logarithmic)' : '')
    : null;
  return [scale, ...(column ? facet(column, state, named) : []), filtered(data, state), clusters(data, state), ...facets(data, state), another(data, state)];
}

function clusters(data, state) {
  const hidden = new Set(state.values.hidden);
  const sizes = new Map();
  for (const { cluster } of data.creators) sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  const byCluster = state.values.colour === 'cluster';
  const rows = data.clusters.map((cluster) => {
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
    const selected = state.values.cluster === cluster.id;
    const name = element(
      'button',
      { type: 'button', 'data-key': `cluster ${cluster.id}`, 'aria-pressed': selected, onclick: () => state.select({ cluster: selected ? null : cluster.id }) },
      byCluster ? swatch(clusterColour(cluster), cluster.shape) : swatch(null),
      `${clusterName(data, cluster.id)} (${number(sizes.get(cluster.id) ?? 0)})`,
    );
    return element('li', {}, toggle, name);
  });
  return element('ul', { className: 'legend clusters' }, ...rows);
}

/** Further columns that can be filtered by, each with a button to put it away. */
function facets(data, state) {
  const { facets: chosen, colour, filters } = state.values;
  return chosen
    .filter((key) => key !== colour)
    .map((key) => {
      const column = columnOf(data, key);
      const { [key]: _, ...others } = filters;
      const close = element('button', { type: 'button', 'aria-label': `put ${visible(column.label)} away`, onclick: () => state.set({ facets: chosen.filter((one) => one !== key), filters: others }) }, '×');
      return element('section', { className: 'facet' }, element('h3', {}, visible(column.label), close), ...facet(column, state, null));
    });
}

/** A list of the columns that are not shown yet. */
function another(data, state) {
  const taken = [...state.values.facets, state.values.colour];
  const choose = (event) => state.set({ facets: [...state.values.facets, event.target.value] });
  const list = element('select', { 'aria-label': 'Filter by another column', 'data-key': 'another', onchange: choose }, element('option', { value: '' }, 'filter by…'), ...columnOptions(data, taken));
  return element('p', {}, list);
}

/** Options for all columns that can be coloured and filtered by, in groups. */
export function columnOptions(data, without = []) {
  return GROUPS.flatMap(([group, label]) => {
    const options = data.columns.filter((column) => (column.group ?? null) === group && column.kind !== 'text' && !without.includes(column.key)).map((column) => element('option', { value: column.key }, visible(column.label)));
    if (!label) return options;
    return options.length ? [element('optgroup', { label }, ...options)] : [];
  });
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
