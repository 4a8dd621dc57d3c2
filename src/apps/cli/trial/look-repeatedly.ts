// Repeats a look at files or servers for as long as a trial runs.

/**
 * Looks every `pause` milliseconds, one look after the other: one may take longer than the pause. What a look throws is given to
 * `onError`, and the next look follows. The function that is returned ends it, and resolves when no look is under way.
 */
export function lookRepeatedly(
  look: () => Promise<void>,
  { pause, onError }: { readonly pause: number; readonly onError: (error: unknown) => void },
): () => Promise<void> {
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look).catch(onError);
  }, pause);
  return () => {
    clearInterval(timer);
    return looking;
  };
}
