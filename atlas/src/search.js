// The search: several words, each of which must be in what is known of a creator; "words in quotation marks" stay together.

import { clusterName, visible, words } from './dom.js';

const AROUND = 45; // letters of a snippet on each side

/** Finds creators by all that is known of them, and says where. */
export class Search {
  constructor(data) {
    this.data = data;
    this.own = data.columns.filter(({ group, kind }) => group === 'own' && (kind === 'text' || kind === 'category'));
    this.texts = data.creators.map((_, index) => this.of(index).map(([, text]) => text).join('\n').toLowerCase());
  }

  /** [where, text] of all that can be searched of a creator. */
  of(index) {
    const { creators, clusters, reels } = this.data;
    const creator = creators[index];
    const cluster = clusters.find(({ id }) => id === creator.cluster);
    return [
      ['handle', creator.handle],
      ['name', creator.name],
      ['cluster', clusterName(this.data, creator.cluster)],
      ['words of the cluster', cluster?.words?.join(', ')],
      ...this.own.map((column) => [column.label, column.values[index]]),
      ...creator.reels.flatMap((place) => {
        const { id, description, caption, speech, music } = reels[place];
        return [['reel', id], ['description', description], ['caption', caption], ['speech', speech], ['music', music]];
      }),
    ]
      .filter(([, text]) => text)
      .map(([where, text]) => [where, visible(text)]);
  }

  /** The creators that have all words of a query; null where it asks for nothing. */
  matches(query) {
    const sought = words(query);
    if (!sought.length) return null;
    return new Set(this.texts.flatMap((text, index) => (sought.every((word) => text.includes(word)) ? [index] : [])));
  }

  /** How often the words of a query occur at a creator, and a piece of the text that has the most of them. */
  snippet(index, query) {
    const sought = words(query);
    const count = (text) => sought.reduce((sum, word) => sum + text.split(word).length - 1, 0);
    let best = { different: 0, where: '', text: '' };
    for (const [where, text] of this.of(index)) {
      const different = sought.filter((word) => text.toLowerCase().includes(word)).length;
      if (different > best.different) best = { different, where, text };
    }
    const places = sought.map((word) => best.text.toLowerCase().indexOf(word)).filter((place) => place >= 0);
    const from = Math.max(0, Math.min(...places) - AROUND);
    const to = Math.min(...places) + AROUND * 2;
    const text = `${from > 0 ? '…' : ''}${best.text.slice(from, to)}${to < best.text.length ? '…' : ''}`;
    return { count: count(this.texts[index]), where: best.where, text };
  }
}
