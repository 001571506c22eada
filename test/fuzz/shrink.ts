/** What making an input small may take: tries, and CPU time where each takes long. */
const MAX_TRIES = 3000;
const MAX_CPU_MICROSECONDS = 10_000_000;

/**
 * Leaves out runs of a sequence, long ones first, as long as it goes on failing.
 * @param slice the part of the input from one offset to another, as text and arrays have it
 */
export async function shrink<Input extends { readonly length: number }>(
  input: Input,
  join: (before: Input, after: Input) => Input,
  slice: (input: Input, from: number, to: number) => Input,
  stillFails: (input: Input) => boolean | Promise<boolean>,
): Promise<Input> {
  let smallest = input;
  let tries = 0;
  const start = process.cpuUsage();
  const mayTry = (): boolean => {
    const { user, system } = process.cpuUsage(start);
    return tries < MAX_TRIES && user + system < MAX_CPU_MICROSECONDS;
  };
  for (let run = input.length >> 1; run > 0; run >>= 1)
    for (let at = 0; at + run <= smallest.length && mayTry();) {
      const candidate = join(slice(smallest, 0, at), slice(smallest, at + run, smallest.length));
      tries += 1;
      if (await stillFails(candidate)) smallest = candidate;
      else at += run;
    }
  return smallest;
}

/** `shrink` for text. */
export function shrinkText(
  text: string,
  stillFails: (text: string) => boolean | Promise<boolean>,
): Promise<string> {
  return shrink(
    text,
    (before, after) => before + after,
    (whole, from, to) => whole.slice(from, to),
    stillFails,
  );
}

/** `shrink` for bytes. */
export function shrinkBytes(
  bytes: Uint8Array,
  stillFails: (bytes: Uint8Array) => boolean | Promise<boolean>,
): Promise<Uint8Array> {
  return shrink(
    bytes,
    (before, after) => new Uint8Array(Buffer.concat([before, after])),
    (whole, from, to) => whole.subarray(from, to),
    stillFails,
  );
}
