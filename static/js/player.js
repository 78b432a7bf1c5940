// Replays a recording (asciicast v2) and follows one that grows. Without script the page shows the text.
// The terminal here is a simple one: lines, carriage returns, erasing, cursor moves; no colours.
const player = document.querySelector(".player[data-recording]");
const screen = player.querySelector("[data-screen]");
const bar = player.querySelector("[data-bar]");
const range = bar.querySelector("input[type=range]");
const playing = bar.querySelector("[data-play]");
const speed = bar.querySelector("[data-speed]");
const SPEEDS = [1, 2, 4, 8];
const LONGEST_PAUSE = 2; // seconds; people think longer than one wants to watch
const state = { events: [], read: 0, at: 0, shown: 0, factor: 1, timer: 0, rest: "", follows: true };

class Terminal {
  constructor() { this.clear(); }
  clear() { this.lines = [[]]; this.row = 0; this.column = 0; }
  write(text) {
    for (const [token] of text.matchAll(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.|[^]/gu)) this.take(token);
  }
  take(token) {
    if (token === "\n") this.down();
    else if (token === "\r") this.column = 0;
    else if (token === "\b") this.column = Math.max(0, this.column - 1);
    else if (token === "\t") this.column = (Math.floor(this.column / 8) + 1) * 8;
    else if (token.startsWith("\x1b[")) this.control(token.slice(2, -1), token.at(-1));
    else if (token >= " " && token !== "\x7f") this.put(token);
  }
  put(sign) {
    const line = this.lines[this.row];
    while (line.length < this.column) line.push(" ");
    line[this.column++] = sign;
  }
  down() { this.row += 1; if (this.row === this.lines.length) this.lines.push([]); }
  control(given, kind) {
    const [first = 0, second = 0] = given.replace("?", "").split(";").map(Number);
    const line = this.lines[this.row];
    if (kind === "K") { if (first === 2) line.length = 0; else if (first === 1) line.fill(" ", 0, this.column); else line.length = Math.min(line.length, this.column); }
    else if (kind === "J" && first >= 2) this.clear();
    else if (kind === "J") { line.length = Math.min(line.length, this.column); this.lines.length = this.row + 1; }
    else if (kind === "H" || kind === "f") { this.row = Math.max(0, first - 1); this.column = Math.max(0, second - 1); while (this.lines.length <= this.row) this.lines.push([]); }
    else if (kind === "C") this.column += first || 1;
    else if (kind === "D") this.column = Math.max(0, this.column - (first || 1));
    else if (kind === "A") this.row = Math.max(0, this.row - (first || 1));
    else if (kind === "B") for (let step = first || 1; step; step -= 1) this.down();
    else if (kind === "P") line.splice(this.column, first || 1);
    else if (kind === "@") line.splice(this.column, 0, ...Array(first || 1).fill(" "));
  }
  toString() { return this.lines.map((line) => line.join("")).join("\n"); }
}

const terminal = new Terminal();
const clock = (seconds) => `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const end = () => state.events.at(-1)?.[0] ?? 0;

function show(at) {
  if (at < state.at) { terminal.clear(); state.shown = 0; }
  state.at = at;
  for (; state.shown < state.events.length && state.events[state.shown][0] <= at; state.shown += 1) {
    const [, kind, data] = state.events[state.shown];
    if (kind === "o") terminal.write(data);
  }
  screen.textContent = String(terminal);
  screen.scrollTop = screen.scrollHeight;
  range.max = end();
  range.value = at;
  bar.querySelector("[data-at]").textContent = clock(at);
  bar.querySelector("[data-end]").textContent = clock(end());
}

function step() {
  const next = state.events[state.shown];
  if (!next) { stop(); return; }
  const wait = Math.min(Math.max(0, next[0] - state.at), LONGEST_PAUSE) / state.factor;
  state.timer = setTimeout(() => { show(next[0]); step(); }, wait * 1000);
}

function stop() {
  clearTimeout(state.timer);
  state.timer = 0;
  playing.querySelector("span").textContent = "Play";
}

playing.addEventListener("click", () => {
  if (state.timer) { stop(); return; }
  state.follows = false;
  if (state.at >= end()) show(0);
  playing.querySelector("span").textContent = "Pause";
  step();
});
speed.addEventListener("click", () => {
  state.factor = SPEEDS[(SPEEDS.indexOf(state.factor) + 1) % SPEEDS.length];
  speed.textContent = `${state.factor}×`;
});
range.addEventListener("input", () => { stop(); state.follows = false; show(Number(range.value)); });

function take(text) {
  state.read += [...text].length; // characters, as the server counts them
  const lines = (state.rest + text).split("\n");
  state.rest = lines.pop();
  for (const line of lines) if (line.startsWith("[")) state.events.push(JSON.parse(line));
}

async function read() {
  const answer = await fetch(`${player.dataset.recording}?from=${state.read}`).catch(() => null);
  if (answer?.ok) {
    take(await answer.text());
    bar.hidden = !state.events.length;
    if (state.follows) show(end()); else range.max = end();
  }
  if (!answer || answer.headers.get("X-Recording-Open") === "yes") setTimeout(read, 1000);
}
read();
