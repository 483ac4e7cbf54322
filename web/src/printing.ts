/** A button that prints the page, which every browser can also save as PDF. */
export function printing(): void {
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
}
