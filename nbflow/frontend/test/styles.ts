/** Gives a real browser the styles that a page gets with its first view. */

import { styles } from "../components/styles";

const style = document.createElement("style");
// The tests draw into the page itself, and know whatever else is in it as not nbflow's.
style.textContent = styles.replaceAll(".nbflow", "body");
document.head.append(style);
