import { NvgateError } from '../../errors.js';

/** charon was asked and said no. */
export class ViciError extends NvgateError {
  readonly command: string;
  /** In charon's words. */
  readonly errmsg: string;
  /** What charon logged while it ran the command, oldest first; empty where nobody collected it. */
  readonly log: readonly string[];

  constructor(command: string, errmsg: string, log: readonly string[] = []) {
    super('vpnRefused', `charon refused ${command}: ${errmsg}`);
    this.name = 'ViciError';
    this.command = command;
    this.errmsg = errmsg;
    this.log = log;
  }
}
