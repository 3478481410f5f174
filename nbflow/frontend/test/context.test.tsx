import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { ContextFields } from "../components/Context";
import type { Field } from "../protocol/messages";

afterEach(cleanup);

test("a picture is drawn from its bytes, with its label as what it shows", () => {
  const fields: Field[] = [
    { label: "Chart", kind: "image", value: { mime: "image/png", data: "iVBORw0KGgo=" } },
    { label: "", kind: "image", value: { mime: "image/gif", data: "R0lGODlh" } },
  ];
  const { container } = render(<ContextFields fields={fields} />);
  const pictures = [...container.querySelectorAll("img")].map((img) => [img.alt, img.src]);
  expect(pictures).toEqual([
    ["Chart", "data:image/png;base64,iVBORw0KGgo="],
    ["Picture", "data:image/gif;base64,R0lGODlh"],
  ]);
});

test("bytes of another kind are not drawn, whatever the message says", () => {
  const field = { label: "X", kind: "image", value: { mime: "image/svg+xml", data: "PHN2Zz4=" } };
  const { container } = render(<ContextFields fields={[field as unknown as Field]} />);
  expect(container.querySelector("img")).toBeNull();
});
