// What the page knows: the newest of what the feed told, without any element.

import { count } from "./format.js";

export const kept = 200; // As many changes, and as many mails, as the server keeps.

export class Model {
  constructor() { this.reset(); }

  reset() {
    this.cards = new Map(); // By the change's id.
    this.mails = new Map(); // By the mail's number.
    this.facts = new Map(); // The history's rows, by their id.
    this.parts = [];
    this.lags = [];
    this.ended = "";
    this.changed = new Set(); // The ids of the cards that differ since the last draw.
    this.fresh = true;
  }

  // apply takes one item of the feed. An item comes whole, and replaces what was
  // there under its id.
  apply(kind, data) {
    switch (kind) {
      case "reset": this.reset(); break;
      case "card": this.cards.set(data.id, data); this.changed.add(data.id); break;
      case "mail": this.mails.set(data.id, data); break;
      case "history": this.facts.set(data.id, data); break;
      case "lag": this.sample(data); break;
      case "status": this.parts = data.parts ?? []; this.ended = data.ended; break;
    }
  }

  sample(data) {
    if (this.lags.some((l) => l.at === data.at)) return;
    this.lags.push(data);
    this.lags.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    this.lags.splice(0, this.lags.length - 120);
  }

  // trim forgets what the server has forgotten too.
  trim() {
    this.newest = [...this.cards.values()].sort((a, b) => b.order - a.order);
    for (const old of this.newest.splice(kept)) this.cards.delete(old.id);
    forget(this.mails);
    forget(this.facts);
  }

  part(name) { return this.parts.find((p) => p.name === name); }

  // reason says which of the parts that are asked for cannot work, and why, or
  // which has the most to do; empty where all can, and have nothing to do.
  reason(asked) {
    const parts = this.parts.filter(asked);
    const broken = parts.find((p) => p.state !== "running");
    if (broken) return `${broken.name}: ${broken.reason || broken.state}`;
    const lags = (this.lags.at(-1)?.stages ?? []).filter((l) => l.lag > 0 && parts.some((p) => p.name === l.name));
    const most = lags.sort((a, b) => b.lag - a.lag)[0];
    return most ? `${most.name} has ${count(most.lag, "more", "more")} to do first` : "";
  }
}

// forget drops what came first of more than is kept.
function forget(items) {
  for (const id of [...items.keys()].slice(0, Math.max(0, items.size - kept))) items.delete(id);
}

// customer is whose change a card shows; empty where that cannot be told.
export function customer(card) {
  for (const json of [card.row?.key, card.events[0]?.detail]) {
    try {
      const id = JSON.parse(json)?.id;
      if (id !== undefined) return String(id);
    } catch { /* Not every key is an object. */ }
  }
  return "";
}

// total is the time from the commit to the last thing that came of it.
export function total(card) {
  const all = [card.row, ...card.events, ...card.effects].map((x) => x?.ms ?? null).filter((ms) => ms !== null);
  return all.length > 0 ? Math.max(...all) : null;
}
