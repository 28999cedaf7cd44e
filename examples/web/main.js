// The page around talking_head.js and vrm_performance.js: camera, lights, sound and controls.
//   ?file=hello.glb                          the head to open
//   ?file=avatar.vrm&animation=hello.vrma    or an avatar and what it does
//   ?sound=hello.wav                         the sound, where the file names none
//   ?time=1.2                                the moment to show first
//   ?still                                   no controls, for pictures
import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { loadTalkingHead } from "./talking_head.js";

const element = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const audio = element("sound");

const renderer = new THREE.WebGLRenderer({ canvas: element("stage"), antialias: true });
renderer.setPixelRatio(Math.min(devicePixelRatio, 2));

const scene = new THREE.Scene();
scene.background = new THREE.Color(0xc4ced6);

// The lights of dreamtalk's own pictures: a sky, then key, fill and rim lamps. three.js divides by pi.
const sky = new THREE.Color(1.02, 1.02, 1.04);
const ground = new THREE.Color(0.8, 0.74, 0.7);
scene.add(new THREE.HemisphereLight(sky, ground, 0.36 * Math.PI));
for (const [direction, colour] of [
  [[-0.75, 0.65, 0.85], [0.8, 0.745, 0.69]],
  [[0.95, 0.1, 0.55], [0.15, 0.165, 0.19]],
  [[0.6, 0.5, -0.75], [0.5, 0.5, 0.52]],
]) {
  const lamp = new THREE.DirectionalLight(new THREE.Color(...colour), Math.PI);
  lamp.position.set(...direction);
  scene.add(lamp);
}

// The camera that dreamtalk's own pictures are taken with.
const FIELD_OF_VIEW_RAD = 0.25;
const camera = new THREE.PerspectiveCamera(1, 1, 0.3, 4);
const orbit = new OrbitControls(camera, renderer.domElement);
orbit.minDistance = 0.6;
orbit.maxDistance = 3;
orbit.addEventListener("change", draw);

let head = null;
let playing = false;
let startedAt = 0; // performance.now() at which the head was at 0 s; only used while there is no sound

function draw() {
  renderer.render(scene, camera);
}

function lookAt(eyes) {
  orbit.target.copy(eyes).add(new THREE.Vector3(0, -0.035, 0));
  camera.position.copy(orbit.target).add(new THREE.Vector3(0, 0, 1.35));
  orbit.update();
}

function resize() {
  renderer.setSize(innerWidth, innerHeight, false);
  camera.aspect = innerWidth / innerHeight;
  const seen = Math.tan(FIELD_OF_VIEW_RAD / 2) * Math.max(1, 1 / camera.aspect); // a narrow screen shows the whole head
  camera.fov = 2 * THREE.MathUtils.radToDeg(Math.atan(seen));
  camera.updateProjectionMatrix();
  draw();
}

function show(time) {
  head.show(time);
  element("seek").value = time;
  element("clock").textContent = `${time.toFixed(2)} s`;
  element("curves").replaceChildren(...head.curves().slice(0, 8).map(([name, weight]) => {
    const row = document.createElement("tr");
    const bar = Object.assign(document.createElement("progress"), { value: weight });
    row.insertCell().append(name);
    row.insertCell().append(bar, ` ${weight.toFixed(2)}`);
    return row;
  }));
  draw();
}

// The sound is the clock: pictures follow what is heard.
function now() {
  return audio.src ? audio.currentTime : (performance.now() - startedAt) / 1000;
}

function tick() {
  if (!playing) return;
  const time = now();
  if (time >= head.duration || audio.ended) pause();
  show(Math.min(time, head.duration));
  requestAnimationFrame(tick);
}

async function play() {
  let time = Number(element("seek").value);
  if (time >= head.duration - 1e-3) time = 0;
  if (audio.src) {
    audio.currentTime = time;
    await audio.play();
  }
  startedAt = performance.now() - time * 1000;
  playing = true;
  element("play").textContent = "Pause";
  requestAnimationFrame(tick);
}

function pause() {
  playing = false;
  audio.pause();
  element("play").textContent = "Play";
}

function seek(time) {
  startedAt = performance.now() - time * 1000;
  if (audio.src) audio.currentTime = time;
  show(time);
}

async function open(url, animationUrl, soundUrl) {
  if (playing) pause();
  let loaded;
  try {
    loaded = animationUrl ? await openAvatar(url, animationUrl) : await loadTalkingHead(url);
  } catch (error) {
    element("message").textContent = `This file cannot be shown: ${error.message}`;
    return;
  }
  if (head) scene.remove(head.scene);
  head = loaded;
  scene.add(head.scene);
  lookAt(head.eyes);
  element("message").textContent = "";
  element("seek").max = head.duration;
  show(Math.min(Number(query.get("time") ?? 0), head.duration));
  await openSound(soundUrl ?? head.sound);
  element("seek").disabled = element("play").disabled = false;
}

// three-vrm is loaded only where there is an avatar.
async function openAvatar(url, animationUrl) {
  const { loadVrmPerformance } = await import("./vrm_performance.js");
  return loadVrmPerformance(url, animationUrl);
}

// Fetched whole, since a browser seeks in a stream only where the server can; Python's http.server cannot.
async function openSound(url) {
  audio.removeAttribute("src");
  if (!url) return;
  const sound = await fetch(url).then((response) => response.blob()).then(URL.createObjectURL, () => "");
  const playable = await new Promise((resolve) => {
    audio.onloadedmetadata = () => resolve(true);
    audio.onerror = () => resolve(false);
    audio.src = sound;
  });
  if (playable) return;
  audio.removeAttribute("src");
  element("message").textContent = `The sound ${url} cannot be played; going on without.`;
}

function openFiles(files) {
  const named = (...endings) => {
    const found = [...files].find((file) => endings.some((ending) => file.name.toLowerCase().endsWith(ending)));
    return found && URL.createObjectURL(found);
  };
  const [head, animation] = [named(".glb", ".vrm"), named(".vrma")];
  if (head) open(head, animation, named(".wav", ".mp3", ".ogg", ".m4a"));
  else element("message").textContent = "There is no .glb or .vrm among these files.";
}

element("play").addEventListener("click", () => (playing ? pause() : play()));
element("seek").addEventListener("input", (event) => seek(Number(event.target.value)));
element("files").addEventListener("change", (event) => openFiles(event.target.files));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  openFiles(event.dataTransfer.files);
});
addEventListener("resize", resize);

if (query.has("still")) for (const id of ["controls", "curves", "message"]) element(id).hidden = true;
lookAt(new THREE.Vector3(0, 0, 0));
resize();
if (query.has("file")) await open(query.get("file"), query.get("animation"), query.get("sound"));
document.documentElement.dataset.state = "ready";
