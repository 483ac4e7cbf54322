/** Drag a file onto the page; the upload shows how far it is. */
export function drop(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-drop]");
  const input = form?.querySelector<HTMLInputElement>("input[type=file]");
  const zone = form?.querySelector<HTMLElement>(".dropzone");
  const out = form?.querySelector<HTMLOutputElement>("[data-drop-progress]");
  if (!form || !input || !zone || !out) return;
  form.querySelector<HTMLElement>("[data-drop-hint]")!.hidden = false;
  const over = (on: boolean) => zone.classList.toggle("is-over", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", () => over(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (event.dataTransfer?.files.length) {
      input.files = event.dataTransfer.files;
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (e) => {
      if (e.lengthComputable) out.textContent = `Sent ${Math.round((e.loaded / e.total) * 100)}%`;
    });
    request.addEventListener("load", () => {
      if (request.status < 400) location.assign(request.responseURL);
      else {
        document.open();
        document.write(request.responseText);
        document.close();
      }
    });
    request.addEventListener("error", () => {
      out.textContent = "The upload broke off. Send it again.";
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}
