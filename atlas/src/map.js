// The map, drawn by deck.gl: dots, ellipses, names, follow edges. Everything is redrawn from the state.

import { Deck, OrthographicView } from '@deck.gl/core';
import { PathLayer, ScatterplotLayer, TextLayer } from '@deck.gl/layers';
import { clusterColour, colouring } from './colours.js';
import { visible } from './dom.js';
import { FEW, LETTER, apart } from './names.js';

const OUT = [213, 94, 0]; // follows of the selected creator
const IN = [0, 114, 178]; // follows that the selected creator receives
const FADED = 28;

/** Draws into a canvas's parent; `pick` is told which creator was clicked (null: none), `hover` which is pointed at. */
export class CreatorMap {
  constructor(parent, data, state, { pick, hover }) {
    Object.assign(this, { parent, data, state });
    this.placed = data.creators.map((_, index) => index).filter((index) => data.creators[index].x !== null);
    this.positions = new Float32Array(this.placed.flatMap((index) => [data.creators[index].x, 1 - data.creators[index].y]));
    this.matches = null;
    this.asked = this.viewState();
    this.deck = new Deck({
      parent,
      views: new OrthographicView({ flipY: true, controller: { keyboard: false } }),
      viewState: this.asked,
      onViewStateChange: ({ viewState, interactionState }) => this.move(viewState, interactionState.isPanning),
      onAfterRender: ({ device }) => {
        this.slow ??= drawnByProcessor(device.gl);
        this.drawnAt = this.asked;
        this.canvas ??= this.parent.querySelector('canvas');
        if (!this.moved) this.canvas.style.transform = '';
      },
      onHover: (found) => hover(this.creatorOf(found), found.x, found.y),
      onClick: (found) => pick(this.creatorOf(found)),
      onDragStart: () => this.drag(true),
      onDragEnd: () => this.drag(false),
      getCursor: ({ isDragging, isHovering }) => (isDragging ? 'grabbing' : isHovering ? 'pointer' : 'grab'),
      // Dots, lines and letters smooth their own edges: several samples a pixel would be work for nothing.
      deviceProps: { type: 'webgl', webgl: { antialias: false } },
      useDevicePixels: true,
      pickingRadius: 4,
      layers: [],
    });
    new ResizeObserver(() => {
      if (!this.state.values.view) this.look();
    }).observe(parent);
  }

  /** While the map is dragged, nobody is pointed at: dots need not be found under the pointer. */
  drag(dragged) {
    this.deck.setProps({ layers: this.deck.props.layers.map((layer) => (layer.id === 'creators' ? layer.clone({ pickable: !dragged, autoHighlight: !dragged }) : layer)) });
  }

  creatorOf({ layer, index }) {
    return layer?.id === 'creators' && index >= 0 ? this.placed[index] : null;
  }

  /** The view of the state, or all of the map. */
  viewState() {
    const side = Math.max(100, Math.min(this.parent.clientWidth, this.parent.clientHeight));
    const [x, y, zoom] = this.state.values.view ?? [0.5, 0.5, Math.log2(side / 1.34)];
    return { target: [x, y, 0], zoom, minZoom: 6, maxZoom: 20 };
  }

  move(given, panning) {
    // The end of a drag says where it began, as the controller was not told of its way.
    const viewState = this.moved && !panning ? this.seen : given;
    this.moved = Boolean(panning && this.slow && this.drawnAt);
    if (this.moved) {
      // Without a GPU drawing takes long: the picture is moved as it is, and drawn anew where it comes to rest.
      const [right, down] = [0, 1].map((axis) => (this.drawnAt.target[axis] - viewState.target[axis]) * 2 ** viewState.zoom);
      this.canvas.style.transform = `translate(${right}px, ${down}px)`;
    } else {
      this.asked = viewState;
      this.deck.setProps({ viewState });
    }
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.state.set({ view: [viewState.target[0], viewState.target[1], viewState.zoom] });
      if (this.moved) this.look();
      else this.rename();
    }, 150);
    this.seen = viewState;
  }

  /** Move by shares of the window, and zoom by steps. */
  nudge(right, down, closer) {
    const { target, zoom } = this.seen ?? this.viewState();
    const step = (0.15 * Math.min(this.parent.clientWidth, this.parent.clientHeight)) / 2 ** zoom;
    const view = [target[0] + right * step, target[1] + down * step, Math.min(20, Math.max(6, zoom + closer * 0.5))];
    this.go(view);
  }

  /** Bring a creator into the middle. */
  show(index) {
    const { x, y } = this.data.creators[index];
    if (x === null) return;
    const { zoom } = this.seen ?? this.viewState();
    this.go([x, 1 - y, zoom]);
  }

  /** Show a view, or the whole map (null). */
  go(view) {
    this.state.set({ view });
    this.look();
  }

  /** Draw where the state says. */
  look() {
    this.seen = null;
    this.moved = false;
    this.asked = this.viewState();
    this.deck.setProps({ viewState: this.asked });
    this.rename();
  }

  /** Draw anew. */
  draw(matches) {
    this.matches = matches;
    const ink = getComputedStyle(this.parent).color.match(/\d+/g).slice(0, 3).map(Number);
    const paper = getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number);
    this.named = { ink, paper, zoom: this.asked.zoom };
    this.deck.setProps({ layers: [...this.ellipses(), ...this.edges(), this.dots(ink, paper), ...this.names(ink, paper)] });
  }

  /** Place the names anew where the zoom is another one: what has room changes with it. */
  rename() {
    if (!this.named || this.named.zoom === this.asked.zoom) return;
    this.named.zoom = this.asked.zoom;
    const others = this.deck.props.layers.filter((layer) => layer.id !== 'names');
    this.deck.setProps({ layers: [...others, ...this.names(this.named.ink, this.named.paper)] });
  }

  dots(ink, paper) {
    const { data, state, placed } = this;
    const colour = colouring(data, state.values.colour);
    const shown = state.shown();
    const colours = new Uint8Array(placed.length * 4);
    const radii = new Float32Array(placed.length);
    const usual = Math.min(6, Math.max(2.2, 90 / Math.sqrt(Math.max(placed.length, 1))));
    const near = this.neighbours();
    placed.forEach((index, place) => {
      const selected = index === state.values.creator;
      const found = this.matches === null || this.matches.has(index);
      const inFocus = found && (near === null || near.has(index));
      colours.set([...colour.of(index), inFocus || selected ? 235 : FADED + 30], place * 4);
      radii[place] = !shown[index] && !selected ? 0 : selected ? usual * 1.9 : this.matches !== null && found ? usual * 1.5 : usual;
    });
    return new ScatterplotLayer({
      id: 'creators',
      data: {
        length: placed.length,
        attributes: {
          getPosition: { value: this.positions, size: 2 },
          getFillColor: { value: colours, size: 4, normalized: true },
          getRadius: { value: radii, size: 1 },
        },
      },
      radiusUnits: 'pixels',
      stroked: placed.length < 2000,
      getLineColor: paper,
      lineWidthUnits: 'pixels',
      getLineWidth: 0.8,
      pickable: true,
      autoHighlight: true,
      highlightColor: [...ink, 90],
    });
  }

  /** Whom the selected creator or cluster is tied to; null where nothing is selected or edges are off. */
  neighbours() {
    const { creator, cluster, edges } = this.state.values;
    if (!edges || (creator === null && cluster === null)) return null;
    return new Set(this.chosenEdges().flatMap(({ source, target }) => [source, target]).concat(creator === null ? [] : [creator]));
  }

  chosenEdges() {
    const { creator, cluster, edges } = this.state.values;
    if (!edges) return [];
    const { creators } = this.data;
    const shown = this.state.shown();
    const chosen = [];
    for (const [source, target] of this.data.edges) {
      const out = creator !== null ? source === creator : cluster !== null && creators[source].cluster === cluster;
      const back = creator !== null ? target === creator : cluster !== null && creators[target].cluster === cluster;
      if ((out || back) && shown[source] && shown[target] && creators[source].x !== null && creators[target].x !== null) {
        chosen.push({ source, target, out });
      }
    }
    return chosen;
  }

  edges() {
    const chosen = this.chosenEdges();
    if (!chosen.length) return [];
    const { creators } = this.data;
    const alpha = Math.max(40, Math.min(190, 4000 / Math.sqrt(chosen.length)));
    const place = (index) => [creators[index].x, 1 - creators[index].y];
    return [
      new PathLayer({
        id: 'edges',
        data: chosen,
        getPath: (edge) => arc(place(edge.source), place(edge.target)),
        getColor: (edge) => [...(edge.out ? OUT : IN), alpha],
        getWidth: 1.3,
        widthUnits: 'pixels',
      }),
    ];
  }

  ellipses() {
    if (!this.state.values.ellipses) return [];
    const hidden = new Set(this.state.values.hidden);
    const drawn = this.data.clusters.filter((cluster) => cluster.ellipse && !hidden.has(cluster.id));
    return [
      new PathLayer({
        id: 'ellipses',
        data: drawn,
        getPath: (cluster) => around(cluster.ellipse),
        getColor: (cluster) => [...clusterColour(cluster), 200],
        getWidth: 1.5,
        widthUnits: 'pixels',
      }),
    ];
  }

  /** The creators of a small cohort, whose handles stand at their dots. */
  fewCreators() {
    const { creators } = this.data;
    if (creators.length >= FEW) return [];
    const shown = this.state.shown();
    return this.placed.filter((index) => shown[index]).map((index) => ({ id: '', handle: creators[index].handle, label: [creators[index].x, creators[index].y] }));
  }

  names(ink, paper) {
    if (!this.state.values.names) return [];
    const hidden = new Set(this.state.values.hidden);
    const narrow = this.parent.clientWidth < 500; // a phone: names stand in the legend
    const wanted = this.data.clusters.filter((cluster) => cluster.label && !hidden.has(cluster.id));
    const said = ({ handle, id, name }) => (handle ? visible(handle) : narrow ? `${id}` : `${id}  ${visible(name)}`);
    const named = apart([...wanted, ...this.fewCreators()], said, 2 ** this.asked.zoom).filter(([, text]) => text);
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
        getColor: ink,
        outlineColor: [...paper, 230],
        outlineWidth: 5,
      }),
    ];
  }
}

/** A line that bends to its right, so that two who follow each other have two lines. */
function arc([x, y], [toX, toY]) {
  const [overX, overY] = [(x + toX) / 2 - 0.1 * (toY - y), (y + toY) / 2 + 0.1 * (toX - x)];
  return Array.from({ length: 13 }, (_, step) => {
    const t = step / 12;
    const [start, over, end] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return [start * x + over * overX + end * toX, start * y + over * overY + end * toY];
  });
}

/** Whether there is no GPU behind WebGL. */
function drawnByProcessor(gl) {
  const named = gl.getExtension('WEBGL_debug_renderer_info');
  return /swiftshader|llvmpipe|softpipe|software/i.test(named ? gl.getParameter(named.UNMASKED_RENDERER_WEBGL) : '');
}

/** The points of an ellipse: [x, y, width, height, degrees] in the map's units. */
function around([x, y, width, height, degrees]) {
  const turn = (degrees * Math.PI) / 180;
  return Array.from({ length: 65 }, (_, step) => {
    const angle = (step / 64) * 2 * Math.PI;
    const [along, across] = [(width / 2) * Math.cos(angle), (height / 2) * Math.sin(angle)];
    return [x + along * Math.cos(turn) - across * Math.sin(turn), 1 - (y + along * Math.sin(turn) + across * Math.cos(turn))];
  });
}
