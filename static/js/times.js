// Relative times grow older by themselves. The words are those of portal/words.py.
const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

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

export function refreshTimes(root = document) {
  for (const node of root.querySelectorAll("time[data-relative]")) {
    const text = relative(Date.parse(node.dateTime));
    if (node.textContent !== text) node.textContent = text;
  }
}

refreshTimes();
setInterval(refreshTimes, 5000);
