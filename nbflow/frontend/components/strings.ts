/**
 * Every word the page shows. A bundle has those of one language: here English, which all others
 * are checked against; the build puts another language's folder in its place.
 */

export { strings } from "./words/en";
