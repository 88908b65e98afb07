/** The cells of tables: how they compare, and how they are written into a file. */

/** Compare two values of a column; `sign` is that of the order, since unknown values come last in either. */
export function compareCells(one: number | string | null, other: number | string | null, sign: number): number {
  if (one === null || other === null) {
    return one === other ? 0 : sign * (one === null ? 1 : -1);
  }
  if (typeof one === 'string' || typeof other === 'string') {
    return String(one).localeCompare(String(other), undefined, { numeric: true });
  }
  return one - other;
}

/** Return lines as CSV (RFC 4180). */
export function encodeCsv(lines: readonly (readonly string[])[]): string {
  return lines.map(line => line.map(quoteField).join(',')).join('\r\n') + '\r\n';
}

/** Quote a field where needed; a leading formula sign is escaped so that no spreadsheet runs it. */
function quoteField(field: string): string {
  const safe = /^[=+\-@\t\r]/.test(field) && !isNumber(field) ? `'${field}` : field;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function isNumber(field: string): boolean {
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(field);
}
