// The shell: theme, copying, questions, toasts, keys. Everything works without it, only less
// comfortably: questions are pages, copying is selecting, the theme costs a reload.
import { say } from "./say.js";

const root = document.documentElement;
const icons = document.querySelector(".icon use")?.getAttribute("href").split("#")[0];

const actions = {
  async copy(button) {
    const source = button.dataset.copy || document.getElementById(button.dataset.from)?.textContent || "";
    await navigator.clipboard.writeText(source.trim());
    const use = button.querySelector("use");
    use.setAttribute("href", `${icons}#check`);
    button.dataset.done = "";
    say("Copied");
    setTimeout(() => { use.setAttribute("href", `${icons}#copy`); delete button.dataset.done; }, 1600);
  },
  close(button) {
    const dialog = button.closest("dialog");
    if (dialog) dialog.close(); else button.closest(".toast, .notice")?.remove();
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button || !actions[button.dataset.do]) return;
  event.preventDefault(); // a link that does the same without script stays where it is
  actions[button.dataset.do](button);
});

// The theme: the same cookie that the server writes, without the reload.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-theme-form]")) return;
  event.preventDefault();
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax${secure}`;
  say(`${root.dataset.theme} theme`);
});

// A link marked data-ask leads to a page with a question; here the same question opens in place.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-ask]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) { location.href = link.href; return; }
  const dialog = document.querySelector("#question");
  dialog.innerHTML = await answer.text();
  dialog.showModal();
});

// The outline of a drawing stands in for it on a narrow page, and waits closed beside it on a wide one.
const wide = matchMedia("(width >= 64rem)");
const fold = () => { for (const node of document.querySelectorAll("[data-closed-when-wide]")) node.open = !wide.matches; };
wide.addEventListener("change", fold);
fold();

// Keys: "/" searches; "g" then a letter goes where the navigation says. Never while typing.
let leader = false;
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  const box = event.key === "/" && document.querySelector("[data-search]");
  if (box) { event.preventDefault(); box.focus(); }
  const place = leader && document.querySelector(`.nav a[data-key="${CSS.escape(event.key)}"]`);
  if (place) place.click();
  leader = event.key === "g";
});
