// The page: what the feed tells goes into the model, and what changed there is
// drawn, once for each batch.
import { Announcer } from "./announce.js";
import { Changes } from "./changes.js";
import { say } from "./dom.js";
import { count } from "./format.js";
import { follow } from "./feed.js";
import { History } from "./history.js";
import { Mailbox } from "./mailbox.js";
import { Model } from "./model.js";
import { Selection } from "./selection.js";
import { wireSQL } from "./sql.js";
import { post, Stages } from "./stages.js";
import { Way } from "./way.js";

const model = new Model();
const selection = new Selection();
const way = new Way();
const changes = new Changes((id) => { selection.pin(id); draw(); });
const views = { mailbox: new Mailbox(), history: new History(), stages: new Stages(tell), announcer: new Announcer() };
const notice = document.getElementById("notice");
const latest = document.getElementById("latest");
const smtp = document.getElementById("smtp");
let again;
let silent;

function draw() {
  model.trim();
  const { id, again: wait } = selection.choose(model, way.reading());
  clearTimeout(again);
  if (wait > 0) again = setTimeout(draw, wait);
  const card = model.cards.get(id);
  changes.draw(model, id, selection.pinned !== null);
  way.show(card, model);
  const newer = card ? model.newest[0].order - card.order : 0;
  latest.hidden = newer === 0 && selection.pinned === null;
  say(latest, newer > 0 ? `Show the latest (${count(newer, "newer", "newer")})` : "Follow the latest");
  views.mailbox.draw(model, card);
  views.history.draw(model, card);
  views.stages.draw(model);
  views.announcer.listen(model);
  const server = model.part("mail server");
  if (server && !smtp.disabled) smtp.checked = server.state === "running";
  model.changed.clear();
  model.fresh = false;
}

// tell shows a sentence above everything, and takes it away again unless it holds
// until something else is told.
function tell(text, holds = false) {
  say(notice, text);
  notice.hidden = text === "";
  clearTimeout(silent);
  if (!holds) silent = setTimeout(() => { notice.hidden = true; }, 8000);
}

latest.addEventListener("click", () => { selection.follow(); draw(); });
smtp.addEventListener("change", async () => {
  smtp.disabled = true; // It takes as long as a conversation that has begun.
  await post("/api/smtp", { down: !smtp.checked }, tell);
  smtp.disabled = false;
  draw();
});
wireSQL();
follow({
  batch(items) {
    for (const [kind, data] of items) model.apply(kind, data);
    draw();
    if (model.ended) tell(`The demo has ended: ${model.ended}`, true);
  },
  connected(yes) {
    if (yes) tell("");
    else if (!model.ended) tell("The demo does not answer. The page goes on by itself when it is back.", true);
  },
});
