// Pictures on the map: of each creator the most typical reel, where they do not cover each other nor a name. More have room as
// one zooms in; where it is dense, dots remain. Below the dots lie the outlines and the pictures, on a canvas of their own.

import { clusterColour } from './colours.js';

const [SMALLEST, LARGEST] = [40, 96]; // height in pixels: on the whole map of many creators, and as the page has them
const SHARE = 0.6; // of the map's side, divided by the square root of the number of creators: height on the whole map
const GAP = 3; // pixels between pictures
const BESIDE = 7; // pixels from a dot to its picture
// Where a picture may stand beside its dot, in its widths and heights, and in BESIDE: above, below, right, left.
const SIDES = [[-0.5, -1, 0, -1], [-0.5, 0, 0, 1], [0, -0.5, 1, 0], [-1, -0.5, -1, 0]];
const CELL = 64; // pixels, of the grid in which neighbours are looked up

/** Puts rectangles where no other one is. */
class Room {
  constructor() {
    this.cells = new Map();
  }

  cellsOf({ left, right, top, bottom }) {
    const found = [];
    for (let x = Math.floor(left / CELL); x <= Math.floor(right / CELL); x++) {
      for (let y = Math.floor(top / CELL); y <= Math.floor(bottom / CELL); y++) found.push(`${x},${y}`);
    }
    return found;
  }

  take(box) {
    for (const cell of this.cellsOf(box)) {
      if (!this.cells.has(cell)) this.cells.set(cell, []);
      this.cells.get(cell).push(box);
    }
  }

  has(box) {
    const free = (one) => one.right <= box.left || one.left >= box.right || one.bottom <= box.top || one.top >= box.bottom;
    return this.cellsOf(box).every((cell) => (this.cells.get(cell) ?? []).every(free));
  }
}

/** Where pictures have room: { index, reel, width, left, top } each, in pixels from their creator's dot. */
export function placePictures(candidates, scale, height, blocked) {
  const room = new Room();
  for (const box of blocked) room.take(box);
  return candidates.flatMap(({ index, reel, x, y, ratio }) => {
    const width = height * ratio;
    for (const [wide, high, right, down] of SIDES) {
      const [left, top] = [wide * width + right * BESIDE, high * height + down * BESIDE];
      const box = { left: x * scale + left - GAP, right: x * scale + left + width + GAP, top: y * scale + top - GAP, bottom: y * scale + top + height + GAP };
      if (room.has(box)) {
        room.take(box);
        return [{ index, reel, width, left, top }];
      }
    }
    return [];
  });
}

/** Outlines and pictures on a canvas under the dots. */
export class Pictures {
  /** `slow`: there is no GPU; the canvas is then kept where the processor draws. */
  constructor(parent, data, slow, redraw) {
    Object.assign(this, { parent, data, redraw });
    this.canvas = document.createElement('canvas');
    this.canvas.className = 'under';
    this.context = this.canvas.getContext('2d', { willReadFrequently: slow });
    parent.prepend(this.canvas);
    this.made = new Map(); // of reels: the middle frame, or null while it is read
    const medoids = new Set(data.clusters.map(({ medoid }) => medoid));
    // Those in the middle of a cluster first; the others in an order that has nothing to do with their places.
    const rank = (index) => (medoids.has(data.creators[index].id) ? -1 : (index * 2654435761) % 4294967296);
    this.candidates = data.creators
      .map(({ x, y, face }, index) => ({ index, reel: face, x, y: 1 - y, placed: x !== null && face !== null && data.reels[face].picture }))
      .filter(({ placed }) => placed)
      .map((one) => ({ ...one, ratio: data.reels[one.reel].middle[1] / data.reels[one.reel].middle[2] }))
      .sort((one, other) => rank(one.index) - rank(other.index));
    this.places = [];
  }

  /** Where there is room at a zoom for the pictures of the creators that are shown. */
  place(zoom, whole, shown, blocked) {
    const first = Math.max(SMALLEST, (SHARE * 2 ** whole) / Math.sqrt(this.candidates.length || 1));
    this.height = Math.min(LARGEST, first * 2 ** (Math.max(0, zoom - whole) / 2));
    this.places = placePictures(this.candidates.filter(({ index }) => shown[index]), 2 ** zoom, this.height, blocked);
  }

  /** The middle frame of a reel; null until it is read. */
  frame(reel) {
    if (!this.made.has(reel)) {
      this.made.set(reel, null);
      const strip = new Image();
      strip.src = this.data.reels[reel].picture;
      strip
        .decode()
        .then(() => ((left, width, height) => createImageBitmap(strip, left, 0, width, height))(...this.data.reels[reel].middle))
        .then((frame) => {
          this.made.set(reel, frame);
          this.redraw();
        });
    }
    return this.made.get(reel);
  }

  /** The pictures that are in a view, with x, y, width and height in pixels of the window. */
  inView({ target, zoom }) {
    const { clientWidth, clientHeight } = this.parent;
    const scale = 2 ** zoom;
    return this.places
      .map((box) => {
        const { x, y } = this.data.creators[box.index];
        return { ...box, height: this.height, x: (x - target[0]) * scale + clientWidth / 2 + box.left, y: (1 - y - target[1]) * scale + clientHeight / 2 + box.top };
      })
      .filter(({ x, y, width, height }) => x < clientWidth && x + width > 0 && y < clientHeight && y + height > 0);
  }

  /** The creator whose picture is at a pixel of the window; null: none. */
  at(view, x, y) {
    const found = this.inView(view).find((box) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height);
    return found ? found.index : null;
  }

  /** Draw for a view: outlines, pictures, and the area that is drawn or was. */
  draw(view, outlines, area, colourOf, faded) {
    const { clientWidth, clientHeight } = this.parent;
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const { context } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    const scale = 2 ** view.zoom;
    const screen = ([x, y]) => [(x - view.target[0]) * scale + clientWidth / 2, (y - view.target[1]) * scale + clientHeight / 2];
    for (const { cluster, levels, filled } of outlines) {
      const colour = clusterColour(cluster).join(',');
      levels.forEach((rings, level) => {
        const path = new Path2D();
        for (const ring of rings) {
          ring.forEach((point, at) => path[at ? 'lineTo' : 'moveTo'](...screen(point)));
          path.closePath();
        }
        context.fillStyle = `rgba(${colour},0.1)`;
        context.strokeStyle = `rgba(${colour},${level ? 0.35 : 0.75})`;
        context.lineWidth = 1.2;
        if (filled) context.fill(path, 'evenodd');
        context.stroke(path);
      });
    }
    for (const box of this.inView(view)) {
      const frame = this.frame(box.reel);
      if (!frame) continue;
      context.globalAlpha = faded(box.index) ? 0.25 : 1;
      context.fillStyle = `rgb(${colourOf(box.index).join(',')})`;
      context.fillRect(box.x - 2, box.y - 2, box.width + 4, box.height + 4);
      context.drawImage(frame, box.x, box.y, box.width, box.height);
    }
    context.globalAlpha = 1;
    if (area?.length) {
      const path = new Path2D();
      area.forEach((point, at) => path[at ? 'lineTo' : 'moveTo'](...screen(point)));
      path.closePath();
      context.setLineDash([6, 4]);
      context.strokeStyle = getComputedStyle(this.parent).color;
      context.lineWidth = 1.5;
      context.stroke(path);
      context.setLineDash([]);
    }
  }
}
