// The one polite voice of a page: changes of state, never ticks or progress.
export function say(text) {
  const voice = document.querySelector("#announce");
  if (voice) voice.textContent = text;
}
