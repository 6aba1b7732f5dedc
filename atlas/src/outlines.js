// Where the creators of a cluster lie: contours of their density, or an ellipse. Rings of points in the map's units.

import { contourDensity } from 'd3-contour';

const SIDE = 512; // cells of the map's side, on which density is estimated
const MARGIN = 96; // cells around it
const LEVELS = [0.1, 0.4]; // of a cluster's densest place
const [NARROWEST, WIDEST] = [10, 36]; // of the kernel, in cells

/** [share of the densest place, rings] of each level: the outer one first. `members` are places, y downwards. */
export function contours(members) {
  const width = Math.min(WIDEST, Math.max(NARROWEST, spread(members) * SIDE * members.length ** (-1 / 6)));
  const density = contourDensity()
    .x(([x]) => x * SIDE + MARGIN)
    .y(([, y]) => y * SIDE + MARGIN)
    .size([SIDE + 2 * MARGIN, SIDE + 2 * MARGIN])
    .bandwidth(width)
    .contours(members);
  return LEVELS.map((level) => density(level * density.max).coordinates.flat().map((ring) => ring.map(([x, y]) => [(x - MARGIN) / SIDE, (y - MARGIN) / SIDE])));
}

/** The standard deviation of places, the mean of both axes (Scott 1992, for the width of the kernel). */
function spread(places) {
  const variance = (axis) => {
    const mean = places.reduce((sum, place) => sum + place[axis], 0) / places.length;
    return places.reduce((sum, place) => sum + (place[axis] - mean) ** 2, 0) / places.length;
  };
  return Math.sqrt((variance(0) + variance(1)) / 2);
}

/** The points of an ellipse: [x, y, width, height, degrees] in the map's units. */
export function around([x, y, width, height, degrees]) {
  const turn = (degrees * Math.PI) / 180;
  return Array.from({ length: 65 }, (_, step) => {
    const angle = (step / 64) * 2 * Math.PI;
    const [along, across] = [(width / 2) * Math.cos(angle), (height / 2) * Math.sin(angle)];
    return [x + along * Math.cos(turn) - across * Math.sin(turn), 1 - (y + along * Math.sin(turn) + across * Math.cos(turn))];
  });
}

/** Outlines of the clusters as the state wants them: { cluster, levels } each. */
export class Outlines {
  constructor(data) {
    this.data = data;
    this.made = new Map();
  }

  of(kind, hidden) {
    if (kind === 'none') return [];
    return this.data.clusters.filter(({ id, ellipse }) => id >= 0 && !hidden.includes(id) && (kind === 'contours' || ellipse)).map((cluster) => ({ cluster, levels: kind === 'ellipses' ? [[around(cluster.ellipse)]] : this.contours(cluster.id) }));
  }

  contours(id) {
    if (!this.made.has(id)) {
      const members = this.data.creators.filter(({ cluster, x }) => cluster === id && x !== null).map(({ x, y }) => [x, 1 - y]);
      this.made.set(id, contours(members));
    }
    return this.made.get(id);
  }
}
