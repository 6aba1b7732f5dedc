// Names on the map that do not cover each other.

export const LETTER = 13; // height of names, in pixels
export const FEW = 30; // creators of a cohort, below which each is named
const BELOW = 4; // pixels between a name and its place

/**
 * The names for which there is room: [cluster, text] each, and the rectangles that they take, in pixels of the whole map. Of
 * two that would cover each other the first, larger cluster's stays; the other has its number, or nothing where that has no
 * room either.
 */
export function apart(clusters, said, scale) {
  const taken = [];
  const named = clusters.flatMap((cluster) => {
    const [x, y] = cluster.label.map((value) => value * scale);
    for (const text of new Set([said(cluster), `${cluster.id}`])) {
      const half = (text.length * LETTER * 0.6) / 2;
      if (taken.every((one) => Math.abs(one.x - x) > one.half + half || Math.abs(one.y - y) > LETTER * 1.2)) {
        taken.push({ x, y, half });
        return [[cluster, text]];
      }
    }
    return [];
  });
  return { named, boxes: taken.map(({ x, y, half }) => ({ left: x - half, right: x + half, top: scale - y - LETTER - BELOW, bottom: scale - y })) };
}
