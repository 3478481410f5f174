/** A question that has its answer: one line, which opens to what was said. */

import type { ReactNode } from "react";
import type { Question } from "../protocol/log";
import type { Preview } from "../protocol/messages";
import { Icon } from "./icons";
import { PreviewView } from "./Preview";
import { strings } from "./strings";

/** The answer on one line, such as fits beside its question. */
function brief({ text }: Preview): string {
  const line = text.slice(0, 400).replaceAll(/\s+/g, " ").trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

export function Answered({ question }: { question: Question }): ReactNode {
  if (!question.answer) return null;
  return (
    <details className="nbf-answered">
      <summary>
        <Icon name="done" />
        <span className="nbf-answered-title">{question.form.title}</span>
        <span className="nbf-answered-brief">{brief(question.answer)}</span>
        <span className="nbf-tag">{strings.question.answered}</span>
        <Icon name="chevron" />
      </summary>
      <PreviewView value={question.answer} label={strings.question.value} />
    </details>
  );
}
