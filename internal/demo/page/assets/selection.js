// Which change is shown in full: the one that somebody chose, or the latest. The
// latest does not push away what was only just shown, nor what is being read.

const dwell = 900; // How long a change is shown at least, in milliseconds.

export class Selection {
  constructor() { this.follow(); }

  pin(id) {
    this.pinned = id;
    this.id = id;
  }

  follow() {
    this.pinned = null;
    this.since = 0;
  }

  // choose returns the id to show, and after how many milliseconds to ask again
  // where a newer one waits.
  choose(model, reading) {
    if (this.pinned && !model.cards.has(this.pinned)) this.follow();
    const latest = model.newest[0]?.id ?? null;
    if (this.pinned || latest === this.id) return { id: this.id, again: 0 };
    const now = performance.now();
    const shown = model.cards.has(this.id);
    const wait = this.since + dwell - now;
    if (shown && (reading || wait > 0)) return { id: this.id, again: Math.max(wait, 200) };
    this.id = latest;
    this.since = now;
    return { id: latest, again: 0 };
  }
}
