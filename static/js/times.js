// Relative times grow older by themselves, and what is left of a grant runs down. The words are those of
// portal/words.py; the moments are the server's.
import { say } from "./say.js";

const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const SPOKEN = [300, 60]; // seconds before an end at which it is said aloud
const before = new Map(); // by their ends, the seconds that were left when last looked at

function span(seconds) {
  for (const [unit, size] of units) {
    if (seconds >= (unit === "d" ? 2 * size : size)) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return "0 s";
}

export function relative(then, now = Date.now()) {
  const seconds = Math.round((then - now) / 1000);
  if (seconds === 0) return "now";
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

export function left(end, now = Date.now()) {
  const seconds = Math.floor((end - now) / 1000);
  if (seconds <= 0) return "over";
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min left`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function refreshTimes(root = document) {
  for (const node of root.querySelectorAll("time[data-relative]")) write(node, relative(Date.parse(node.dateTime)));
  for (const node of root.querySelectorAll("time[data-left]")) write(node, left(Date.parse(node.dateTime)));
}

function countDown() {
  for (const node of document.querySelectorAll("time[data-left]")) {
    const end = Date.parse(node.dateTime);
    write(node, left(end));
    const seconds = Math.floor((end - Date.now()) / 1000);
    const passes = (mark) => (before.get(end) ?? seconds) > mark && seconds <= mark;
    if (SPOKEN.some(passes) && seconds > 0) say(`Access ends in ${span(seconds)}`);
    before.set(end, seconds);
  }
}

refreshTimes();
setInterval(refreshTimes, 5000);
setInterval(countDown, 1000);
