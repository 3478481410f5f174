/** The styles of every view, in the order in which the later ones may refine the earlier. */

import base from "./base.css";
import card from "./card.css";
import decisions from "./decisions.css";
import form from "./form/form.css";
import history from "./history.css";
import inbox from "./inbox.css";
import media from "./media.css";
import panel from "./panel/panel.css";
import questions from "./questions.css";
import start from "./start.css";
import timeline from "./timeline/timeline.css";

export const styles: string = [
  base,
  card,
  questions,
  form,
  timeline,
  decisions,
  history,
  inbox,
  start,
  panel,
  media,
].join("");
