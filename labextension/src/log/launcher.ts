/** The lines that KFP's launcher and Argo write into the log of a task beside its own. */
import type { ILine } from './ansi';

const EMISSARY = /^time="?\d{4}-\d\d-\d\dT\S+ level=(?:info|INFO|debug|DEBUG|warning|WARN)\b/;
const EMISSARY_END = /^Error: exit status \d{1,3}$/; // after the launcher has ended
const LAUNCHER = /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.go:\d+\]/;

/** Lines of a log with the number of each in the whole log, from 0. */
export interface INumberedLines {
  readonly lines: readonly ILine[];
  readonly numbers: readonly number[];
}

/** Whether a line is the launcher's or Argo's, as `service/tasks/launcher.py` tells. */
export function isLauncherLine(text: string): boolean {
  return EMISSARY.test(text) || EMISSARY_END.test(text) || LAUNCHER.test(text);
}

/** Return the lines of a log, all of them or without the launcher's. */
export function numberLines(lines: readonly ILine[], { all }: { readonly all: boolean }): INumberedLines {
  const numbers = [...lines.keys()].filter(index => all || !isLauncherLine(lines[index]?.text ?? ''));
  return { lines: all ? lines : lines.filter(line => !isLauncherLine(line.text)), numbers };
}
