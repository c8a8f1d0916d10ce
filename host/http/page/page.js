// The page: hears a status a second, and shows it. All that comes from the pipeline is put in as text, never as HTML.

const $ = id => document.getElementById(id);
const HISTORY = 60; // seconds of a line
const LETTERS_SHOWN = 50;

const ENDED = "has ended";

let graph = null, last = null, over = false, token = "", shape = "";
const lines = new Map(); // rates of each stage; "" is that of all sinks

// --- words -----------------------------------------------------------------------------------------------------------

function figure(x) {
  if (x === null || x === undefined || !isFinite(x)) return "–";
  for (const [unit, size] of [["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e4]])
    if (x >= size) {
      const value = x / (unit === "k" ? 1e3 : size);
      return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0) + unit;
    }
  return x >= 1000 ? Math.round(x).toLocaleString("en") : x >= 10 || Number.isInteger(x) ? String(Math.round(x)) : x.toFixed(1);
}

function bytes(x) {
  if (x === null || x === undefined) return "–";
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]])
    if (x >= size) return (x / size).toFixed(x / size < 10 ? 1 : 0) + " " + unit;
  return Math.round(x) + " B";
}

function seconds(x) {
  if (x === null || x === undefined) return "–";
  for (const [unit, size] of [["s", 1], ["ms", 1e-3], ["µs", 1e-6]])
    if (x >= size) return (x / size).toFixed(x / size < 10 ? 1 : 0) + " " + unit;
  return Math.round(x * 1e9) + " ns";
}

function clock(x) {
  const s = Math.floor(x), two = n => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
                   : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

function percent(share) {
  return share === undefined || share === null ? "–" : Math.round(share * 100) + " %";
}

function make(name, text, kind) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (kind) e.className = kind;
  return e;
}

// --- the tiles -------------------------------------------------------------------------------------------------------

function note(name, value) {
  const list = lines.get(name) || [];
  list.push(value || 0);
  if (list.length > HISTORY) list.shift();
  lines.set(name, list);
}

function sum(stages, key) {
  return stages.reduce((total, s) => total + (s[key] || 0), 0);
}

function showTiles(status) {
  const sinks = status.stages.filter(s => s.kind === "sink"), rate = sum(sinks, "out_rate");
  note("", rate);
  $("rate").replaceChildren(figure(rate), make("span", "frames/s, " + bytes(sum(sinks, "bytes_in_rate")) + "/s"));
  const line = $("rate-line"), width = line.clientWidth || 260;
  line.setAttribute("viewBox", `0 0 ${width} 34`);
  drawSpark(line, lines.get(""), width, 34);
  $("bottleneck").textContent = status.bottleneck || "none";
  $("bottleneck").classList.toggle("found", !!status.bottleneck);
  $("limit").textContent = $("limit").title = status.limited_by ? "limited by " + status.limited_by : "";
  const workers = sum(status.stages, "workers"), deaths = sum(status.stages, "restarts");
  $("workers").replaceChildren(String(workers), make("span", deaths ? `${figure(deaths)} died and were replaced` : ""));
  $("cores").textContent = `${+(+status.cpus).toFixed(2)} cores may be used`;
  const memory = status.memory || {};
  // A frame that two stages are still to read is counted twice: so it is "about", and never more than there is.
  const arena = memory.arena_bytes || 0;
  const held = Math.min(arena, status.stages.reduce((all, s) => all + (s.in > 0 ? s.in_flight * s.bytes_in / s.in : 0), 0));
  $("flight").replaceChildren(figure(sum(status.stages, "in_flight")), make("span", `about ${bytes(held)} of ${bytes(arena)}`));
  $("flight-bar").style.width = (arena ? 100 * held / arena : 0) + "%";
  $("pages").textContent = $("pages").title = memory.report || "";
  const dead = sum(status.stages, "dead"), made = sum(status.stages.filter(s => s.kind === "source"), "in");
  $("dead").textContent = figure(dead);
  $("dead-tile").classList.toggle("some", dead > 0);
  $("dead-share").textContent = dead > 0 && made > 0 ? `one in ${figure(Math.round(made / dead))} of what was read` : "";
}

// --- the table -------------------------------------------------------------------------------------------------------

function cell(row, text, kind) {
  const td = make("td", text, kind);
  row.append(td);
  return td;
}

function showWorkers(td, s) {
  const box = make("span", undefined, "scale");
  const step = (label, to, what) => {
    const b = make("button", label);
    b.type = "button";
    b.title = what;
    b.disabled = to !== "auto" && (to < 1 || to > s.workers_max);
    b.addEventListener("click", () => change("scale", {stage: s.name, workers: to}));
    return b;
  };
  const can = token && s.kind !== "source" && s.workers_max > 1;
  if (can) box.append(step("−", s.workers_wanted - 1, "one worker fewer"));
  box.append(make("b", s.workers === s.workers_wanted ? s.workers : `${s.workers} → ${s.workers_wanted}`));
  if (can) box.append(step("+", s.workers_wanted + 1, "one worker more"));
  if (can && s.workers_by === "hand") box.append(step("auto", "auto", "leave it to the scaler"));
  box.append(make("small", {scaler: "auto", hand: "by hand", configuration: "fixed"}[s.workers_by] || ""));
  td.append(box);
}

function showQueue(td, s) {
  if (!s.queue) return;
  const meter = make("span", undefined, s.queued > 0.8 * s.queue ? "meter full" : "meter"), bar = make("i");
  bar.style.width = 100 * s.queued / s.queue + "%";
  meter.append(bar);
  td.append(meter, make("small", figure(s.queued)));
}

function showTable(status) {
  const rows = status.stages.map(s => {
    const row = make("tr"), name = cell(row);
    row.dataset.stage = s.name;
    row.classList.toggle("limits", s.name === status.bottleneck);
    name.append(make("b", s.name), make("small", s.state === "running" ? "" : s.state));
    showWorkers(cell(row), s);
    const of = (p, x) => p ? seconds(p[x]) : "–";
    cell(row, s.kind === "source" ? "–" : figure(s.in_rate), "n");
    cell(row, figure(s.out_rate), "n");
    cell(row, s.kind === "source" ? "–" : bytes(s.bytes_in_rate), "n");
    showQueue(cell(row), s);
    cell(row, s.ring_s ? `${of(s.ring_s, "p50")} / ${of(s.ring_s, "p99")}` : "–", "n");
    cell(row, s.process_s ? `${of(s.process_s, "p50")} / ${of(s.process_s, "p99")}` : "–", "n");
    cell(row, figure(s.in), "n");
    cell(row, figure(s.out), "n");
    cell(row, figure(s.dropped), s.dropped ? "n" : "n zero");
    cell(row, figure(s.dead), s.dead ? "n bad" : "n zero");
    cell(row, figure(s.restarts), s.restarts ? "n bad" : "n zero");
    cell(row, bytes(s.memory_bytes), "n");
    return row;
  });
  const body = $("stages").tBodies[0], focused = document.activeElement;
  const where = body.contains(focused) && focused.closest("tr").dataset.stage, what = where && focused.textContent;
  body.replaceChildren(...rows);
  if (where) // so that a key may be pressed twice
    rows.filter(r => r.dataset.stage === where).forEach(r =>
      [...r.querySelectorAll("button")].filter(b => b.textContent === what).forEach(b => b.focus()));
  $("window").textContent = `rates, shares and percentiles of the last ${seconds(status.window_s)}`;
}

// --- the logs --------------------------------------------------------------------------------------------------------

function record(at, what, why) {
  const item = make("li"), text = make("span");
  text.append(...what, make("small", why));
  item.append(make("time", at), text);
  return item;
}

function showDecisions(status) {
  const items = [...status.decisions].reverse().map(d =>
    record(clock(d.at_s), [make("b", d.stage), ` ${d.from} → ${d.to} worker${d.to === 1 ? "" : "s"}`], d.why));
  $("decisions").replaceChildren(...(items.length ? items : [make("li", "nothing yet", "none")]));
}

function showLetters(status) {
  const list = $("letters"), before = new Map(last ? last.stages.map(s => [s.name, s.dead]) : []);
  if (!last) list.replaceChildren();
  for (const s of status.stages) {
    const more = s.dead - (before.get(s.name) || 0);
    if (more <= 0) continue;
    const item = record(last ? clock(status.elapsed_s) : "so far", [make("b", s.name), ` refused ${figure(more)}`],
                        `${figure(s.dead)} of ${figure(s.in)} in all`);
    list.querySelectorAll(".none").forEach(e => e.remove());
    list.prepend(item);
  }
  while (list.childNodes.length > LETTERS_SHOWN) list.lastChild.remove();
  if (!list.firstChild) list.append(make("li", "none", "none"));
  if (status.dead_letters) {
    const code = make("code", `micropipe dead list ${status.dead_letters}`);
    $("dead-folder").replaceChildren("what and why: ", code);
  }
}

// --- everything ------------------------------------------------------------------------------------------------------

function showState(state, words) {
  $("state").textContent = words || state;
  $("state").className = "pill " + state;
  $("pause").textContent = state === "paused" ? "Resume" : "Pause";
  $("pause").disabled = !token || (state !== "running" && state !== "paused");
  $("unlock").textContent = token ? "Lock" : "Unlock";
}

function show(status) {
  const stages = status.stages.map(s => s.name).join(" ") + status.pid;
  if (stages !== shape) { // another run, perhaps of another pipeline
    shape = stages;
    last = null;
    lines.clear();
    graph = new Graph($("graph"), status.stages, status.edges || []);
  }
  document.title = `${status.pipeline}: micropipe`;
  $("pipeline").textContent = status.pipeline;
  $("about").textContent = `${clock(status.elapsed_s)}, process ${status.pid}, ${status.stages.length} stages`;
  $("token-file").textContent = status.pipeline + ".token";
  for (const s of status.stages) note(s.name, s.kind === "source" ? s.out_rate : s.in_rate);
  showState(status.state);
  showTiles(status);
  graph.update(status, lines);
  showTable(status);
  showDecisions(status);
  showLetters(status);
  last = status;
}

function listen() {
  const events = new EventSource("/api/v1/events");
  events.onmessage = e => show(JSON.parse(e.data));
  events.addEventListener("end", () => {
    events.close();
    over = true;
    showState("ended", ENDED);
  });
  events.onerror = () => {
    showState("lost", "not reached");
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
}

// --- changes ---------------------------------------------------------------------------------------------------------

let toastTimer = 0;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 5000);
}

function keep(value) {
  token = value;
  try {
    if (value) sessionStorage.setItem("token", value);
    else sessionStorage.removeItem("token");
  } catch { /* then until the page is left */ }
  if (!last) return;
  showState(over ? "ended" : last.state, over && ENDED);
  showTable(last);
}

async function change(what, body) {
  try {
    const response = await fetch("/api/v1/" + what, {
      method: "POST", body: JSON.stringify(body || {}),
      headers: {"Authorization": "Bearer " + token, "Content-Type": "application/json"},
    });
    const answer = await response.json();
    if (response.status === 401) keep("");
    if (!answer.ok) toast(response.status === 401 ? "The token is wrong: nothing was changed." : answer.error);
    else if (answer.note) toast(answer.note);
  } catch {
    toast("The pipeline did not answer.");
  }
}

// From a link: it goes out of sight, and out of the browser's history.
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  keep(given);
  history.replaceState(null, "", location.pathname);
}

function themed(choice) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = choice === "auto" ? (dark ? "dark" : "light") : choice;
  $("theme").textContent = "Theme: " + choice;
}

function begin() {
  let theme = "auto";
  try {
    theme = localStorage.getItem("theme") || "auto";
    token = sessionStorage.getItem("token") || "";
  } catch { /* no storage: nothing is remembered */ }
  takeToken();
  addEventListener("hashchange", takeToken);
  themed(theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => themed(theme));
  $("theme").addEventListener("click", () => {
    theme = {auto: "light", light: "dark", dark: "auto"}[theme];
    try { localStorage.setItem("theme", theme); } catch { /* as above */ }
    themed(theme);
  });
  $("pause").addEventListener("click", () => change(last.state === "paused" ? "resume" : "pause"));
  $("unlock").addEventListener("click", () => {
    if (token) return keep("");
    $("token").value = "";
    $("ask").showModal();
  });
  $("ask").addEventListener("close", () => { if ($("ask").returnValue === "ok") keep($("token").value.trim()); });
  addEventListener("resize", () => graph && graph.fit());
  listen();
}

begin();
