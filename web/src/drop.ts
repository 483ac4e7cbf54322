/** A file can be dropped anywhere on a page that has a form for it. The form is sent as soon as there is a file. */
export function dropzones(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-drop]");
  const input = form?.querySelector<HTMLInputElement>("input[type=file]");
  if (!form || !input) return;
  const zone = form.querySelector<HTMLElement>(".drop") ?? form;
  let inside = 0;
  const mark = (by: number) => {
    inside = Math.max(0, inside + by);
    zone.classList.toggle("is-over", inside > 0);
  };
  const hasFile = (event: DragEvent) => !!event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => hasFile(event) && mark(1));
  document.addEventListener("dragleave", (event) => hasFile(event) && mark(-1));
  document.addEventListener("dragover", (event) => hasFile(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    mark(-inside);
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  input.addEventListener("change", () => input.files?.length && form.requestSubmit());
  form.addEventListener("submit", () => {
    const told = form.querySelector<HTMLElement>("[data-sending]");
    if (told) told.hidden = false;
  });
}
