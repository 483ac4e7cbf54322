import { base64url } from "./base64url";

/** Passkeys: forms that are filled by the browser's own dialog, and then sent as any other. Where browsers know none, the
 * forms stay hidden. */
export function passkeys(): void {
  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
    // Under another name of the same server the browser would refuse.
    if (form.dataset.origin !== location.origin) continue;
    form.hidden = false;
    document.querySelector("[data-passkey-or]")?.removeAttribute("hidden");
    document.querySelector("[data-passkey-none]")?.setAttribute("hidden", "");
    const ask = form.dataset.passkey === "make" ? make : show;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void answer(form, ask);
    });
  }
}

type Parts = Record<string, ArrayBuffer | null>;

async function answer(form: HTMLFormElement, ask: (options: any) => Promise<Parts>): Promise<void> {
  const failed = form.querySelector<HTMLElement>("[data-failed]");
  const button = form.querySelector("button");
  if (!failed || !button) return;
  const usual = (failed.dataset.failed ||= failed.textContent ?? "");
  failed.hidden = true;
  button.disabled = true;
  try {
    const begun = await fetch(`${form.getAttribute("action")}/begin`, { method: "POST" });
    const options = await begun.json();
    if (!begun.ok) return tell(failed, `${options.what} ${options.remedy}`);
    const parts = await ask(options);
    for (const [name, bytes] of Object.entries(parts)) {
      const field = form.elements.namedItem(name) as HTMLInputElement | null;
      if (field && bytes) field.value = base64url(bytes);
    }
    form.submit();
  } catch {
    // Ended by the person, out of time, or nothing there: browsers do not say which.
    tell(failed, usual);
  } finally {
    button.disabled = false;
  }
}

/** Shown anew, so that it is read out anew. */
function tell(place: HTMLElement, what: string): void {
  place.textContent = what;
  place.hidden = false;
}

async function show(options: any): Promise<Parts> {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const said = found.response as AuthenticatorAssertionResponse;
  return { id: found.rawId, client: said.clientDataJSON, data: said.authenticatorData, signature: said.signature, user: said.userHandle };
}

async function make(options: any): Promise<Parts> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: options.excludeCredentials.map((known: any) => ({ ...known, id: bytes(known.id) })),
  };
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const said = made.response as AuthenticatorAttestationResponse;
  return { client: said.clientDataJSON, attestation: said.attestationObject };
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}
