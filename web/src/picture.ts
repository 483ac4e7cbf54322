/** The map as PNG, drawn from the SVG the server gives. */
export function picture(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-png]");
  const source = document.querySelector<HTMLAnchorElement>("a[href*='map.svg']");
  if (!button || !source) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = await (await fetch(source.href)).text();
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    await image.decode();
    const scale = 2;
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth * scale;
    canvas.height = image.naturalHeight * scale;
    const paper = canvas.getContext("2d")!;
    paper.scale(scale, scale);
    paper.drawImage(image, 0, 0);
    URL.revokeObjectURL(image.src);
    canvas.toBlob((blob) => {
      if (!blob) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = "map.png";
      link.click();
      URL.revokeObjectURL(link.href);
    });
  });
}
