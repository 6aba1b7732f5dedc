// The view as a picture and as a drawing.

import { clusterColour } from './colours.js';
import { chosenEdges } from './edges.js';
import { LETTER } from './names.js';
import { path } from './shapes.js';

/** The view as PNG, in the window's pixels. */
export async function asPng({ map }) {
  const [under, dots] = [map.pictures.canvas, map.deck.getCanvas()];
  const whole = new OffscreenCanvas(dots.width, dots.height);
  const context = whole.getContext('2d');
  context.fillStyle = `rgb(${map.paper})`;
  context.fillRect(0, 0, whole.width, whole.height);
  context.drawImage(under, 0, 0, whole.width, whole.height);
  map.deck.redraw('picture'); // what was drawn before is kept only until the browser has shown it
  context.drawImage(dots, 0, 0);
  return whole.convertToBlob({ type: 'image/png' });
}

/** The view as SVG: letters stay text, dots and lines stay shapes. */
export function asSvg({ data, state, map }) {
  const { clientWidth: width, clientHeight: height } = map.parent;
  const { target, zoom } = map.asked;
  const scale = 2 ** zoom;
  const screen = ([x, y]) => [(x - target[0]) * scale + width / 2, (y - target[1]) * scale + height / 2];
  const line = (points) => points.map((point) => screen(point).map((value) => value.toFixed(1)).join(' ')).join('L');
  const seen = ([x, y]) => x > -20 && x < width + 20 && y > -20 && y < height + 20;
  const parts = [];
  for (const { cluster, levels } of map.outlines.of(state.values.outlines, state.values.hidden)) {
    const colour = `rgb(${clusterColour(cluster)})`;
    const fill = state.values.outlines === 'contours' ? colour : 'none';
    for (const rings of levels) parts.push(`<path d="${rings.map((ring) => `M${line(ring)}Z`).join('')}" fill="${fill}" fill-opacity="0.1" fill-rule="evenodd" stroke="${colour}" stroke-width="1.2"/>`);
  }
  for (const box of map.pictures.inView(map.asked)) {
    const frame = map.pictures.frame(box.reel);
    if (!frame) continue;
    const rectangle = (grown) => `x="${(box.x - grown).toFixed(1)}" y="${(box.y - grown).toFixed(1)}" width="${(box.width + 2 * grown).toFixed(1)}" height="${(box.height + 2 * grown).toFixed(1)}"`;
    parts.push(`<rect ${rectangle(2)} fill="rgb(${map.colour.of(box.index)})"/><image ${rectangle(0)} preserveAspectRatio="none" href="${asAddress(frame)}"/>`);
  }
  for (const edge of chosenEdges(data, state).chosen) parts.push(`<path d="M${line(map.path(edge))}" fill="none" stroke="rgb(${map.edgeColour(edge)})" stroke-opacity="0.5" stroke-width="1.2"/>`);
  const shown = state.shown();
  const radius = Math.min(6, Math.max(2.2, 90 / Math.sqrt(Math.max(map.placed.length, 1))));
  for (const index of map.placed) {
    const place = screen([data.creators[index].x, 1 - data.creators[index].y]);
    if (!shown[index] || !seen(place)) continue;
    parts.push(`<path transform="translate(${place.map((value) => value.toFixed(1))})" d="${path(map.colour.shape(index), radius)}" fill="rgb(${map.colour.of(index)})" fill-opacity="${map.focus(index) ? 0.92 : 0.2}"/>`);
  }
  for (const [{ label }, text] of map.named.named) {
    const [x, y] = screen([label[0], 1 - label[1]]);
    if (text) parts.push(`<text x="${x.toFixed(1)}" y="${(y - 4).toFixed(1)}" text-anchor="middle" font-family="sans-serif" font-weight="600" font-size="${LETTER}" fill="rgb(${map.ink})" stroke="rgb(${map.paper})" stroke-width="3" paint-order="stroke">${escaped(text)}</text>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="rgb(${map.paper})"/>${parts.join('\n')}</svg>\n`;
}

/** A frame as a data URI. */
function asAddress(frame) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: frame.width, height: frame.height });
  canvas.getContext('2d').drawImage(frame, 0, 0);
  return canvas.toDataURL('image/jpeg', 0.85);
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
