// The page follows the feed: every item comes whole, and replaces what was
// there under its id.
import { card, mail, pace, parts } from "./render.js";
import { wireSQL } from "./sql.js";

const kept = 200; // As many as the server keeps.
const feed = document.getElementById("feed");
const mails = document.getElementById("mails");
const notice = document.getElementById("notice");

let cards = new Map(); // What each card is drawn from, and as, by its id.
let pending = [];
let ended = "";

function tell(text) {
  notice.textContent = text;
  notice.hidden = text === "";
}

// put replaces an element or inserts a new one on top, newest first.
function put(list, element, order) {
  element.dataset.order = order;
  let next = list.firstElementChild;
  while (next && Number(next.dataset.order) > order) next = next.nextElementSibling;
  list.insertBefore(element, next);
  while (list.childElementCount > kept) list.lastElementChild.remove();
}

function apply(kind, data) {
  switch (kind) {
    case "reset":
      cards = new Map();
      feed.replaceChildren();
      mails.replaceChildren();
      return;
    case "card": {
      const known = cards.get(data.id)?.element;
      const element = card(data, known);
      cards.set(data.id, { data, element });
      if (known && known.isConnected) {
        element.dataset.order = data.order;
        known.replaceWith(element);
      } else {
        put(feed, element, data.order);
      }
      if (cards.size > 2 * kept) cards = new Map([...cards].filter(([, c]) => c.element.isConnected));
      return;
    }
    case "mail":
      put(mails, mail(data), data.id);
      document.getElementById("mail-count").textContent =
        mails.childElementCount === 1 ? "1 mail" : `${mails.childElementCount} mails`;
      return;
    case "status":
      document.getElementById("parts").replaceChildren(...parts(data.parts));
      ended = data.ended;
      if (ended) tell(`The demo has ended: ${ended}`);
  }
}

// A burst is drawn at once. A timer runs in a hidden tab too, where animation
// frames do not.
function draw() {
  const batch = pending;
  pending = [];
  for (const [kind, data] of batch) apply(kind, data);
  const summary = pace([...cards.values()].map((c) => c.data));
  if (summary) document.getElementById("pace").textContent = summary;
}

function follow() {
  const source = new EventSource("/api/feed");
  for (const kind of ["reset", "card", "mail", "status"]) {
    source.addEventListener(kind, (e) => {
      if (pending.length === 0) setTimeout(draw, 20);
      pending.push([kind, JSON.parse(e.data)]);
    });
  }
  source.onopen = () => { if (!ended) tell(""); };
  source.onerror = () => {
    if (!ended) tell("The demo does not answer. The page goes on by itself when it is back.");
  };
}

wireSQL();
follow();
