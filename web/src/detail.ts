/** The detail slider redraws the map while it moves, and keeps the address true. */
export function detail(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-detail]");
  const range = form?.querySelector<HTMLInputElement>("input[name=detail]");
  if (!form || !range) return;
  let running: AbortController | undefined;
  range.addEventListener("input", async () => {
    running?.abort();
    running = new AbortController();
    const here = new URL(location.href);
    here.searchParams.set("detail", range.value);
    try {
      const answer = await fetch(here, { signal: running.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["map-svg", "detail-out", "map-exports"]) {
        const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
        if (old && fresh) old.replaceChildren(...fresh.childNodes);
      }
      history.replaceState(null, "", here);
    } catch (error) {
      if ((error as Error).name !== "AbortError") throw error;
    }
  });
}
