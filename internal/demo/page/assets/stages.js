// The stages and servers: how each does, how far it is behind, and the buttons
// that break it. An element stays as long as its part does, so that the focus does.
import { make, say } from "./dom.js";
import { count, took } from "./format.js";
import { Spark } from "./spark.js";

// From where on a lag is worth a colour: a stage at work is always a little behind.
const much = 50;
const long = 2000; // In milliseconds.

const unknown = { lag: -1, unit: "", behind_ms: 0 };

export class Stages {
  constructor(tell) {
    this.tell = tell;
    this.list = document.getElementById("parts");
    this.overall = document.getElementById("overall");
    this.tiles = new Map(); // By the part's name.
  }

  draw(model) {
    const stages = model.parts.filter(killable);
    const servers = model.parts.filter((p) => !killable(p));
    const order = [...stages, ...servers].map((p) => p.name).join();
    if (order !== this.order) this.build(stages, servers, order);
    for (const p of model.parts) this.tiles.get(p.name).draw(p, model.lags);
    overall(this.overall, model);
  }

  build(stages, servers, order) {
    this.order = order;
    const tile = (p, T) => {
      if (!this.tiles.has(p.name)) this.tiles.set(p.name, new T(p.name, this.tell));
      return this.tiles.get(p.name).element;
    };
    const rest = make("li", "servers", make("ul", "", ...servers.map((p) => tile(p, Server))));
    this.list.replaceChildren(...stages.map((p) => tile(p, Stage)), rest);
  }
}

const killable = (p) => p.kind === "stage";

class Stage {
  constructor(name, tell) {
    this.name = name;
    this.tell = tell;
    this.state = make("span", "state");
    this.kill = make("button", "small danger", "Kill");
    this.kill.type = "button";
    this.kill.setAttribute("aria-label", `Kill ${name}`);
    this.kill.addEventListener("click", () => this.shoot());
    this.fact = make("p", "fact");
    this.spark = new Spark();
    this.lag = make("p", "lag");
    this.element = make("li", "tile",
      make("div", "head", make("h3", "", name), this.state, this.kill), this.fact,
      make("div", "graph", this.spark.element, this.lag));
  }

  draw(part, lags) {
    this.element.dataset.state = part.state;
    say(this.state, part.state);
    this.recovery(part);
    const facts = [part.restarts && count(part.restarts, "restart"), this.back, part.pid && `pid ${part.pid}`];
    say(this.fact, part.reason || facts.filter(Boolean).join(" · "));
    this.fact.title = part.reason;
    this.kill.setAttribute("aria-disabled", String(!part.pid));
    this.drawLag(lags.map((l) => l.stages.find((s) => s.name === part.name) ?? unknown));
  }

  drawLag(lags) {
    this.spark.draw(lags.map((l) => Math.max(0, l.lag)));
    const now = lags.at(-1) ?? unknown;
    this.element.classList.toggle("behind", now.lag >= much || now.behind_ms >= long);
    say(this.lag, behind(now));
    this.lag.title = now.unit;
  }

  // recovery measures how long the stage was gone.
  recovery(part) {
    const gone = part.state === "killed" || (part.state === "starting" && this.died);
    if (gone && !this.died) this.died = performance.now();
    if (part.state === "running" && this.died) {
      this.back = `back in ${took(performance.now() - this.died)}`;
      this.died = 0;
    }
  }

  async shoot() {
    if (this.kill.getAttribute("aria-disabled") === "true") return;
    await post(`/api/stages/${encodeURIComponent(this.name)}/kill`, {}, this.tell);
  }
}

function behind(lag) {
  if (lag.lag < 0) return "lag not known";
  if (lag.lag === 0) return "up to date";
  return count(lag.lag, "behind", "behind") + (lag.behind_ms > 0 ? ` · ${took(lag.behind_ms)}` : "");
}

// Which servers can be started again while the rest runs.
const restartable = ["MySQL", "broker"];

class Server {
  constructor(name, tell) {
    this.state = make("span", "state");
    this.element = make("li", "", make("span", "name", name), this.state);
    if (!restartable.includes(name)) return;
    const button = make("button", "small tiny", "Restart");
    button.type = "button";
    button.setAttribute("aria-label", `Restart ${name}`);
    button.addEventListener("click", async () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      await post(`/api/servers/${encodeURIComponent(name)}/restart`, {}, tell);
      button.setAttribute("aria-disabled", "false");
    });
    this.element.append(button);
  }

  draw(part) {
    this.element.dataset.state = part.state;
    this.element.title = part.reason;
    say(this.state, part.reason ? `${part.state}: ${part.reason}` : part.state);
  }
}

// overall says in a line how all of it does.
function overall(e, model) {
  const grave = ["failed", "killed", "stopped", "waiting", "starting"];
  const bad = model.parts.filter((p) => p.state !== "running").sort((a, b) => grave.indexOf(a.state) - grave.indexOf(b.state));
  const worst = bad[0];
  e.dataset.state = worst?.state ?? (model.parts.length > 0 ? "running" : "starting");
  if (model.parts.length === 0) say(e, "Starting");
  else if (!worst) say(e, `All ${model.parts.length} parts run`);
  else say(e, `${worst.name} ${worst.state}${bad.length > 1 ? `, ${bad.length - 1} more not running` : ""}`);
}

// post asks for something to be done, and tells why it was not.
export async function post(address, body, tell) {
  try {
    const r = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (r.ok) return true;
    const answer = await r.json().catch(() => ({}));
    tell(answer.error ?? `The demo answered ${r.status}.`);
  } catch (e) {
    tell(`The demo does not answer: ${e.message}`);
  }
  return false;
}
