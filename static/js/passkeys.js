// Passkeys: hands what the server asks for to the browser, and the browser's answer to the form.
// Forms are marked data-passkey="create" or "get"; options stand in the page or are fetched when asked.
const SAID = {
  NotAllowedError: "Nothing came from your device: it was cancelled, or it took too long. Try again.",
  InvalidStateError: "This device has a passkey of yours already.",
  SecurityError: "Passkeys need the portal's own address over https. Open it there.",
};

async function options(form) {
  const kept = form.dataset.options && document.getElementById(form.dataset.options);
  if (kept) return JSON.parse(kept.textContent).publicKey;
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status === 429 ? "Too many attempts. Wait a minute." : "The portal does not answer. Try again.");
  return (await answer.json()).request_options.publicKey;
}

async function created(form) {
  const wanted = await options(form);
  const alone = form.elements.passwordless?.checked ?? false;
  const choice = { ...wanted.authenticatorSelection, residentKey: alone ? "required" : "discouraged", requireResidentKey: alone };
  if (alone) choice.userVerification = "required";
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON({ ...wanted, authenticatorSelection: choice });
  return navigator.credentials.create({ publicKey });
}

async function got(form) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await options(form));
  return navigator.credentials.get({ publicKey });
}

async function ask(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const credential = await (form.dataset.passkey === "create" ? created(form) : got(form));
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    problem.querySelector("p").textContent = SAID[error.name] ?? error.message;
    problem.hidden = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(form); });
}
