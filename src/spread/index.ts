// The door of spread: several servers behind one path, each in a thread of its own, and what they tell each other.
export { Board } from "./board.js";
export { PathSiblings } from "./path-siblings.js";
export { SiblingLink } from "./sibling-link.js";
