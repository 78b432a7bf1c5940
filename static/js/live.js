// One stream per tab. An event says only that something changed; the page then asks for its own
// fragment again and swaps, in place, the rows that differ. The server renders, this file compares.
//
//   <div data-live="host:… operation:…" id="rows">   a region and the topics that concern it
//     <tr data-row="…" data-state="query-3 is active">  a part that is swapped; its state is said aloud
//       data-rows="hosts"                             the list that such parts stand in
//       data-every="10"                               seconds after which it asks again, whatever a stream tells
//       data-quiet                                    it changes all the time: no tint
//   <main data-stream="/events/acme/">                where the stream is; `.live` says if it is open,
//                                                     and `.stream-gone` that it will not be again
import { say } from "./say.js";
import { refreshTimes } from "./times.js";

const source = document.querySelector("[data-stream]")?.dataset.stream;
const regions = () => [...document.querySelectorAll("[data-live]")];
let busy = false;
const due = new Set(); // the addresses to ask again
const QUIET = 150; // several events of one change arrive together: ask once
const PAUSE = 1000; // and of a storm, once a second
const AGAIN = 5000; // after a refusal the browser gives up; we do not
const TOO_MANY = 429;
const PARTING = 3000; // who goes elsewhere does not ask for what they leave; after a download the page is still there
let parting = 0; // until when

// What was shown, without what differs between two renderings of the same: ages, and the masks of tokens.
function essence(node) {
  const copy = node.cloneNode(true);
  copy.classList.remove("changed");
  for (const time of copy.querySelectorAll("time[data-relative], time[data-left]")) time.textContent = "";
  for (const token of copy.querySelectorAll("[name=csrfmiddlewaretoken]")) token.remove();
  for (const node of [copy, ...copy.querySelectorAll("details")]) node.removeAttribute("open");
  return copy.outerHTML;
}

function keep(old, fresh) {
  const open = [...old.querySelectorAll("details")].map((node) => node.open);
  [...fresh.querySelectorAll("details")].forEach((node, index) => { node.open = open[index] ?? node.open; });
  const focused = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
  old.replaceWith(fresh);
  if (focused) fresh.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

function mark(fresh, before) {
  if (!("quiet" in fresh.dataset)) fresh.classList.add("changed");
  if (fresh.dataset.state && fresh.dataset.state !== before) say(fresh.dataset.state);
}

// Log lines follow only a reader who is already at the end.
function following(node) {
  const log = node.closest(".log");
  const atEnd = log && log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  return () => { if (atEnd) log.scrollTop = log.scrollHeight; };
}

function place(fresh, previous, parent) {
  const follow = following(parent);
  if (previous?.isConnected && previous.parentNode === parent) previous.after(fresh); else parent.prepend(fresh);
  follow();
}

function swap(region, fragment) {
  const known = new Map([...region.querySelectorAll("[data-row]")].map((node) => [node.dataset.row, node]));
  const parents = new Map();
  for (const fresh of [...fragment.querySelectorAll("[data-row]")]) {
    const key = fresh.dataset.row;
    const group = fresh.parentNode.dataset.rows;
    const parent = group && region.querySelector(`[data-rows="${CSS.escape(group)}"]`);
    const old = known.get(key);
    known.delete(key);
    if (old && essence(old) !== essence(fresh)) { keep(old, fresh); mark(fresh, old.dataset.state); }
    else if (!old && parent) { place(fresh, parents.get(group), parent); mark(fresh); }
    if (group) parents.set(group, old && old.isConnected ? old : fresh);
  }
  for (const gone of known.values()) gone.remove();
  refreshTimes(region);
}

// A region of another shape than the new one (an empty list that fills, a notice that appears) is taken whole.
function shape(node) {
  const groups = [...node.querySelectorAll("[data-rows]")].map((group) => group.dataset.rows);
  const alone = [...node.querySelectorAll("[data-row]")].filter((row) => !row.parentNode.dataset.rows);
  return [...groups, ...alone.map((row) => row.dataset.row)].join();
}

function replace(region, fresh) {
  const before = new Map([...region.querySelectorAll("[data-row]")].map((node) => [node.dataset.row, node]));
  const changed = [...fresh.querySelectorAll("[data-row]")].filter((node) => {
    const old = before.get(node.dataset.row);
    return !old || essence(old) !== essence(node);
  });
  region.replaceWith(fresh);
  for (const node of changed) mark(node, before.get(node.dataset.row)?.dataset.state);
  refreshTimes(fresh);
}

// One request brings all the regions of the page; a part of the frame, like the bell, has an address of its own.
const address = (region) => region.dataset.from ?? location.href;

const fragmentOf = (from) => fetch(from, { headers: { "HX-Request": "true" }, cache: "no-store" }).catch(() => null);

async function refresh(from) {
  const answer = await fragmentOf(from);
  if (!answer?.ok) return;
  const fragment = document.createElement("template");
  fragment.innerHTML = await answer.text();
  for (const region of regions().filter((one) => address(one) === from)) {
    const fresh = fragment.content.querySelector(`#${CSS.escape(region.id)}`);
    if (!fresh) continue;
    if (shape(region) === shape(fresh)) swap(region, fresh); else replace(region, fresh);
  }
}

const pause = (time) => new Promise((done) => { setTimeout(done, time); });

async function ask() {
  if (busy) return;
  busy = true;
  while (due.size) {
    await pause(QUIET);
    while (Date.now() < parting) await pause(PAUSE);
    const wanted = [...due];
    due.clear();
    await Promise.allSettled(wanted.map(refresh));
    await pause(PAUSE);
  }
  busy = false;
}

function look(wanted) {
  for (const region of regions().filter(wanted)) due.add(address(region));
  ask();
}

function concerns(region, topic) {
  return region.dataset.live.split(" ").some((wanted) => wanted === topic || (wanted.endsWith(":") && topic.startsWith(wanted)));
}

function onEvent({ data }) {
  const { topic } = JSON.parse(data);
  look((region) => concerns(region, topic));
}

addEventListener("beforeunload", () => { parting = Date.now() + PARTING; });

const shine = (state) => { document.documentElement.dataset.stream = state; };

function listen() {
  const stream = new EventSource(source);
  stream.addEventListener("message", onEvent);
  stream.addEventListener("open", () => {
    shine("on");
    // What happened between rendering and listening, or while the stream was lost, is on the server already.
    look(() => true);
  });
  stream.addEventListener("error", () => {
    if (document.documentElement.dataset.stream !== "off") say("Stream lost. What you see may be old.");
    shine("off");
    if (stream.readyState === EventSource.CLOSED) listenAgain();
  });
}

// A server that is being started anew refuses for a while. Whom the page itself is refused has lost the right to it.
async function listenAgain() {
  await pause(AGAIN);
  const answer = await fragmentOf(location.href);
  if (!answer || answer.status >= 500 || answer.status === TOO_MANY) listenAgain();
  else if (answer.ok && !answer.redirected) listen();
  else shine("gone");
}

if (source && regions().length) listen();

// What nobody tells of: silence, and to staff the things of many tenants.
const seconds = Math.min(...regions().map((region) => Number(region.dataset.every) || Infinity));
if (Number.isFinite(seconds)) {
  setInterval(() => { if (!document.hidden) look((region) => region.dataset.every); }, seconds * 1000);
}
