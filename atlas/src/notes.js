// Tags, notes and names that people give in the page. The page keeps nothing by itself: they are saved as a file, and loaded.

import { visible } from './dom.js';

const FORMAT = 'reel-atlas-notes';
const VERSION = 1;

/** Tags and notes of creators and names of clusters; `changed` is called after each change. */
export class Notes {
  constructor(data, changed) {
    Object.assign(this, { data, changed, tags: new Map(), notes: new Map(), unsaved: false });
    window.addEventListener('beforeunload', (event) => {
      if (this.unsaved) event.preventDefault();
    });
  }

  /** Give creators a tag, or take it from them. */
  tag(name, indices, given = true) {
    const clean = this.known(name);
    if (!clean) return;
    const tagged = this.tags.get(clean) ?? new Set();
    for (const index of indices) given ? tagged.add(index) : tagged.delete(index);
    if (tagged.size) this.tags.set(clean, tagged);
    else this.tags.delete(clean);
    this.tell();
  }

  /** A tag as it is kept: it becomes a column's name, so what parts the columns of a file is left out, and case makes no other tag. */
  known(name) {
    const clean = visible(name).replace(/[\s,;"]+/g, ' ').trim();
    return [...this.tags.keys()].find((tag) => tag.toLowerCase() === clean.toLowerCase()) ?? clean;
  }

  note(index, text) {
    if (text.trim()) this.notes.set(index, text.trim());
    else this.notes.delete(index);
    this.tell();
  }

  /** Name a cluster; an empty name gives it back the workflow's. */
  name(cluster, text) {
    cluster.given = visible(text).trim() || undefined;
    this.tell();
  }

  of(index) {
    return [...this.tags].filter(([, tagged]) => tagged.has(index)).map(([name]) => name);
  }

  tell(unsaved = true) {
    this.unsaved = unsaved;
    const columns = [...this.tags].map(([name, tagged]) => ({ key: `tag ${name}`, label: `tag: ${name}`, kind: 'category', group: 'tags', values: this.data.creators.map((_, index) => (tagged.has(index) ? 'yes' : 'no')) }));
    this.data.columns = [...this.data.columns.filter(({ group }) => group !== 'tags'), ...columns];
    this.changed();
  }

  /** The file: creators and the clusters' medoids by their ids, which survive another run. */
  file() {
    const { creators, clusters, name } = this.data;
    const id = (index) => creators[index].id;
    const given = clusters.filter((cluster) => cluster.given && cluster.medoid).map((cluster) => [cluster.medoid, cluster.given]);
    const whole = {
      format: FORMAT,
      version: VERSION,
      study: name,
      names: { given: Object.fromEntries(given) },
      tags: Object.fromEntries([...this.tags].map(([tag, tagged]) => [tag, [...tagged].map(id).sort()])),
      notes: Object.fromEntries([...this.notes].map(([index, text]) => [id(index), text])),
    };
    return `${JSON.stringify(whole, null, 2)}\n`;
  }

  /** Take over a file, beside what there is; returns a sentence about what could not be taken over. */
  load(text) {
    let given = null;
    try {
      given = JSON.parse(text);
    } catch {
      return 'This file is no JSON: choose one that was saved here.';
    }
    if (given?.format !== FORMAT || given.version !== VERSION) return `This file is not of the format ${FORMAT}, version ${VERSION}: choose one that was saved here.`;
    const places = new Map(this.data.creators.map(({ id }, index) => [id, index]));
    const medoids = new Map(this.data.clusters.map((cluster) => [cluster.medoid, cluster]));
    let missing = 0;
    const known = (map, key) => {
      if (!map.has(key)) missing += 1;
      return map.get(key);
    };
    for (const [tag, ids] of entries(given.tags)) {
      const indices = (Array.isArray(ids) ? ids : []).map((id) => known(places, id)).filter((index) => index !== undefined);
      const clean = this.known(tag);
      if (clean && indices.length) this.tags.set(clean, new Set([...(this.tags.get(clean) ?? []), ...indices]));
    }
    for (const [id, note] of entries(given.notes)) if (known(places, id) !== undefined) this.notes.set(places.get(id), String(note));
    for (const [medoid, name] of entries(given.names?.given)) if (known(medoids, medoid)) medoids.get(medoid).given = visible(name) || undefined;
    this.tell(false);
    return missing ? `Loaded; ${missing} entries are about creators or medoids that this atlas does not have.` : 'Loaded.';
  }
}

function entries(given) {
  return given && typeof given === 'object' ? Object.entries(given) : [];
}
