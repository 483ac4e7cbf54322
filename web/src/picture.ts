/** Saves the map as PNG: the standalone SVG, drawn on a canvas at twice its size. */
export function mapPictures(): void {
  document.addEventListener("click", async (event) => {
    const link = (event.target as Element | null)?.closest<HTMLAnchorElement>("a[data-png]");
    if (!link) return;
    event.preventDefault();
    const answer = await fetch(link.href);
    if (!answer.ok) return;
    const url = URL.createObjectURL(new Blob([await answer.text()], { type: "image/svg+xml" }));
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width * 2;
    canvas.height = image.height * 2;
    const pen = canvas.getContext("2d");
    pen?.drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(url);
    canvas.toBlob((png) => {
      if (!png) return;
      const save = document.createElement("a");
      save.href = URL.createObjectURL(png);
      save.download = link.dataset.png || "map.png";
      save.click();
      setTimeout(() => URL.revokeObjectURL(save.href), 10_000);
    }, "image/png");
  });
}
