/**
 * Keeps the notebook's shortcuts away from what is typed in a widget.
 *
 * Without this, Shift+Enter in a field runs the cell again, and `d d` on a select deletes it.
 * Lumino looks for the attribute on the event's target and above; Notebook 7 on the target alone.
 * Ctrl/Cmd+S is let through, so that saving works from inside a form.
 *
 * JupyterLab also refuses new lines and Undo in whatever field lies in a cell, by a listener that it
 * puts on the field itself (jupyterlab#16661, ipywidgets#3950): it hears no input from inside.
 */

const ATTRIBUTE = "data-lm-suppress-shortcuts";

/** Guards a root; returns how to stop. */
export function guardKeyboard(root: HTMLElement): () => void {
  const marked = new Set<Element>([root]);
  root.tabIndex = -1;
  root.setAttribute(ATTRIBUTE, "true");

  const onFocus = (event: FocusEvent): void => {
    const { target } = event;
    if (!(target instanceof Element)) return;
    target.setAttribute(ATTRIBUTE, "true");
    marked.add(target);
  };
  const onKey = (event: KeyboardEvent): void => {
    const saves = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
    if (!saves || !(event.target instanceof Node) || !root.contains(event.target)) return;
    for (const element of marked) element.removeAttribute(ATTRIBUTE);
    setTimeout(() => {
      for (const element of marked) {
        if (root.contains(element)) element.setAttribute(ATTRIBUTE, "true");
        else marked.delete(element);
      }
    });
  };
  const onInput = (event: Event): void => event.stopPropagation();
  root.addEventListener("focusin", onFocus);
  root.addEventListener("beforeinput", onInput, { capture: true });
  window.addEventListener("keydown", onKey, { capture: true });
  return () => {
    root.removeEventListener("focusin", onFocus);
    root.removeEventListener("beforeinput", onInput, { capture: true });
    window.removeEventListener("keydown", onKey, { capture: true });
  };
}
