"use strict";
// The graph of the stages: laid out in layers from left to right, drawn once, and brought up to date every second.

const NODE = {width: 186, height: 112, gapX: 92, gapY: 30};
const RING = 46; // where a ring begins, before its stage
const WORKERS_SHOWN = 16;

function svg(name, attributes, parent, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes || {}) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

// A word that is cut to what fits: in the middle, since names of many stages often differ at their ends.
function cut(text, most) {
  const end = Math.floor((most - 1) / 2);
  return text.length > most ? text.slice(0, most - 1 - end) + "…" + text.slice(-end) : text;
}

// --- where things go -------------------------------------------------------------------------------------------------

// The longest way from a source. The stages come in an order in which each stands after all that it reads from.
function layersOf(stages, edges) {
  const layer = new Map(stages.map(s => [s.name, 0]));
  for (const s of stages)
    for (const e of edges)
      if (e.to === s.name) layer.set(s.name, Math.max(layer.get(s.name), layer.get(e.from) + 1));
  // What reads nothing stands just before what reads it.
  for (const s of [...stages].reverse()) {
    const after = edges.filter(e => e.from === s.name).map(e => layer.get(e.to));
    if (after.length && !edges.some(e => e.to === s.name)) layer.set(s.name, Math.min(...after) - 1);
  }
  return layer;
}

// An edge over several layers passes through points of its own, so that no stage stands in its way.
function placesOf(stages, edges) {
  const layer = layersOf(stages, edges);
  const layers = [];
  const put = (place, at) => { (layers[at] = layers[at] || []).push(place); return place; };
  const byName = new Map(stages.map(s => [s.name, put({name: s.name, height: NODE.height, before: [], after: []},
                                                      layer.get(s.name))]));
  const routes = [];
  for (const to of new Set(edges.map(e => e.to))) {
    for (const from of new Set(edges.filter(e => e.to === to).map(e => e.from))) {
      const way = [byName.get(from)];
      for (let at = layer.get(from) + 1; at < layer.get(to); at++)
        way.push(put({name: "", height: 16, before: [], after: []}, at));
      way.push(byName.get(to));
      for (let i = 1; i < way.length; i++) {
        way[i].before.push(way[i - 1]);
        way[i - 1].after.push(way[i]);
      }
      const several = edges.filter(e => e.from === from && e.to === to);
      routes.push({from, to, way, drop: several.every(e => e.when_full === "drop")});
    }
  }
  return {layers: layers.map(l => l || []), routes, byName};
}

// Each layer in the order of what its places are connected to, there and back a few times.
function order(layers) {
  const sort = (list, side) => {
    const middle = p => p[side].length ? p[side].reduce((sum, q) => sum + q.at, 0) / p[side].length : p.at;
    list.map(p => [middle(p), p]).sort((a, b) => a[0] - b[0]).forEach(([, p], i) => { list[i] = p; });
    list.forEach((p, i) => { p.at = i; });
  };
  layers.forEach(l => l.forEach((p, i) => { p.at = i; }));
  for (let i = 0; i < 4; i++) {
    layers.forEach(l => sort(l, "before"));
    [...layers].reverse().forEach(l => sort(l, "after"));
  }
}

// Heights: as near to what they are connected to as the others of the layer allow.
function settle(layers) {
  for (const l of layers) {
    let y = 0;
    for (const p of l) { p.y = y; y += p.height + NODE.gapY; }
    for (const p of l) p.y -= (y - NODE.gapY) / 2;
  }
  const middle = p => p.y + p.height / 2;
  for (let i = 0; i < 8; i++) {
    for (const l of i % 2 ? [...layers].reverse() : layers) {
      const side = i % 2 ? "after" : "before";
      const wanted = l.map(p => p[side].length
        ? p[side].reduce((sum, q) => sum + middle(q), 0) / p[side].length - p.height / 2 : p.y);
      l.forEach((p, k) => {
        const least = k ? l[k - 1].y + l[k - 1].height + NODE.gapY : -Infinity;
        p.y = Math.max(wanted[k], least);
      });
      const shift = l.reduce((sum, p, k) => sum + wanted[k] - p.y, 0) / l.length;
      l.forEach(p => { p.y += shift; });
    }
  }
}

function layOut(stages, edges) {
  const {layers, routes, byName} = placesOf(stages, edges);
  order(layers);
  settle(layers);
  const top = Math.min(...layers.flat().map(p => p.y)) - 20;
  layers.forEach((l, i) => l.forEach(p => {
    p.x = i * (NODE.width + NODE.gapX) + 4;
    p.y -= top;
  }));
  const height = Math.max(...layers.flat().map(p => p.y + p.height)) + 8;
  return {routes, byName, width: layers.length * (NODE.width + NODE.gapX) - NODE.gapX + 8, height};
}

// --- drawing ---------------------------------------------------------------------------------------------------------

function pathOf(way) {
  const mid = p => p.y + p.height / 2;
  let x = way[0].x + NODE.width, y = mid(way[0]), d = `M${x} ${y}`;
  for (const p of way.slice(1)) {
    const end = p.name ? p.x - RING : p.x, half = (end - x) / 2;
    d += ` C${x + half} ${y} ${end - half} ${mid(p)} ${end} ${mid(p)} H${p.name ? p.x : p.x + NODE.width}`;
    x = p.x + NODE.width;
    y = mid(p);
  }
  return d;
}

function drawNode(parent, stage, place) {
  const g = svg("g", {class: "node", transform: `translate(${place.x} ${place.y})`}, parent);
  const n = {g, title: svg("title", {}, g)};
  svg("rect", {class: "box", width: NODE.width, height: NODE.height, rx: 12}, g);
  svg("text", {class: "name", x: 14, y: 24}, g, cut(stage.name, 18));
  svg("text", {class: "dim", x: 14, y: 39}, g, cut(stage.processor, 26));
  n.rate = svg("text", {class: "big", x: 14, y: 66}, g);
  n.spark = svg("svg", {x: 100, y: 46, width: 74, height: 26}, g);
  n.workers = svg("g", {transform: "translate(14 83)"}, g);
  n.shares = ["busy", "blocked", "starved"].map(kind =>
    svg("rect", {class: "share " + kind, y: 97, height: 6, x: 14, width: 0}, g));
  n.chip = svg("g", {class: "chip", visibility: "hidden"}, g);
  svg("rect", {x: 12, y: -10, width: 98, height: 19, rx: 9.5}, n.chip);
  svg("text", {x: 61, y: 3.5}, n.chip, "limits the rest");
  n.badge = svg("g", {class: "badge", visibility: "hidden"}, g);
  n.badgeBox = svg("rect", {y: -10, height: 19, rx: 9.5}, n.badge);
  n.badgeText = svg("text", {y: 3.5}, n.badge);
  return n;
}

// The ring of a stage stands where what it reads comes in.
function drawRing(parent, place) {
  const g = svg("g", {class: "ring", transform: `translate(${place.x - RING} ${place.y + NODE.height / 2})`}, parent);
  const r = {g, title: svg("title", {}, g)};
  svg("rect", {x: 0, y: -6, width: 36, height: 12, rx: 6}, g);
  r.fill = svg("rect", {class: "fill", x: 2, y: -4, width: 0, height: 8, rx: 4}, g);
  r.text = svg("text", {x: 18, y: 20}, g);
  return r;
}

class Graph {
  constructor(parent, stages, edges) {
    this.parent = parent;
    this.layout = layOut(stages, edges);
    this.root = svg("svg", {viewBox: `0 0 ${this.layout.width} ${this.layout.height}`});
    const under = svg("g", {}, this.root);
    this.edges = this.layout.routes.map(r => {
      const d = pathOf(r.way);
      return {from: r.from, line: svg("path", {class: r.drop ? "edge drop" : "edge", d}, under),
              flow: svg("path", {class: "flow", d}, under)};
    });
    this.rings = new Map();
    this.nodes = new Map();
    for (const s of stages) {
      const place = this.layout.byName.get(s.name);
      if (s.kind !== "source") this.rings.set(s.name, drawRing(this.root, place));
      this.nodes.set(s.name, drawNode(this.root, s, place));
    }
    parent.replaceChildren(this.root);
    this.fit();
  }

  // As wide as there is room, but always legible.
  fit() {
    const scale = Math.max(0.72, Math.min(1.12, (this.parent.clientWidth - 2) / this.layout.width));
    this.root.setAttribute("width", this.layout.width * scale);
    this.root.setAttribute("height", this.layout.height * scale);
  }

  update(status, history) {
    for (const s of status.stages) {
      this.node(this.nodes.get(s.name), s, status.bottleneck === s.name, history.get(s.name) || []);
      if (this.rings.has(s.name)) this.ring(this.rings.get(s.name), s);
    }
    const rates = new Map(status.stages.map(s => [s.name, s.out_rate || 0]));
    for (const e of this.edges) {
      const rate = rates.get(e.from), width = rate > 0 ? Math.min(9, 2.5 + Math.log10(1 + rate)) : 2.5;
      e.line.setAttribute("stroke-width", width);
      e.flow.setAttribute("stroke-width", Math.max(2, width - 2));
      e.flow.classList.toggle("still", !(rate > 0) || status.state === "paused");
    }
  }

  node(n, s, limits, history) {
    n.g.setAttribute("class", "node " + s.state + (limits ? " limits" : ""));
    n.g.dataset.stage = s.name;
    n.rate.textContent = figure(s.kind === "source" ? s.out_rate : s.in_rate) + "/s";
    drawSpark(n.spark, history, 74, 26);
    n.chip.setAttribute("visibility", limits ? "visible" : "hidden");
    n.badge.setAttribute("visibility", s.dead > 0 ? "visible" : "hidden");
    const text = figure(s.dead) + " dead", width = 16 + text.length * 6.4;
    n.badgeBox.setAttribute("width", width);
    n.badgeBox.setAttribute("x", NODE.width - width - 10);
    n.badgeText.setAttribute("x", NODE.width - width / 2 - 10);
    n.badgeText.textContent = text;
    this.workers(n.workers, s);
    let x = 14;
    const room = NODE.width - 28;
    for (const [i, share] of [s.busy, s.blocked, s.starved].entries()) {
      const w = Math.max(0, Math.min(1, share || 0)) * room;
      n.shares[i].setAttribute("x", x);
      n.shares[i].setAttribute("width", w);
      x += w;
    }
    n.title.textContent = `${s.name} (${s.processor}), ${s.state}\n${s.workers} of ${s.workers_wanted} workers\n` +
      `busy ${percent(s.busy)}, blocked ${percent(s.blocked)}, starved ${percent(s.starved)}\n` +
      `in ${s.in}, out ${s.out}, dropped ${s.dropped}, dead ${s.dead}, in flight ${s.in_flight}`;
  }

  // A dot a worker, in the colours of what they do on average.
  workers(g, s) {
    const wanted = Math.max(s.workers, s.workers_wanted), n = Math.min(wanted, WORKERS_SHOWN);
    const busy = Math.round((s.busy || 0) * s.workers), blocked = Math.round((s.blocked || 0) * s.workers);
    while (g.childNodes.length > n) g.lastChild.remove();
    while (g.childNodes.length < n) svg("circle", {cx: 4 + g.childNodes.length * 10, cy: 0, r: 3.6}, g);
    [...g.childNodes].forEach((dot, i) => {
      const kind = i >= s.workers ? "missing" : i < busy ? "busy" : i < busy + blocked ? "blocked" : "starved";
      dot.setAttribute("class", "worker " + kind);
    });
    if (wanted <= WORKERS_SHOWN) return;
    g.replaceChildren();
    svg("text", {class: "dim", y: 4}, g, `${s.workers} of ${s.workers_wanted} workers`);
  }

  ring(r, s) {
    const share = s.queue > 0 ? s.queued / s.queue : 0;
    r.g.setAttribute("class", share > 0.8 ? "ring full" : "ring");
    r.fill.setAttribute("width", share > 0 ? Math.max(4, 32 * share) : 0);
    r.text.textContent = figure(s.queued);
    r.title.textContent = `${s.queued} of ${s.queue} frames wait for ${s.name}`;
  }
}

// A line of the last values, as tall as the greatest of them.
function drawSpark(root, values, width, height) {
  const most = Math.max(...values, 1e-9), n = Math.max(values.length, 2);
  const points = values.map((v, i) =>
    `${(width - 2) * (1 - (values.length - 1 - i) / (Math.max(n, 60) - 1)) + 1} ${height - 2 - (height - 4) * v / most}`);
  if (!root.firstChild) {
    svg("path", {class: "spark-area"}, root);
    svg("path", {class: "spark"}, root);
  }
  const line = points.length > 1 ? "M" + points.join(" L") : "";
  root.lastChild.setAttribute("d", line);
  root.firstChild.setAttribute("d", line && `${line} L${width - 1} ${height} L${points[0].split(" ")[0]} ${height} Z`);
}
