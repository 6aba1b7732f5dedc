// What creators can be filtered by: a histogram to brush of numbers, dates and times, boxes to tick of categories.

import { categories, isSkewed } from './colours.js';
import { element, foreign, number, visible, written } from './dom.js';

const BARS = 32;
const [WIDTH, HEIGHT] = [320, 56]; // of a histogram, in its own units
const KINDS = { date: 'date', time: 'datetime-local' };

/** How a column of numbers is laid out from 0 to 1, and back; null where nothing is known. */
export function scaleOf(column) {
  const known = column.values.filter((value) => value !== null);
  if (!known.length) return null;
  const skewed = column.kind === 'number' && isSkewed(column.values);
  const [to, back] = skewed ? [Math.log1p, Math.expm1] : [(value) => value, (value) => value];
  const [low, high] = known.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  const length = to(high) - to(low);
  return { low, high, skewed, share: (value) => (length > 0 ? (to(value) - to(low)) / length : 0.5), value: (share) => back(to(low) + share * length) };
}

/** How many creators are in each bar: of all, and of those that the other filters leave. */
export function counted(column, scale, left) {
  const [all, among] = [0, 1].map(() => new Array(BARS).fill(0));
  column.values.forEach((value, index) => {
    if (value === null) return;
    const bar = Math.min(BARS - 1, Math.floor(scale.share(value) * BARS));
    all[bar] += 1;
    if (left[index]) among[bar] += 1;
  });
  return { all, among };
}

/** The controls of a column: what it is filtered by. */
export function facet(column, state, named) {
  const left = state.without(column.key);
  if (column.kind === 'category') return [values(column, named, state, left)];
  const scale = scaleOf(column);
  return scale ? [histogram(column, scale, state, left), range(column, state)] : [];
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Bars of the creators that other filters leave, before all creators; a drag over them filters, a click ends it. */
function histogram(column, scale, state, left) {
  const { all, among } = counted(column, scale, left);
  const most = Math.max(...all);
  const bar = (count, at, kind) => svg('rect', { class: kind, x: (at * WIDTH) / BARS + 0.5, width: WIDTH / BARS - 1, y: HEIGHT * (1 - Math.sqrt(count / most)), height: HEIGHT * Math.sqrt(count / most) });
  const limit = state.values.filters[column.key] ?? {};
  const brush = svg('rect', { class: 'brush', y: 0, height: HEIGHT });
  const show = (from, to) => {
    brush.setAttribute('x', Math.min(from, to) * WIDTH);
    brush.setAttribute('width', Math.abs(to - from) * WIDTH);
  };
  const end = (value, otherwise) => (value === null || value === undefined ? otherwise : Math.min(1, Math.max(0, scale.share(value))));
  const limited = (limit.from ?? null) !== null || (limit.to ?? null) !== null;
  show(end(limit.from, 0), limited ? end(limit.to, 1) : 0);
  const label = `${visible(column.label)}: from ${written(column, scale.low)} to ${written(column, scale.high)}; the two fields below filter, too`;
  const chart = svg('svg', { class: 'histogram', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label }, ...all.map((count, at) => bar(count, at, 'all')), ...among.map((count, at) => bar(count, at, 'left')), brush);
  const at = ({ clientX }) => Math.min(1, Math.max(0, (clientX - chart.getBoundingClientRect().left) / chart.getBoundingClientRect().width));
  let from = null;
  chart.addEventListener('pointerdown', (event) => {
    from = at(event);
    chart.setPointerCapture(event.pointerId);
  });
  chart.addEventListener('pointermove', (event) => from !== null && show(from, at(event)));
  chart.addEventListener('pointerup', (event) => {
    // Whole bars: what is seen is what is counted.
    const ends = [from, at(event)].map((share) => Math.round(share * BARS) / BARS).sort((one, other) => one - other);
    from = null;
    const whole = (value) => (column.kind === 'number' ? Number(value.toPrecision(6)) : Math.round(value));
    if (ends[0] === ends[1]) state.filter(column.key, null);
    else state.filter(column.key, { from: ends[0] === 0 ? null : whole(scale.value(ends[0])), to: ends[1] === 1 ? null : whole(scale.value(ends[1])) });
  });
  return chart;
}

/** The values of a column of categories, to switch off and on. */
function values(column, named, state, left) {
  const hide = state.values.filters[column.key]?.hide ?? [];
  const counts = new Map(categories(column));
  const unknown = column.values.filter((value) => value === null).length;
  if (unknown) counts.set(null, unknown);
  const among = new Map();
  column.values.forEach((value, index) => left[index] && among.set(value, (among.get(value) ?? 0) + 1));
  const rows = [...counts].map(([value, count]) => {
    const name = value === null ? 'not known' : visible(value);
    const toggle = element('input', {
      type: 'checkbox',
      'data-key': `value ${column.key} ${name}`,
      onchange: (event) => {
        const others = hide.filter((one) => one !== value);
        const now = event.target.checked ? others : [...others, value];
        state.filter(column.key, now.length ? { hide: now } : null);
      },
    });
    toggle.checked = !hide.includes(value);
    const some = among.get(value) ?? 0;
    return element('li', {}, element('label', {}, toggle, named ? swatch(...(named.get(value) ?? [])) : null, foreign(name), some === count ? ` (${number(count)})` : ` (${number(some)} of ${number(count)})`));
  });
  return element('ul', { className: 'legend values', 'aria-label': visible(column.label) }, ...rows);
}

/** A dot of a colour and a shape; without a colour an empty place. */
export function swatch(colour, shape = 0) {
  const dot = element('span', { className: `swatch shape${shape}`, 'aria-hidden': 'true' });
  dot.style.setProperty('--colour', colour ? `rgb(${colour})` : 'transparent');
  return dot;
}

/** From which number to which creators are shown. */
function range(column, state) {
  const limit = state.values.filters[column.key] ?? { from: null, to: null };
  const shown = (value) => (value === null ? '' : KINDS[column.kind] ? written(column, value).replace(' ', 'T') : value);
  const box = (end, words) =>
    element(
      'label',
      {},
      `${words} `,
      element('input', {
        type: KINDS[column.kind] ?? 'number',
        step: 'any',
        value: shown(limit[end]),
        'data-key': `${end} ${column.key}`,
        onchange: (event) => {
          const text = event.target.value;
          const value = KINDS[column.kind] ? Date.parse(column.kind === 'date' ? text : `${text}Z`) / 1000 : Number(text);
          const now = { ...limit, [end]: text === '' || !Number.isFinite(value) ? null : value };
          state.filter(column.key, now.from === null && now.to === null ? null : now);
        },
      }),
    );
  return element('p', { className: 'range' }, box('from', 'show from'), ' ', box('to', 'to'));
}
