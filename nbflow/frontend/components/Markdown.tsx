/**
 * Markdown from a payload, which may come from a model: parsed by marked, then cut down by
 * DOMPurify to a closed list of elements. Nothing in it loads from the network.
 */

import createDOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";
import { type ReactNode, useMemo } from "react";

const TAGS = [
  ..."p br hr strong em del s sub sup code pre kbd blockquote ul ol li a img".split(" "),
  ..."table thead tbody tr th td h4 h5 h6 details summary".split(" "),
];
const ATTRIBUTES = ["href", "src", "alt", "title", "align", "start", "colspan", "rowspan"];

/** What is drawn of the elements that are written as such. */
const KNOWN = new Set(TAGS.filter((tag) => tag !== "img"));

/** Elements that would be lost are shown as they are written: nothing is decided on unseen. */
function written({ text, block }: Tokens.HTML | Tokens.Tag): string {
  const names = [...text.matchAll(/<[/]?([a-z][^\s/>]*)|<([!?])/gi)].map(([, name]) => name);
  if (names.every((name) => name !== undefined && KNOWN.has(name.toLowerCase()))) return text;
  const shown = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return block ? `<p>${shown}</p>` : shown;
}

/** Headings keep their order and sit below the card's own. */
function parse(source: string): string {
  const marked = new Marked({ gfm: true, async: false, renderer: { html: written } });
  const tokens = marked.lexer(source);
  const depths = tokens.filter((token): token is Tokens.Heading => token.type === "heading");
  const ranks = [...new Set(depths.map((token) => token.depth))].sort((a, b) => a - b);
  for (const token of depths) token.depth = Math.min(6, 4 + ranks.indexOf(token.depth));
  return marked.parser(tokens);
}

const purify = createDOMPurify(window);

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    if (!/^(https?:|mailto:)/i.test(node.getAttribute("href") ?? "")) node.removeAttribute("href");
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
  if (node.tagName === "IMG") {
    if (/^data:image\//i.test(node.getAttribute("src") ?? "")) {
      if (!node.hasAttribute("alt")) node.setAttribute("alt", "");
    } else {
      node.replaceWith(node.getAttribute("alt") || (node.getAttribute("src") ?? ""));
    }
  }
});

/** Markdown as safe HTML. */
export function safeHtml(source: string): string {
  return purify.sanitize(parse(source), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ADD_DATA_URI_TAGS: ["img"],
  });
}

export function Markdown({ source }: { source: string }): ReactNode {
  const html = useMemo(() => safeHtml(source), [source]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: the one place, sanitised above
  return <div className="nbf-markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
