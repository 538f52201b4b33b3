/**
 * Calls the function with each file that is dropped anywhere on the page, until the returned function is called. The element has
 * the class `dropping` while a file is above the page.
 */
export function onDroppedFile(element: HTMLElement, callback: (file: File) => void): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  const mark = (isAbove: boolean): void => {
    element.classList.toggle('dropping', isAbove);
  };
  const hasFile = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true;
  document.addEventListener(
    'dragover',
    (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      mark(true);
    },
    { signal },
  );
  document.addEventListener(
    'dragleave',
    ({ relatedTarget }) => {
      if (relatedTarget === null) mark(false);
    },
    { signal },
  );
  document.addEventListener(
    'drop',
    (event) => {
      mark(false);
      const [file] = event.dataTransfer?.files ?? [];
      if (file === undefined) return;
      event.preventDefault();
      callback(file);
    },
    { signal },
  );
  return () => controller.abort();
}
