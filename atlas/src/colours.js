// Colours: those of the figures for clusters, viridis for numbers (told apart with any colour vision, and in grey). Clusters
// and categories have shapes, too.

import { shapeOf } from './shapes.js';

const VIRIDIS = ['#440154', '#472d7b', '#3b528b', '#2c728e', '#21918c', '#28ae80', '#5ec962', '#addc30', '#fde725'];
const UNKNOWN = [150, 150, 150];

/** "#rrggbb" as three numbers. */
function rgb(text) {
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

const STEPS = VIRIDIS.map(rgb);

const DARKEST = 0.25; // of viridis, on the dark page: below it nothing is seen

function isDark() {
  return document.documentElement.dataset.theme === 'dark';
}

function luminance(colour) {
  const [red, green, blue] = colour.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const DARK_PAPER = luminance(rgb('#16181b')); // --paper of atlas.css

/** A cluster's colour; on the dark page lighter where it could hardly be seen (contrast of 3 with the page, as WCAG asks). */
export function clusterColour(cluster) {
  const colour = rgb(cluster.colour);
  if (!isDark()) return colour;
  let lighter = colour;
  while ((luminance(lighter) + 0.05) / (DARK_PAPER + 0.05) < 3) lighter = lighter.map((value) => Math.min(255, Math.round(value + (255 - value) * 0.08) + 1));
  return lighter;
}

/** A share from 0 to 1 as a colour. */
export function viridis(share) {
  const place = Math.min(Math.max(share, 0), 1) * (STEPS.length - 1);
  const low = Math.min(Math.floor(place), STEPS.length - 2);
  return STEPS[low].map((value, part) => Math.round(value + (STEPS[low + 1][part] - value) * (place - low)));
}

/** Whether a column is shown by its logarithm: its positive numbers span more than two powers of ten, and none is below 0. */
export function isSkewed(values) {
  let [low, high] = [Infinity, 0];
  for (const value of values) {
    if (value === null) continue;
    if (value < 0) return false;
    if (value > 0) low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high / low > 100;
}

/** The values of a column of categories with their numbers, the most frequent first. */
export function categories(column) {
  const counts = new Map();
  for (const value of column.values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1));
}

/** The column that creators are coloured by; undefined: clusters. */
export function columnOf(data, name) {
  return data.columns.find((column) => column.key === name);
}

/**
 * Functions from a creator's number to a colour and to a shape; the ends of the scale (null for clusters and categories); colour
 * and shape of each category.
 */
export function colouring(data, name) {
  const column = columnOf(data, name);
  if (!column) {
    const of = new Map(data.clusters.map((cluster) => [cluster.id, [clusterColour(cluster), cluster.shape]]));
    return look((creator) => of.get(data.creators[creator].cluster), { ends: null, named: null });
  }
  const { values } = column;
  if (column.kind === 'category') {
    // Colours come again, with other shapes.
    const number = data.colours.length;
    const named = new Map(categories(column).map(([value], place) => [value, [clusterColour({ colour: data.colours[place % number] }), shapeOf(place, number)]]));
    return look((creator) => named.get(values[creator]), { ends: null, named });
  }
  const known = values.filter((value) => value !== null);
  if (!known.length) return look(() => undefined, { ends: null, named: null });
  const scale = column.kind === 'number' && isSkewed(values) ? Math.log1p : (value) => value;
  const ends = known.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [low, high] = ends.map(scale);
  const first = isDark() ? DARKEST : 0;
  const share = (value) => first + (1 - first) * (high > low ? (scale(value) - low) / (high - low) : 0.5);
  return look((creator) => (values[creator] === null ? undefined : [viridis(share(values[creator])), 0]), { ends, named: null, skewed: scale === Math.log1p });
}

/** Colour and shape of creators; what is not known is grey and round. */
function look(found, more) {
  return { of: (creator) => found(creator)?.[0] ?? UNKNOWN, shape: (creator) => found(creator)?.[1] ?? 0, ...more };
}
