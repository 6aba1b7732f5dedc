// Shapes of dots: with the ten colours they tell more clusters and categories apart than colours alone; those of the figures.

// In the order of SHAPES in scripts/figures/page.py: circle, square, triangle up, diamond, triangle down, plus, cross, pentagon.
const polygon = (corners, turn) => Array.from({ length: corners }, (_, at) => [Math.sin(turn + (2 * Math.PI * at) / corners), -Math.cos(turn + (2 * Math.PI * at) / corners)]);
export const ARM = 0.34; // half the width of a plus's arms
const PLUS = [[-ARM, -0.94], [ARM, -0.94], [ARM, -ARM], [0.94, -ARM], [0.94, ARM], [ARM, ARM], [ARM, 0.94], [-ARM, 0.94], [-ARM, ARM], [-0.94, ARM], [-0.94, -ARM], [-ARM, -ARM]];
const turned = ([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2];
export const OUTLINES = [null, polygon(4, Math.PI / 4), polygon(3, 0), polygon(4, 0), polygon(3, Math.PI), PLUS, PLUS.map(turned), polygon(5, 0)];

/** The shape of a category by its place among them; as `cluster_shape` of the figures. */
export function shapeOf(place, colours) {
  const period = leastMultiple(colours, OUTLINES.length);
  return (place + Math.floor(place / period)) % OUTLINES.length;
}

function leastMultiple(one, other) {
  let multiple = one;
  while (multiple % other) multiple += one;
  return multiple;
}

/** A shape around the origin as the path of an SVG. */
export function path(shape, radius) {
  const at = (value) => (value * radius).toFixed(2);
  if (!shape) return `M${at(-1)} 0A${at(1)} ${at(1)} 0 1 0 ${at(1)} 0A${at(1)} ${at(1)} 0 1 0 ${at(-1)} 0Z`;
  return `M${OUTLINES[shape].map(([x, y]) => `${at(x)} ${at(y)}`).join('L')}Z`;
}
