// Replays a recording (asciicast v2) and follows one that grows. Without script the page shows the text.
import { say } from "./say.js";
import { Terminal } from "./terminal.js";

const player = document.querySelector(".player[data-recording]");
const screen = player.querySelector("[data-screen]");
const bar = player.querySelector("[data-bar]");
const range = bar.querySelector("input[type=range]");
const [playing, speed, following] = ["play", "speed", "follow"].map((name) => bar.querySelector(`[data-${name}]`));
const icons = playing.querySelector("use").getAttribute("href").split("#")[0];

const SPEEDS = [1, 2, 4, 8];
const LONGEST_PAUSE = 2; // seconds; people think longer than one wants to watch
const STEP = 5; // seconds that an arrow key goes
const TICK = 50; // milliseconds
const ASK_AGAIN = 1000; // milliseconds, while a session is open

const terminal = new Terminal();
const state = { events: [], read: 0, rest: "", at: 0, shown: 0, factor: 1, timer: 0, follows: true, open: true };
const end = () => state.events.at(-1)?.[0] ?? 0;
const two = (number) => String(number).padStart(2, "0");
const clock = (seconds) => `${two(Math.floor(seconds / 60))}:${two(Math.floor(seconds % 60))}`;

const kinds = {
  o: (data) => terminal.write(data),
  r: (data) => terminal.resize(...data.split("x")),
  f: (data) => terminal.write(passed(data)),
};

function passed(data) {
  const { action, path, size, to } = JSON.parse(data);
  const said = [action, path, to && `to ${to}`, size !== undefined && `${size} bytes`].filter(Boolean).join(" ");
  return `[${said.replace(/[\x00-\x1f\x7f]/g, "?")}]\r\n`;
}

function show(at) {
  if (at < state.at) { terminal.clear(); state.shown = 0; }
  state.at = at;
  const before = state.shown;
  for (; state.shown < state.events.length && state.events[state.shown][0] <= at; state.shown += 1) {
    const [, kind, data] = state.events[state.shown];
    kinds[kind]?.(data);
  }
  if (state.shown !== before || !before) draw();
  tell();
}

function draw() {
  const atEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 40;
  const pieces = document.createDocumentFragment();
  for (const [text, classes] of terminal.pieces()) {
    const piece = classes ? document.createElement("span") : document.createTextNode(text);
    if (classes) { piece.className = classes; piece.textContent = text; }
    pieces.append(piece);
  }
  screen.replaceChildren(pieces);
  if (atEnd) screen.scrollTop = screen.scrollHeight; // it follows only a reader who is there
}

function tell() {
  range.max = end();
  range.value = state.at;
  range.setAttribute("aria-valuetext", `${clock(state.at)} of ${clock(end())}`);
  bar.querySelector("[data-at]").textContent = clock(state.at);
  bar.querySelector("[data-end]").textContent = clock(end());
  bar.hidden = !state.events.length;
  playing.querySelector("span").textContent = state.timer ? "Pause" : "Play";
  playing.querySelector("use").setAttribute("href", `${icons}#${state.timer ? "pause" : "play"}`);
  following.hidden = !state.open;
  following.setAttribute("aria-pressed", String(state.follows));
}

function tick() {
  const next = state.events[state.shown];
  if (!next) { stop(); follow(state.open); return; }
  const on = state.at + (TICK / 1000) * state.factor;
  show(Math.min(end(), Math.max(on, next[0] - LONGEST_PAUSE)));
}

function play() {
  follow(false);
  if (state.at >= end()) show(0);
  state.timer = setInterval(tick, TICK);
  tell();
}

function stop() {
  clearInterval(state.timer);
  state.timer = 0;
  tell();
}

function follow(wanted) {
  state.follows = wanted;
  if (wanted) { clearInterval(state.timer); state.timer = 0; show(end()); }
  tell();
}

function seek(at) {
  state.follows = false;
  show(Math.min(end(), Math.max(0, at)));
}

function faster(by) {
  state.factor = SPEEDS[(SPEEDS.indexOf(state.factor) + by + SPEEDS.length) % SPEEDS.length];
  speed.firstChild.data = `${state.factor}×`;
  say(`${state.factor} times`);
}

const keys = {
  " ": () => (state.timer ? stop() : play()),
  k: () => keys[" "](),
  ArrowLeft: () => seek(state.at - STEP),
  ArrowRight: () => seek(state.at + STEP),
  Home: () => seek(0),
  End: () => (state.open ? follow(true) : seek(end())),
  "<": () => faster(-1),
  ">": () => faster(1),
};

playing.addEventListener("click", keys[" "]);
speed.addEventListener("click", () => faster(1));
following.addEventListener("click", () => follow(!state.follows));
range.addEventListener("input", () => seek(Number(range.value)));
screen.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

function take(text) {
  state.read += [...text].length; // characters, as the server counts them
  const lines = (state.rest + text).split("\n");
  state.rest = lines.pop();
  for (const line of lines.filter(Boolean)) {
    const told = JSON.parse(line);
    if (Array.isArray(told)) state.events.push(told);
    else terminal.resize(told.width, told.height);
  }
}

async function read() {
  const answer = await fetch(`${player.dataset.recording}?from=${state.read}`).catch(() => null);
  let more = false; // of what is there already: it comes in parts
  if (answer?.ok) {
    take(await answer.text());
    state.open = answer.headers.get("X-Recording-Open") === "yes";
    more = answer.headers.get("X-Recording-More") === "yes";
    if (state.follows) show(end());
    if (!state.open && !more) state.follows = false;
    tell();
  }
  if (more) read();
  else if (state.open && (!answer || answer.ok)) setTimeout(read, ASK_AGAIN);
}
read();
