// How a handler is left where it has ended the request.

/**
 * Thrown by `kong.response.exit` and `.error`, so that the handler ends there, awaited or not. It is no error: whoever
 * catches it finds the event over.
 */
export class ExitSignal extends Error {
  override readonly name = "ExitSignal";

  constructor(method: string) {
    super(`${method} has ended the request; the handler ends here`);
  }
}
