// Drawing an area on the map: a box or a lasso. The area is kept in the map's units, so that it stays when one zooms.

import { polygonContains } from 'd3-polygon';

const NEAR = 5; // pixels, below which a point of a lasso is left out
const MOST = 200; // corners of a lasso

/** The creators inside of an area; null where there is none. */
export function inside(data, area) {
  if (area === null) return null;
  return new Set(data.creators.flatMap(({ x, y }, index) => (x !== null && polygonContains(area, [x, 1 - y]) ? [index] : [])));
}

/** Takes the pointer while a tool is chosen; `buttons` are by tool. */
export class AreaTool {
  constructor(surface, map, state, buttons) {
    Object.assign(this, { surface, map, state, buttons, tool: null, corners: [] });
    for (const [tool, button] of Object.entries(buttons)) button.addEventListener('click', () => this.use(this.tool === tool ? null : tool));
    surface.addEventListener('pointerdown', (event) => {
      surface.setPointerCapture(event.pointerId);
      this.corners = [this.place(event)];
      this.last = [event.offsetX, event.offsetY];
    });
    surface.addEventListener('pointermove', (event) => this.corners.length && this.draw(event));
    surface.addEventListener('pointerup', () => this.end());
    surface.addEventListener('pointercancel', () => this.use(null));
  }

  use(tool) {
    this.tool = tool;
    this.corners = [];
    this.map.sketch = null;
    this.surface.hidden = tool === null;
    for (const [name, button] of Object.entries(this.buttons)) button.setAttribute('aria-pressed', name === tool);
    this.map.under();
  }

  place(event) {
    return this.map.placeAt(event.offsetX, event.offsetY).map((value) => Number(value.toFixed(4)));
  }

  draw(event) {
    const place = this.place(event);
    if (this.tool === 'box') {
      const [x, y] = this.corners[0];
      this.corners = [[x, y], [place[0], y], place, [x, place[1]]];
    } else if (Math.hypot(event.offsetX - this.last[0], event.offsetY - this.last[1]) >= NEAR && this.corners.length < MOST) {
      this.corners.push(place);
      this.last = [event.offsetX, event.offsetY];
    }
    this.map.sketch = this.corners;
    this.map.under();
  }

  end() {
    const { corners } = this;
    this.use(null);
    this.state.select({ area: corners.length > 2 ? corners : null });
  }
}
