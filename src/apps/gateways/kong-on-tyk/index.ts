// The door of kong-on-tyk: plugins written for Kong, behind a Tyk gateway.
export { refusedOnTyk } from "./functions.js";
export { tykForm, tykFunctions } from "./tyk-form.js";
