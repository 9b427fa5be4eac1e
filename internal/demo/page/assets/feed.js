// The feed as the server sends it. After a broken connection the browser asks
// again by itself, and gets what became different meanwhile.

const kinds = ["reset", "card", "mail", "history", "lag", "status"];

// follow hands on what comes, in batches: a burst is drawn at once. A timer runs
// in a hidden tab too, where animation frames do not.
export function follow({ batch, connected }) {
  let pending = [];
  const source = new EventSource("/api/feed");
  const flush = () => {
    const items = pending;
    pending = [];
    batch(items);
  };
  for (const kind of kinds) {
    source.addEventListener(kind, (e) => {
      if (pending.length === 0) setTimeout(flush, 30);
      pending.push([kind, JSON.parse(e.data)]);
    });
  }
  source.onopen = () => connected(true);
  source.onerror = () => connected(false);
}
