// Turns `.tabs[data-tabs]` (links to panels on the same page) into real tabs.
const panel = (tab) => document.querySelector(tab.hash);

function select(tabs, chosen) {
  for (const tab of tabs) {
    const on = tab === chosen;
    tab.setAttribute("aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
    panel(tab).hidden = !on;
  }
}

function adopt(tab) {
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", tab.hash.slice(1));
  panel(tab).setAttribute("role", "tabpanel");
  panel(tab).setAttribute("aria-labelledby", tab.id);
}

for (const list of document.querySelectorAll("[data-tabs]")) {
  const tabs = [...list.querySelectorAll("a")];
  list.setAttribute("role", "tablist");
  tabs.forEach(adopt);
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("a");
    if (tab) { event.preventDefault(); select(tabs, tab); }
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    select(tabs, next);
    next.focus();
  });
  select(tabs, tabs.find((tab) => tab.hash === location.hash) ?? tabs[0]);
}
