// What stands beside the map: the selected creator, cluster or follows between clusters, and what was found or drawn around.

import { clusterName, element, foreign, link, number, visible, written } from './dom.js';
import { FEW } from './names.js';

const LISTED = 200; // creators in a list
const SNIPPETS = 50; // of them with a piece of the text that was found

/** Everything known of a creator. */
export function creatorPanel(page, index) {
  const { data, state, notes } = page;
  const creator = data.creators[index];
  const query = state.values.query;
  const follows = data.edges.filter(([source]) => source === index).map(([, target]) => target);
  const followed = data.edges.filter(([, target]) => target === index).map(([source]) => source);
  const known = (columns) => columns.map((column) => [visible(column.label), foreign(written(column, column.values[index]), column.group === 'own' ? query : '')]);
  const facts = [
    ['cluster', clusterName(data, creator.cluster)],
    ['follows in the cohort', number(follows.length)],
    ['followed in the cohort', number(followed.length)],
    ...known(data.columns.filter(({ group }) => !['measures', 'reels', 'tags'].includes(group))),
  ];
  const further = (name) => known(data.columns.filter(({ group, values }) => group === name && values[index] !== null));
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, foreign(creator.handle, query)),
    creator.name ? element('p', { className: 'name' }, foreign(creator.name, query)) : null,
    list(facts),
    folded('The reels together', further('reels')),
    folded('Measures (means of the reels)', further('measures')),
    ...comparing(page, 'creator', index),
    ...tagging(page, [index], notes.of(index)),
    noteOf(notes, index),
    element('h3', {}, creator.reels.length === 1 ? '1 reel' : `${creator.reels.length} reels`),
    ...creator.reels.map((reel) => reelCard(page, data.reels[reel])),
    alike(page, creator.near),
    ...tied('Follows', page, follows),
    ...tied('Followed by', page, followed),
  ];
}

function list(facts) {
  return element('dl', {}, ...facts.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]));
}

function folded(title, facts) {
  return facts.length ? element('details', {}, element('summary', {}, title), list(facts)) : null;
}

/** Creators tied to the selected one, in a list that can be opened. */
function tied(title, page, indices) {
  if (!indices.length) return [];
  return [element('details', {}, element('summary', {}, `${title} ${number(indices.length)} of the cohort`), ...creatorList(page, indices))];
}

function to(page, index, ...words) {
  return element('button', { type: 'button', onclick: () => page.select(index, true) }, ...words);
}

/** The creators with the most similar profiles. */
function alike({ data, ...page }, near) {
  if (!near?.length) return null;
  const items = near.map(([index, cosine]) => element('li', {}, to(page, index, foreign(data.creators[index].handle), ` ${number(cosine)}`)));
  return element('details', { open: true }, element('summary', {}, 'Most alike creators (cosine similarity of the profiles)'), element('ul', { className: 'list' }, ...items));
}

export function reelCard(page, reel) {
  const { data, state } = page;
  const texts = [
    ['Description', reel.description],
    ['Caption', reel.caption],
    ['Speech', reel.speech],
    ['Music', reel.music],
  ];
  const facts = Object.entries(reel.numbers ?? {}).map(([name, value]) => `${name} ${number(value)}`);
  const missing = [['frames', reel.picture], ...texts.map(([title, text]) => [title.toLowerCase(), text])].filter(([, there]) => !there).map(([name]) => name);
  if (missing.length) facts.push(`not here: ${missing.join(', ')}`);
  const owner = (place) => data.creators.findIndex(({ reels }) => reels.includes(place));
  const near = (reel.near ?? []).map(([place, cosine]) => {
    const index = owner(place);
    return element('li', {}, to(page, index, foreign(data.creators[index].handle), ` ${number(cosine)}`, picture(data.reels[place])));
  });
  return element(
    'article',
    { className: 'reel' },
    picture(reel),
    ...texts
      .filter(([, text]) => text)
      .map(([title, text]) => element('p', { className: 'text' }, element('b', {}, `${title}: `), foreign(text, state.values.query))),
    element('p', { className: 'facts' }, 'reel ', element('code', {}, foreign(reel.id, state.values.query)), ` · ${facts.join(' · ')} `, reel.url ? link(reel.url, 'open the reel') : null),
    near.length ? element('details', {}, element('summary', {}, 'Most alike reels of others (cosine similarity)'), element('ul', { className: 'list' }, ...near)) : null,
  );
}

function picture(reel) {
  return reel.picture ? element('img', { src: reel.picture, alt: 'Frames of the reel, in their order', loading: 'lazy' }) : null;
}

/** A cluster: portraits, words, what distinguishes it, whom its creators follow, and its creators. */
export function clusterPanel(page, id) {
  const { data, state, notes } = page;
  const cluster = data.clusters.find((one) => one.id === id);
  const members = data.creators.map((_, index) => index).filter((index) => data.creators[index].cluster === id);
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, clusterName(data, id)),
    data.warning && id >= 0 ? element('p', { className: 'warning' }, data.warning) : null,
    cluster.words?.length ? element('p', {}, element('b', {}, 'Words: '), foreign(cluster.words.join(', '), state.values.query)) : null,
    element('div', { className: 'portraits' }, ...cluster.portraits.map((reel) => picture(data.reels[reel]))),
    ...distinctions(cluster),
    homophily(cluster),
    ...comparing(page, 'cluster', id),
    id >= 0 && cluster.medoid ? field('Own name of this cluster', cluster.given ?? '', (text) => notes.name(cluster, text)) : null,
    ...tagging(page, members, []),
    element('h3', {}, `${number(members.length)} creators`),
    ...creatorList(page, members),
  ];
}

function interval({ low, high }) {
  return low === null || high === null ? '' : ` (${number(low)} to ${number(high)})`;
}

function distinctions({ distinct }) {
  if (!distinct.length) return [];
  const said = ({ column, category, value, effect, ...ends }) => {
    const sign = value > 0 ? '+' : '';
    return [foreign(category === null ? column.replaceAll('_', ' ') : `${column.replaceAll('_', ' ')}: ${category}`), `${sign}${number(value)} ${effect === 'difference in sd' ? 'sd' : ''}${interval(ends)}`];
  };
  const facts = distinct.map(said).flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]);
  return [
    element('h3', {}, 'What distinguishes it'),
    element('dl', {}, ...facts),
    element('p', { className: 'facts' }, 'Difference from all other creators in standard deviations, or in shares of a category, with its interval; only columns in which the clusters differ (p values adjusted).'),
    distinct.some(({ circular }) => circular) ? element('p', { className: 'facts' }, 'Caution: the clusters were made of descriptions that are the measures in words. No measure is a finding.') : null,
  ];
}

function homophily({ homophily: found }) {
  if (!found) return null;
  return element('p', {}, element('b', {}, 'Follows inside: '), `Coleman's index ${number(found.value)}${interval(found)}${found.p === null ? '' : `, adjusted p ${number(found.p)}`}. 0: as at random, 1: only each other.`);
}

/** A button that keeps what is selected for a comparison, or compares with what was kept. */
function comparing({ data, state }, kind, id) {
  const { beside } = state.values;
  const keep = element('button', { type: 'button', onclick: () => state.set({ beside: [kind, id] }) }, 'Compare with another…');
  if (!beside || beside[0] !== kind) return [element('p', {}, keep)];
  const end = element('button', { type: 'button', onclick: () => state.set({ beside: null, page: state.values.page === 'compare' ? 'map' : state.values.page }) }, 'End');
  const name = kind === 'creator' ? data.creators[beside[1]].handle : clusterName(data, beside[1]);
  if (beside[1] === id) return [element('p', {}, 'Kept for a comparison: select another one. ', end)];
  return [element('p', {}, element('button', { type: 'button', onclick: () => state.set({ page: 'compare' }) }, 'Compare with ', foreign(name)), ' ', end)];
}

/** A text to write, with what it is for. */
function field(label, value, write) {
  const box = element('input', { type: 'text', value, 'data-key': label, onchange: (event) => write(event.target.value) });
  return element('label', { className: 'field' }, `${label} `, box);
}

function noteOf(notes, index) {
  return field('Note', notes.notes.get(index) ?? '', (text) => notes.note(index, text));
}

/** Tags of creators, each to take away, and a field for a further one. */
function tagging({ notes }, indices, tags) {
  const away = tags.map((tag) => element('button', { type: 'button', className: 'tag', 'aria-label': `take away the tag ${tag}`, onclick: () => notes.tag(tag, indices, false) }, foreign(tag), ' ×'));
  const label = indices.length === 1 ? 'Tag' : `Tag these ${number(indices.length)} creators`;
  return [element('p', {}, ...away, field(label, '', (text) => notes.tag(text, indices)))];
}

/** Creators to choose from, and how many more there are. */
function creatorList(page, indices) {
  const query = page.state.values.query;
  const items = indices.slice(0, LISTED).map((index, place) => {
    const found = query && page.state.matches?.has(index) && place < SNIPPETS ? page.search.snippet(index, query) : null;
    const snippet = found ? element('p', { className: 'facts' }, `${found.count} × · ${visible(found.where)}: `, foreign(found.text, query)) : null;
    return element('li', {}, to(page, index, foreign(page.data.creators[index].handle, query)), snippet);
  });
  const more = indices.length - items.length;
  return [element('ul', { className: 'list' }, ...items), more > 0 ? element('p', {}, `and ${number(more)} more: see the table`) : null];
}

/** Creators that a search found, or who are in the area that was drawn. */
export function chosenPanel(page) {
  const { data, state } = page;
  const chosen = state.chosen();
  const many = `${number(chosen.length)} creator${chosen.length === 1 ? '' : 's'}`;
  const sizes = new Map();
  for (const index of chosen) sizes.set(data.creators[index].cluster, (sizes.get(data.creators[index].cluster) ?? 0) + 1);
  const facts = [...sizes].sort(([, one], [, other]) => other - one).map(([id, size]) => [clusterName(data, id), number(size)]);
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, state.inside ? `${many} in the area${state.matches ? ' found' : ''}` : `${many} found`),
    state.inside ? element('p', {}, element('button', { type: 'button', onclick: () => state.set({ area: null }) }, 'Without the area')) : null,
    chosen.length ? list(facts) : null,
    ...(chosen.length ? tagging(page, chosen, []) : []),
    ...creatorList(page, chosen),
  ];
}

/** The follows from one cluster to another. */
export function betweenPanel({ data, state }, [from, to_]) {
  const { clusters, observed, expected } = data.mixing;
  const [row, column] = [clusters.indexOf(from), clusters.indexOf(to_)];
  const [seen, hoped] = [observed[row][column], expected[row][column]];
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, `${number(seen)} follows from ${clusterName(data, from)} to ${clusterName(data, to_)}`),
    element('p', {}, `${number(hoped)} would be expected if everybody followed, and was followed, as often as now, but at random: ${hoped ? `${number(Number((seen / hoped).toPrecision(3)))} times as many are there` : 'nobody could'}.`),
    element('p', {}, element('button', { type: 'button', onclick: () => state.set({ page: 'mixing' }) }, 'All follows between clusters')),
  ];
}

/** What there is to do where nothing is selected; the creators of a small cohort, to choose from. */
export function welcomePanel(page) {
  const { data } = page;
  const all = data.creators.map((_, index) => index);
  const counted = (items, word) => `${number(items.length)} ${word}${items.length === 1 ? '' : 's'}`;
  return [
    element('h2', { id: 'selected', tabindex: '-1' }, 'Nothing selected'),
    element('p', {}, `${counted(all, 'creator')}, ${counted(data.reels, 'reel')}, ${counted(data.edges, 'follow')} between them. Click a dot, a picture, a cluster in the legend, or search.`),
    element('p', {}, 'What lies close together is alike; the axes mean nothing, and distances between clusters say little.'),
    ...(all.length < FEW ? creatorList(page, all) : []),
  ];
}
