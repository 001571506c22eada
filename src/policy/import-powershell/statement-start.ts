/** The verbs that PowerShell approves; `Word-Word` with another first word is a name, not a command. */
const VERBS = [
  'Add|Approve|Assert|Backup|Block|Build|Checkpoint|Clear|Close|Compare|Complete|Compress',
  'Confirm|Connect|Convert|ConvertFrom|ConvertTo|Copy|Debug|Deny|Deploy|Disable|Disconnect',
  'Dismount|Edit|Enable|Enter|Exit|Expand|Export|Find|ForEach|Format|Get|Grant|Group|Hide|Import',
  'Initialize|Install|Invoke|Join|Limit|Lock|Measure|Merge|Mount|Move|New|Open|Optimize|Out|Ping',
  'Pop|Protect|Publish|Push|Read|Receive|Redo|Register|Remove|Rename|Repair|Request|Reset|Resize',
  'Resolve|Restart|Restore|Resume|Revoke|Save|Search|Select|Send|Set|Show|Skip|Sort|Split|Start',
  'Step|Stop|Submit|Suspend|Switch|Sync|Tee|Test|Trace|Unblock|Undo|Uninstall|Unlock|Unprotect',
  'Unpublish|Unregister|Update|Use|Wait|Watch|Where|Write',
].join('|');

/** A verb whose noun is wrapped onto the next line is a command too. */
const COMMAND = new RegExp(
  String.raw`(?:[\w.]+\\)?(?:${VERBS})-(?:[A-Za-z]\w*(?=[\s;|)}]|$)|$)`,
  'imy',
);
const ASSIGNMENT =
  /(?:\[[A-Za-z][^[\]\n]*(?:\[[^[\]\n]*\])?\] *)*\$(?:\{[^}\n]+\}|[\w:]+)(?:[.[][^\s=]*)? *[-+*/%]?=(?!=)/y;
const KEYWORD =
  /(?:(?:if|elseif|while|for|foreach|switch|param) *(?=\()|(?:else|try|catch|finally|do|begin|process|end|trap) *(?=\{|\[[A-Z]|$)|(?:function|filter|workflow) +[\w:-]+ *(?=[({]|$))/imy;

export type StatementStart = 'command' | 'assignment' | 'keyword';

/** Which statement can only start at this offset of the text; undefined when none must. */
export function statementStartAt(text: string, offset: number): StatementStart | undefined {
  if (matchesAt(COMMAND, text, offset)) return 'command';
  if (matchesAt(ASSIGNMENT, text, offset)) return 'assignment';
  if (matchesAt(KEYWORD, text, offset)) return 'keyword';
  return undefined;
}

/** Tests a sticky expression at one offset. */
export function matchesAt(expression: RegExp, text: string, offset: number): boolean {
  expression.lastIndex = offset;
  return expression.test(text);
}

/** What a sticky expression matches at one offset; empty when nothing. */
export function matchAt(expression: RegExp, text: string, offset: number): string {
  expression.lastIndex = offset;
  return expression.exec(text)?.[0] ?? '';
}

/** The offset of the line's end: of its newline, or of the end of the text. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end;
}

/** The offset of the first character that is no blank. */
export function skipBlanks(text: string, offset: number): number {
  let at = offset;
  while (text[at] === ' ') at++;
  return at;
}
