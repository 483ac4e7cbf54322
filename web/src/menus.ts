/** Menus are `details`: close them on Escape, on a click elsewhere, and when another opens. */
export function menus(): void {
  const open = () => [...document.querySelectorAll<HTMLDetailsElement>("details.picker[open], details.switcher[open]")];
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target as Node)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}
