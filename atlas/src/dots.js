// The layer of dots that have shapes.

import { ScatterplotLayer } from '@deck.gl/layers';
import { ARM } from './shapes.js';

// The distance to a regular polygon whose corners are at 1: below 1 inside. Shapes are inside of the circle that the layer draws.
const FRAGMENT = `
float polygonDistance(vec2 place, float corners, float turn) {
  float wedge = 6.2831853 / corners;
  float angle = atan(place.x, -place.y) - turn;
  return length(place) * cos(mod(angle, wedge) - wedge / 2.0) / cos(wedge / 2.0);
}
float plusDistance(vec2 place) {
  vec2 one = abs(place);
  return max(max(one.x, one.y) / 0.94, min(one.x, one.y) / ${ARM});
}
float shapeDistance(vec2 place, int shape) {
  if (shape == 1) return polygonDistance(place, 4.0, 0.7853982);
  if (shape == 2) return polygonDistance(place, 3.0, 0.0);
  if (shape == 3) return polygonDistance(place, 4.0, 0.0);
  if (shape == 4) return polygonDistance(place, 3.0, 3.1415927);
  if (shape == 5) return plusDistance(place);
  if (shape == 6) return plusDistance(vec2(place.x + place.y, place.x - place.y) * 0.7071068);
  if (shape == 7) return polygonDistance(place, 5.0, 0.0);
  return 0.0;
}
`;

/** Dots that may have other shapes than circles: `getShape` is a place in OUTLINES. */
export class ShapeLayer extends ScatterplotLayer {
  getShaders() {
    return {
      ...super.getShaders(),
      inject: {
        'vs:#decl': 'in float instanceShapes; flat out int shape;',
        'vs:#main-start': 'shape = int(instanceShapes + 0.5);',
        'fs:#decl': `flat in int shape;\n${FRAGMENT}`,
        'fs:DECKGL_FILTER_COLOR': 'float beyond = shapeDistance(geometry.uv, shape); color.a *= 1.0 - smoothstep(1.0 - fwidth(beyond), 1.0, beyond);',
      },
    };
  }

  initializeState() {
    super.initializeState();
    this.getAttributeManager().addInstanced({ instanceShapes: { size: 1, accessor: 'getShape' } });
  }
}
ShapeLayer.layerName = 'ShapeLayer';
ShapeLayer.defaultProps = { getShape: { type: 'accessor', value: 0 } };
