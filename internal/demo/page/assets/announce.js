// What a screen reader is told: not every step of every change, but what came of
// the last few seconds, in one sentence, and each stage that dies or comes back.
import { say } from "./dom.js";
import { count } from "./format.js";

const pause = 2500; // Between two sentences, in milliseconds.

export class Announcer {
  constructor() {
    this.place = document.getElementById("live");
    this.states = new Map();
    this.events = null; // Which were told; null until the past has been read.
    this.sentences = [];
  }

  listen(model) {
    for (const p of model.parts) {
      const before = this.states.get(p.name);
      this.states.set(p.name, p.state);
      if (before && before !== p.state) this.tell(`${p.name} ${p.state}`);
    }
    const events = new Map(model.newest.flatMap((c) => c.events.map((e) => [e.id, e.title])));
    if (this.events) {
      const fresh = [...events].filter(([id]) => !this.events.has(id));
      if (fresh.length === 1) this.tell(fresh[0][1]);
      if (fresh.length > 1) this.tell(count(fresh.length, "event"));
    }
    this.events = events;
  }

  tell(sentence) {
    this.sentences.push(sentence);
    this.timer ??= setTimeout(() => {
      say(this.place, this.sentences.slice(-4).join(". "));
      this.sentences = [];
      this.timer = undefined;
    }, pause);
  }
}
