// The feed as the server sends it. After a broken connection the browser asks
// again by itself, and gets what became different meanwhile.

const kinds = ["reset", "card", "mail", "history", "lag", "status"];

// follow hands on what comes, in batches: a burst is drawn at once, and never for
// more than half of the time, so that the page answers meanwhile. A timer runs in
// a hidden tab too, where animation frames do not.
export function follow({ batch, connected }) {
  let pending = [];
  let busy = 0; // How long the last batch took, in milliseconds.
  const source = new EventSource("/api/feed");
  const flush = () => {
    const items = pending;
    pending = [];
    const start = performance.now();
    batch(items);
    setTimeout(() => { busy = Math.min(500, performance.now() - start); });
  };
  for (const kind of kinds) {
    source.addEventListener(kind, (e) => {
      if (pending.length === 0) setTimeout(flush, Math.max(30, busy));
      pending.push([kind, JSON.parse(e.data)]);
    });
  }
  source.onopen = () => connected(true);
  source.onerror = () => connected(false);
}
