// Which follows are drawn, and along which lines.

export const OUT = [213, 94, 0]; // follows of what is selected
export const IN = [0, 114, 178]; // follows that it receives
const MOST = 20_000; // lines; of more every nth is drawn
const PARTS = 12;
const BUNDLED = 0.85; // of the way from a straight line to the bundle
const APART = 0.06; // of a bundle's length, between the two directions

/** The follows that the state wants: { source, target, out } each, and how many there are. */
export function chosenEdges(data, state) {
  const { creator, cluster, between, edges } = state.values;
  if (edges === 'none') return { chosen: [], all: 0 };
  const { creators } = data;
  const shown = state.shown();
  const whole = edges === 'all' && creator === null && cluster === null && between === null;
  const chosen = [];
  for (const [source, target] of data.edges) {
    const [from, to] = [creators[source], creators[target]];
    const out = between ? from.cluster === between[0] && to.cluster === between[1] : creator !== null ? source === creator : cluster !== null && from.cluster === cluster;
    const back = !between && (creator !== null ? target === creator : cluster !== null && to.cluster === cluster);
    if ((out || back || whole) && shown[source] && shown[target] && from.x !== null && to.x !== null) chosen.push({ source, target, out, whole });
  }
  const step = Math.ceil(chosen.length / MOST) || 1;
  return { chosen: chosen.filter((_, at) => at % step === 0), all: chosen.length };
}

/** Lines between creators: a creator's own are arcs, those of more are bundled. */
export class Lines {
  constructor(data) {
    this.data = data;
    const members = new Map();
    for (const { cluster, x, y } of data.creators) {
      if (x === null) continue;
      if (!members.has(cluster)) members.set(cluster, []);
      members.get(cluster).push([x, 1 - y]);
    }
    this.middles = new Map([...members].map(([cluster, places]) => [cluster, [0, 1].map((axis) => median(places.map((place) => place[axis])))]));
  }

  of({ source, target }, bundled) {
    const [from, to] = [this.data.creators[source], this.data.creators[target]];
    const [start, end] = [[from.x, 1 - from.y], [to.x, 1 - to.y]];
    return bundled && from.cluster !== to.cluster ? this.bundle(start, end, this.middle(from, start), this.middle(to, end)) : arc(start, end);
  }

  /** Creators in no cluster are a middle of their own. */
  middle({ cluster }, place) {
    return cluster >= 0 ? this.middles.get(cluster) : place;
  }

  /** A Bezier curve that has the middle of each cluster as two of six control points, as in the figure of the network; it bends to its right. */
  bundle(start, end, first, second) {
    const [overX, overY] = [APART * (first[1] - second[1]), APART * (second[0] - first[0])];
    const [one, other] = [[first[0] + overX, first[1] + overY], [second[0] + overX, second[1] + overY]];
    return Array.from({ length: PARTS + 1 }, (_, step) => {
      const t = step / PARTS;
      const shares = [(1 - t) ** 5, 5 * (1 - t) ** 4 * t + 10 * (1 - t) ** 3 * t ** 2, 10 * (1 - t) ** 2 * t ** 3 + 5 * (1 - t) * t ** 4, t ** 5];
      const along = (axis) => shares[0] * start[axis] + shares[1] * one[axis] + shares[2] * other[axis] + shares[3] * end[axis];
      const straight = (axis) => (1 - t) * start[axis] + t * end[axis];
      return [0, 1].map((axis) => BUNDLED * along(axis) + (1 - BUNDLED) * straight(axis));
    });
  }
}

function median(values) {
  const ordered = values.sort((one, other) => one - other);
  return ordered[Math.floor(ordered.length / 2)];
}

/** A line that bends to its right, so that two who follow each other have two lines. */
function arc([x, y], [toX, toY]) {
  const [overX, overY] = [(x + toX) / 2 - 0.1 * (toY - y), (y + toY) / 2 + 0.1 * (toX - x)];
  return Array.from({ length: PARTS + 1 }, (_, step) => {
    const t = step / PARTS;
    const [start, over, end] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return [start * x + over * overX + end * toX, start * y + over * overY + end * toY];
  });
}
