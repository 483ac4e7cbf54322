// The panel inside another site's page, and the window of ours that lets it in. Both are our own pages, so messages between
// them go to our own origin and are taken from nowhere else.
const button = document.querySelector<HTMLButtonElement>("[data-let-in]");
button?.addEventListener("click", () => {
  window.open("/embed/open", "tenon-panel", "popup,width=480,height=560");
});

addEventListener("message", async (event: MessageEvent) => {
  if (!button || event.origin !== location.origin || typeof event.data?.tenonPanel !== "string") return;
  button.disabled = true;
  const body = new URLSearchParams({ code: event.data.tenonPanel });
  const answer = await fetch("/embed/enter", { method: "POST", body });
  if (answer.ok) location.reload();
  else button.disabled = false;
});

async function handOver() {
  const opener = window.opener as Window | null;
  // Opened by itself, as after signing in: the other window goes on.
  if (!opener) return;
  const answer = await fetch("/embed/open", { method: "POST" });
  if (!answer.ok) return;
  const { code } = await answer.json();
  opener.postMessage({ tenonPanel: code }, location.origin);
  setTimeout(() => window.close(), 300);
}
if (document.querySelector("[data-hand-over]")) void handOver();
if (document.querySelector("[data-wait]")) addEventListener("focus", () => location.reload());
