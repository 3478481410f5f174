/** Gives a real browser the styles that a page gets with its first view. */

import decisions from "../components/decisions.css";
import history from "../components/history.css";
import inbox from "../components/inbox.css";
import media from "../components/media.css";
import start from "../components/start.css";
import styles from "../components/styles.css";
import timeline from "../components/timeline/timeline.css";

const style = document.createElement("style");
// The tests draw into the page itself, and know whatever else is in it as not nbflow's.
style.textContent = [styles, timeline, decisions, history, inbox, start, media]
  .join("")
  .replaceAll(".nbflow", "body");
document.head.append(style);
