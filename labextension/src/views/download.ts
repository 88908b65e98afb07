/** Offer `text` as a file; characters that a file name cannot have become dashes. */
export function download(text: string, name: string, type = 'text/plain'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/[^\p{L}\p{N}._ -]+/gu, '-').slice(0, 120);
  link.click();
  // the browser must have started reading before the URL is revoked
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
