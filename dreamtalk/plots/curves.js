"use strict";

const COLOURS = ["#e4572e", "#2a7f9e", "#e6a117", "#7b4fa3", "#4c9f70", "#c2185b", "#5d4037", "#3f51b5", "#00897b",
  "#9e9d24", "#ef6c9a", "#607d8b"];
const SOUND = "#8fa3bf", INK = "#22252b", FAINT = "#e4e1d9", SOFT = "#7a7f88";
const NICE_SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];
const NICE_DEGREES = [5, 10, 15, 20, 30, 45, 60, 90, 180];
const PAD = 10, LEAST_SPAN_S = 0.2;

const data = JSON.parse(document.getElementById("data").textContent);
const audio = document.querySelector("audio");
const view = { start: 0, end: data.duration };
let cursor = 0, hover = null, waiting = false;

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}

function weightsOf(clip, name) {
  const steps = new Uint16Array(bytesOf(clip.weights[name]));
  return Float32Array.from(steps, (step) => step / 65535);
}

function curvesOf(name, valuesOf, colour, shown) {
  const lines = data.clips.map((clip) => ({ clip, values: valuesOf(clip) }));
  return { name, colour, shown, lines, most: Math.max(...lines.map(largest)), read: null };
}

function largest(line) {
  return line.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function buildPanels() {
  const panels = data.panels.map((panel) => ({
    name: panel.name, low: 0, unit: "",
    curves: panel.shapes.map((shape, n) => curvesOf(
      shape, (clip) => weightsOf(clip, shape), COLOURS[n % COLOURS.length], data.shown.includes(shape))),
  }));
  panels.push({
    name: "Head", low: null, unit: "°",
    curves: ["pitch", "yaw", "roll"].map((axis, n) =>
      curvesOf(axis, (clip) => new Float32Array(bytesOf(clip.head[n])), COLOURS[n], true)),
  });
  if (data.level) {
    panels.unshift({ name: "Sound", low: 0, unit: "", curves: [], level: new Uint8Array(bytesOf(data.level)) });
  }
  return panels;
}

function element(tag, parent, text = "") {
  const made = parent.appendChild(document.createElement(tag));
  made.textContent = text;
  return made;
}

function addChip(legend, curve) {
  const chip = element("label", legend);
  chip.className = "chip";
  const box = element("input", chip);
  box.type = "checkbox";
  box.checked = curve.shown;
  const swatch = element("i", chip);
  const paint = () => { swatch.style.background = curve.shown ? curve.colour : ""; };
  box.addEventListener("change", () => { curve.shown = box.checked; paint(); redraw(); });
  paint();
  element("span", chip, curve.name);
  curve.read = element("b", chip);
}

function addPanel(panel) {
  const section = element("section", document.getElementById("panels"));
  if (panel.level) section.className = "sound";
  const legend = element("div", section);
  legend.className = "legend";
  element("h2", legend, panel.name);
  for (const curve of panel.curves) addChip(legend, curve);
  panel.canvas = element("canvas", section);
  listen(panel.canvas);
}

function secondAt(event) {
  const box = event.currentTarget.getBoundingClientRect();
  return view.start + (event.clientX - box.left) / box.width * (view.end - view.start);
}

function show(start, span) {
  const length = Math.min(Math.max(span, Math.min(LEAST_SPAN_S, data.duration)), data.duration);
  view.start = Math.min(Math.max(start, 0), data.duration - length);
  view.end = view.start + length;
  redraw();
}

function zoom(factor, about) {
  show(about - (about - view.start) * factor, (view.end - view.start) * factor);
}

function setCursor(second) {
  cursor = Math.min(Math.max(second, 0), data.duration);
  if (audio && cursor <= audio.duration) audio.currentTime = cursor;
  if (cursor < view.start || cursor > view.end) show(cursor - (view.end - view.start) / 2, view.end - view.start);
  redraw();
}

function listen(canvas) {
  let held = null;
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(event.deltaY / 400), secondAt(event));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, start: view.start, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    hover = secondAt(event);
    if (held && Math.abs(event.clientX - held.x) > 3) held.moved = true;
    const span = view.end - view.start;
    if (held && held.moved) show(held.start - (event.clientX - held.x) / canvas.clientWidth * span, span);
    redraw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (held && !held.moved) setCursor(secondAt(event));
    held = null;
  });
  canvas.addEventListener("pointerleave", () => { hover = null; redraw(); });
  canvas.addEventListener("dblclick", () => show(0, data.duration));
}

function limitsOf(panel) {
  const most = Math.max(0, ...panel.curves.filter((curve) => curve.shown).map((curve) => curve.most));
  if (panel.low === 0) return [0, [0.25, 0.5, 0.75, 1].find((nice) => nice >= most) || 1];
  const reach = NICE_DEGREES.find((nice) => nice >= most) || 180;
  return [-reach, reach];
}

function drawLine(pen, line, x, y, width) {
  const fps = line.clip.fps, last = line.values.length - 1;
  const first = Math.max(0, Math.floor(view.start * fps)), stop = Math.min(last, Math.ceil(view.end * fps));
  const block = Math.max(1, Math.floor((stop - first) / width / 2));
  pen.beginPath();
  for (let at = first; at <= stop; at += block) {
    // Of many frames in one column the lowest and the highest are drawn, so that no blink is lost.
    let low = line.values[at], high = low;
    for (let n = at + 1; n < Math.min(at + block, stop + 1); n++) {
      low = Math.min(low, line.values[n]);
      high = Math.max(high, line.values[n]);
    }
    pen.lineTo(x(at / fps), y(low));
    if (high !== low) pen.lineTo(x(at / fps), y(high));
  }
  pen.stroke();
}

function drawLevel(pen, panel, x, width, height) {
  pen.fillStyle = SOUND;
  for (let column = 0; column < width; column++) {
    const [from, to] = [column, column + 1].map((at) =>
      Math.floor((view.start + at / width * (view.end - view.start)) * data.levelsPerSecond));
    let most = 0;
    for (let n = from; n < Math.min(Math.max(from + 1, to), panel.level.length); n++) {
      most = Math.max(most, panel.level[n]);
    }
    const half = most / 255 * (height / 2 - 6) + 0.5;
    pen.fillRect(column, height / 2 - half, 1, 2 * half);
  }
}

function drawTimes(pen, x, height) {
  const step = NICE_SECONDS.find((nice) => (view.end - view.start) / nice <= 16) || 3600;
  pen.fillStyle = SOFT;
  pen.strokeStyle = "rgba(34, 37, 43, 0.07)";
  pen.lineWidth = 1;
  pen.textAlign = "center";
  for (let n = Math.ceil(view.start / step); n * step <= view.end; n++) {
    pen.beginPath();
    pen.moveTo(x(n * step), 0);
    pen.lineTo(x(n * step), height);
    pen.stroke();
    if (x(n * step) > 24) pen.fillText(`${+(n * step).toFixed(2)}`, x(n * step), height - 3);
  }
}

function drawMark(pen, second, x, height, colour) {
  if (second < view.start || second > view.end) return;
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x(second), 0);
  pen.lineTo(x(second), height);
  pen.stroke();
}

function drawPanel(panel) {
  const { canvas } = panel, width = canvas.clientWidth, height = canvas.clientHeight, scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.font = "11px system-ui, sans-serif";
  pen.lineJoin = "round";
  const x = (second) => (second - view.start) / (view.end - view.start) * width;
  const [low, high] = limitsOf(panel);
  const y = (value) => height - PAD - 6 - (value - low) / (high - low) * (height - 2 * PAD - 6);
  drawTimes(pen, x, height);
  if (panel.level) drawLevel(pen, panel, x, width, height);
  else {
    pen.strokeStyle = FAINT;
    pen.strokeRect(-1, y(0), width + 2, 0);
    pen.textAlign = "left";
    pen.fillText(panel.unit ? `±${high}${panel.unit}` : `${high}`, 6, 14);
  }
  pen.lineWidth = 1.8;
  for (const curve of panel.curves.filter((each) => each.shown)) {
    pen.strokeStyle = curve.colour;
    curve.lines.forEach((line, n) => {
      pen.setLineDash(n ? [5, 4] : []);
      drawLine(pen, line, x, y, width);
    });
    pen.setLineDash([]);
  }
  if (hover !== null) drawMark(pen, hover, x, height, "rgba(34, 37, 43, 0.35)");
  drawMark(pen, cursor, x, height, "#e4572e");
}

function valueAt(line, second) {
  const frame = Math.min(Math.floor(second * line.clip.fps + 0.5), line.values.length - 1);
  return second > line.values.length / line.clip.fps ? null : line.values[frame];
}

function shownValue(value, unit) {
  if (value === null) return "–";
  const digits = unit ? 1 : 2;
  return (Math.round(value * 10 ** digits) / 10 ** digits + 0).toFixed(digits) + unit;  // + 0 turns -0 into 0
}

function readOut() {
  const second = hover === null ? cursor : hover;
  const frames = data.clips.map((clip) => Math.min(Math.floor(second * clip.fps + 0.5), clip.count - 1));
  document.getElementById("instant").textContent = `${second.toFixed(3)} s   frame ${frames.join(" / ")}`;
  for (const panel of panels) {
    for (const curve of panel.curves) {
      const values = curve.lines.map((line) => valueAt(line, second));
      curve.read.textContent = values.map((value) => shownValue(value, panel.unit)).join(" / ");
    }
  }
}

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    panels.forEach(drawPanel);
    readOut();
  });
}

function follow() {
  cursor = audio.currentTime;
  const span = view.end - view.start;
  if (cursor > view.end || cursor < view.start) show(cursor, span);
  redraw();
  if (!audio.paused) requestAnimationFrame(follow);
}

function pressed(event) {
  if (event.target.closest("button, input, audio")) return;
  const step = 1 / data.clips[0].fps;
  if (event.key === "ArrowRight") setCursor(cursor + step);
  else if (event.key === "ArrowLeft") setCursor(cursor - step);
  else if (event.key === " " && audio) audio.paused ? audio.play() : audio.pause();
  else return;
  event.preventDefault();
}

const panels = buildPanels();
panels.forEach(addPanel);
document.getElementById("facts").textContent = data.clips
  .map((clip, n) => (data.clips.length > 1 ? `${n ? "- - -" : "——"} ${clip.title}: ` : "") + clip.facts).join("\n");
document.getElementById("closer").addEventListener("click", () => zoom(0.5, cursor));
document.getElementById("farther").addEventListener("click", () => zoom(2, cursor));
document.getElementById("all").addEventListener("click", () => show(0, data.duration));
document.addEventListener("keydown", pressed);
addEventListener("resize", redraw);
if (audio) {
  audio.addEventListener("play", follow);
  audio.addEventListener("seeked", follow);
}
redraw();
