/** Follows what is under way until it is done, then shows the page anew. */
export function syncing(): void {
  const box = document.querySelector<HTMLElement>("[data-syncing]");
  if (!box) return;
  const look = async () => {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-syncing]");
    if (!fresh) return location.reload();
    box.replaceChildren(...fresh.childNodes);
    setTimeout(look, 3000);
  };
  setTimeout(look, 3000);
}
