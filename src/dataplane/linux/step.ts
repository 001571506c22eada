import type { IpFamily } from '../../net/ip.js';

/**
 * One thing to do in one namespace. Neighbouring steps of one tool and namespace run as one batch.
 */
export type Step = IpStep | SysctlStep | NftStep | OwnStep;

export interface IpStep {
  readonly tool: 'ip';
  /** Path; undefined for the namespace of this process. */
  readonly namespace: string | undefined;
  /** A line for `ip -batch`. */
  readonly line: string;
  /** Where the line alone does not tell: `ip -6`. */
  readonly family?: IpFamily;
  /** What ip says where it is done already. */
  readonly done: RegExp;
  /** What to do where the place is taken, which is a failure otherwise. */
  readonly onConflict?: () => Promise<void>;
}

export interface SysctlStep {
  readonly tool: 'sysctl';
  readonly namespace: string | undefined;
  /** Below /proc/sys. */
  readonly path: string;
  readonly value: string;
  readonly done: RegExp;
}

export interface NftStep {
  readonly tool: 'nft';
  readonly namespace: string | undefined;
  /** One transaction. */
  readonly script: string;
  readonly done: RegExp;
}

/** For what has to look before it acts. */
export interface OwnStep {
  readonly tool: 'own';
  /** @throws NvgateError where it failed */
  readonly act: () => Promise<void>;
}

/** What ip says of a thing to be made that is there. */
export const THERE = /File exists|address already assigned/i;

/** What the tools say of a thing to be removed that is not there, or not its namespace. */
export const GONE =
  /No such process|No such file or directory|Directory nonexistent|Cannot find device|address not found|Cannot assign requested address/i;

/** Where nothing but success will do. */
export const NEVER = /(?!)/;

export function ip(namespace: string | undefined, line: string, done = NEVER): IpStep {
  return { tool: 'ip', namespace, line, done };
}
