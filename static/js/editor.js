// Line numbers beside a textarea, Tab that indents, a file that fills it. Without this: a plain textarea.
const area = document.querySelector(".editor textarea");
const gutter = document.querySelector(".editor .lines");
const wrong = new Set((area.dataset.wrong ?? "").split(" ").filter(Boolean).map(Number));

function number() {
  const lines = area.value.split("\n").map((_, index) => {
    const line = document.createElement("span");
    line.textContent = `${index + 1}\n`;
    line.classList.toggle("is-bad", wrong.has(index + 1));
    return line;
  });
  gutter.replaceChildren(...lines);
}

// Tab indents; Escape then Tab leaves the field, as the hint beside it says.
let leaving = false;
function onKey(event) {
  const leave = leaving;
  leaving = event.key === "Escape";
  if (event.key !== "Tab" || event.shiftKey || leave) return;
  event.preventDefault();
  area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
}

async function load(event) {
  const [file] = event.target.files;
  if (!file) return;
  area.value = await file.text();
  wrong.clear();
  number();
  area.focus();
}

area.addEventListener("input", number);
area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop; });
area.addEventListener("keydown", onKey);
document.querySelector("[data-load]")?.addEventListener("change", load);
number();
