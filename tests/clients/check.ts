/** Fails if the condition is false, and narrows its type. */
export function check(condition: boolean, expectation: string): asserts condition {
  if (!condition) {
    throw new Error(`expected: ${expectation}`);
  }
}
