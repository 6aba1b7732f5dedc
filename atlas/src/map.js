// The map: dots, follows and names drawn by deck.gl, above outlines and pictures. Everything is redrawn from the state.

import { Deck, OrthographicView } from '@deck.gl/core';
import { PathLayer, TextLayer } from '@deck.gl/layers';
import { clusterColour, colouring } from './colours.js';
import { clusterName, visible } from './dom.js';
import { ShapeLayer } from './dots.js';
import { IN, Lines, OUT, chosenEdges } from './edges.js';
import { FEW, LETTER, apart } from './names.js';
import { Outlines } from './outlines.js';
import { Pictures } from './pictures.js';

const FADED = 28;
const [FARTHEST, NEAREST] = [6, 20]; // zoom
const STEP = 0.25; // of zoom, from which on names and pictures are placed anew while the map moves

/** Draws into an element; `pick` is told which creator was clicked (null: none), `hover` which is pointed at. */
export class CreatorMap {
  constructor(parent, data, state, { pick, hover }) {
    Object.assign(this, { parent, data, state, sketch: null, slow: drawnByProcessor() });
    this.placed = data.creators.map((_, index) => index).filter((index) => data.creators[index].x !== null);
    this.positions = new Float32Array(this.placed.flatMap((index) => [data.creators[index].x, 1 - data.creators[index].y]));
    this.lines = new Lines(data);
    this.outlines = new Outlines(data);
    this.pictures = new Pictures(parent, data, this.slow, () => this.under());
    this.asked = this.viewState();
    this.deck = new Deck({
      parent,
      views: new OrthographicView({ flipY: true, controller: { keyboard: false } }),
      viewState: this.asked,
      onViewStateChange: ({ viewState }) => this.move(viewState),
      // Without a GPU drawing takes long: while the map moves, the picture that is there is moved and scaled.
      _customRender: (reason) => this.resting || !this.slow ? this.deck._drawLayers(reason) : null,
      onAfterRender: () => this.drawn(),
      onHover: ({ layer, index, x, y }) => hover(this.creatorAt(layer, index, x, y), x, y),
      onClick: ({ layer, index, x, y }) => pick(this.creatorAt(layer, index, x, y)),
      onDragStart: () => this.drag(true),
      onDragEnd: () => this.drag(false),
      getCursor: ({ isDragging, isHovering }) => (isDragging ? 'grabbing' : isHovering ? 'pointer' : 'grab'),
      // Dots, lines and letters smooth their own edges: several samples a pixel would be work for nothing.
      deviceProps: { type: 'webgl', webgl: { antialias: false } },
      useDevicePixels: true,
      pickingRadius: 4,
      layers: [],
    });
    this.resting = true;
    new ResizeObserver(() => {
      if (this.state.values.view) this.under();
      else this.look();
    }).observe(parent);
  }

  /** While the map is dragged, nobody is pointed at: dots need not be found under the pointer. */
  drag(dragged) {
    this.deck.setProps({ layers: this.deck.props.layers.map((layer) => (layer.id === 'creators' ? layer.clone({ pickable: !dragged, autoHighlight: !dragged }) : layer)) });
  }

  /** The creator whose dot, or else whose picture, is at a pixel. */
  creatorAt(layer, index, x, y) {
    if (layer?.id === 'creators' && index >= 0) return this.placed[index];
    return this.state.values.pictures ? this.pictures.at(this.asked, x, y) : null;
  }

  /** The view of the state, or all of the map. */
  viewState() {
    const [x, y, zoom] = this.state.values.view ?? [0.5, 0.5, this.whole()];
    return { target: [x, y, 0], zoom, minZoom: FARTHEST, maxZoom: NEAREST };
  }

  /** The zoom at which all of the map is seen. */
  whole() {
    return Math.log2(Math.max(100, Math.min(this.parent.clientWidth, this.parent.clientHeight)) / 1.34);
  }

  /** A place of the map at a pixel of the window. */
  placeAt(x, y) {
    const { target, zoom } = this.asked;
    return [target[0] + (x - this.parent.clientWidth / 2) / 2 ** zoom, target[1] + (y - this.parent.clientHeight / 2) / 2 ** zoom];
  }

  move(viewState) {
    this.asked = viewState;
    this.resting = false;
    this.deck.setProps({ viewState });
    if (this.slow && this.drawnAt) this.shift();
    else {
      if (Math.abs(viewState.zoom - this.named.zoom) >= STEP) this.arrange();
      this.under();
    }
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.state.set({ view: [viewState.target[0], viewState.target[1], viewState.zoom] });
      this.rest();
    }, this.slow ? 300 : 150);
  }

  /** Move what was drawn to where it would be now. */
  shift() {
    const { target, zoom } = this.asked;
    const [right, down] = [0, 1].map((axis) => (this.drawnAt.target[axis] - target[axis]) * 2 ** zoom);
    for (const canvas of this.canvases()) canvas.style.transform = `translate(${right}px, ${down}px) scale(${2 ** (zoom - this.drawnAt.zoom)})`;
  }

  canvases() {
    return this.parent.querySelectorAll('canvas');
  }

  drawn() {
    if (this.slow && this.drawnAt && this.drawnAt !== this.asked) for (const canvas of this.canvases()) canvas.style.transform = '';
    this.drawnAt = this.asked;
  }

  /** Draw where the map came to rest. */
  rest() {
    this.resting = true;
    this.arrange();
    this.under();
    this.deck.redraw('rest');
  }

  /** Move by shares of the window, and zoom by steps. */
  nudge(right, down, closer) {
    const { target, zoom } = this.asked;
    const step = (0.15 * Math.min(this.parent.clientWidth, this.parent.clientHeight)) / 2 ** zoom;
    this.go([target[0] + right * step, target[1] + down * step, Math.min(NEAREST, Math.max(FARTHEST, zoom + closer * 0.5))]);
  }

  /** Bring a creator into the middle. */
  show(index) {
    const { x, y } = this.data.creators[index];
    if (x !== null) this.go([x, 1 - y, this.asked.zoom]);
  }

  /** Show a view, or the whole map (null). */
  go(view) {
    this.state.set({ view });
    this.look();
  }

  /** Draw where the state says. */
  look() {
    clearTimeout(this.later);
    this.asked = this.viewState();
    this.deck.setProps({ viewState: this.asked });
    this.rest();
  }

  /** Draw anew. */
  draw() {
    const colours = (element, property) => getComputedStyle(element)[property].match(/\d+/g).slice(0, 3).map(Number);
    this.ink = colours(this.parent, 'color');
    this.paper = colours(document.body, 'backgroundColor');
    this.colour = colouring(this.data, this.state.values.colour);
    this.focus = this.inFocus();
    this.deck.setProps({ layers: [...this.edges(), this.dots(), ...this.names()] });
    this.placePictures();
    this.under();
  }

  /** Place names and pictures anew where the zoom is another one: what has room changes with it. */
  arrange() {
    if (!this.named || this.named.zoom === this.asked.zoom) return;
    const others = this.deck.props.layers.filter((layer) => layer.id !== 'names');
    this.deck.setProps({ layers: [...others, ...this.names()] });
    this.placePictures();
  }

  placePictures() {
    this.pictures.place(this.asked.zoom, this.whole(), this.state.values.pictures ? this.state.shown() : [], this.named.boxes);
  }

  /** Draw what lies under the dots. */
  under() {
    if (!this.colour) return;
    const { outlines, hidden, area } = this.state.values;
    const drawn = this.outlines.of(outlines, hidden).map((one) => ({ ...one, filled: outlines === 'contours' }));
    this.pictures.draw(this.asked, drawn, this.sketch ?? area, this.colour.of, (index) => !this.focus(index));
  }

  /** Whether a creator is among what was found, drawn around, or is tied to what is selected; a function of its number. */
  inFocus() {
    const { matches, inside } = this.state;
    const near = this.neighbours();
    return (index) => [matches, inside, near].every((set) => set === null || set.has(index));
  }

  dots() {
    const { placed, colour } = this;
    const { creator } = this.state.values;
    const shown = this.state.shown();
    const colours = new Uint8Array(placed.length * 4);
    const [radii, shapes, widths] = [0, 1, 2].map(() => new Float32Array(placed.length));
    const usual = Math.min(6, Math.max(2.2, 90 / Math.sqrt(Math.max(placed.length, 1))));
    const found = this.state.matches ?? this.state.inside;
    placed.forEach((index, place) => {
      const selected = index === creator;
      colours.set([...colour.of(index), this.focus(index) || selected ? 235 : FADED + 30], place * 4);
      shapes[place] = colour.shape(index);
      const size = selected ? 1.9 : found?.has(index) ? 1.5 : 1;
      radii[place] = !shown[index] && !selected ? 0 : usual * size * (shapes[place] ? 1.15 : 1);
      widths[place] = shapes[place] ? 0 : 0.8;
    });
    return new ShapeLayer({
      id: 'creators',
      data: {
        length: placed.length,
        attributes: {
          getPosition: { value: this.positions, size: 2 },
          getFillColor: { value: colours, size: 4, normalized: true },
          getRadius: { value: radii, size: 1 },
          getShape: { value: shapes, size: 1 },
          getLineWidth: { value: widths, size: 1 },
        },
      },
      radiusUnits: 'pixels',
      stroked: placed.length < 2000,
      getLineColor: this.paper,
      lineWidthUnits: 'pixels',
      pickable: true,
      autoHighlight: true,
      highlightColor: [...this.ink, 90],
    });
  }

  /** Whom the selected creator or cluster is tied to; null where nothing is selected or edges are off. */
  neighbours() {
    const { creator, cluster, between, edges } = this.state.values;
    if (edges === 'none' || (creator === null && cluster === null && between === null)) return null;
    return new Set(chosenEdges(this.data, this.state).chosen.flatMap(({ source, target }) => [source, target]).concat(creator === null ? [] : [creator]));
  }

  edges() {
    const { chosen } = chosenEdges(this.data, this.state);
    if (!chosen.length) return [];
    const alpha = Math.max(chosen[0].whole ? 14 : 40, Math.min(190, 4000 / Math.sqrt(chosen.length)) * (chosen[0].whole ? 0.35 : 1));
    return [
      new PathLayer({
        id: 'edges',
        data: chosen,
        getPath: (edge) => this.path(edge),
        getColor: (edge) => [...this.edgeColour(edge), alpha],
        getWidth: 1.3,
        widthUnits: 'pixels',
      }),
    ];
  }

  path(edge) {
    return this.lines.of(edge, this.state.values.creator === null);
  }

  /** Of the whole network the colour of the cluster where it begins. */
  edgeColour({ source, out, whole }) {
    if (!whole) return out ? OUT : IN;
    return clusterColour(this.data.clusters.find(({ id }) => id === this.data.creators[source].cluster) ?? this.data.clusters.at(-1));
  }

  /** The creators of a small cohort, whose handles stand at their dots. */
  fewCreators() {
    const { creators } = this.data;
    if (creators.length >= FEW) return [];
    const shown = this.state.shown();
    return this.placed.filter((index) => shown[index]).map((index) => ({ id: '', handle: creators[index].handle, label: [creators[index].x, creators[index].y] }));
  }

  names() {
    const hidden = new Set(this.state.values.hidden);
    const narrow = this.parent.clientWidth < 500; // a phone: names stand in the legend
    const wanted = this.state.values.names ? this.data.clusters.filter((cluster) => cluster.label && !hidden.has(cluster.id)) : [];
    const said = ({ handle, id }) => (handle ? visible(handle) : narrow ? `${id}` : clusterName(this.data, id));
    this.named = { zoom: this.asked.zoom, ...apart([...wanted, ...(this.state.values.names ? this.fewCreators() : [])], said, 2 ** this.asked.zoom) };
    const named = this.named.named.filter(([, text]) => text);
    if (!named.length) return []; // the renderer cannot draw no letters
    return [
      new TextLayer({
        id: 'names',
        data: named,
        characterSet: 'auto',
        fontFamily: 'system-ui, sans-serif',
        fontWeight: 600,
        fontSettings: { sdf: true, buffer: 8 },
        getText: ([, text]) => text,
        getPosition: ([{ label }]) => [label[0], 1 - label[1]],
        getSize: LETTER,
        getAlignmentBaseline: 'bottom',
        getPixelOffset: [0, -4],
        getColor: this.ink,
        outlineColor: [...this.paper, 230],
        outlineWidth: 5,
      }),
    ];
  }
}

/** Whether there is no GPU behind WebGL. */
function drawnByProcessor() {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return true;
  const named = gl.getExtension('WEBGL_debug_renderer_info');
  return /swiftshader|llvmpipe|softpipe|software/i.test(named ? gl.getParameter(named.UNMASKED_RENDERER_WEBGL) : '');
}
