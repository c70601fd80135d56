import type { TableCell } from "./in-page.ts";

/** More columns are no table but a trap. */
const mostColumns = 200;

/** A row: by its columns' names, or in order where the table has no header. */
export type TableRow = Readonly<Record<string, string>> | readonly string[];

/**
 * Makes a list of rows of a table's cells: objects by header where the first rows are all headers, arrays otherwise. What spans several columns or rows
 * stands in each of them; a header that comes again has a number.
 */
export function shapeTable(rows: readonly (readonly TableCell[])[]): TableRow[] {
  const grid = spread(rows);
  const firstData = grid.findIndex((row) => !row.every((cell) => cell?.isHeader));
  const headerRows = grid.slice(0, Math.max(firstData, 0));
  const data = grid.slice(headerRows.length).map((row) => row.map((cell) => cell?.text ?? ""));
  if (headerRows.length === 0) return data;
  const names = nameColumns(headerRows, Math.max(...grid.map(({ length }) => length)));
  return data.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column] ?? ""])));
}

/** Every cell in each place it spans. */
function spread(rows: readonly (readonly TableCell[])[]): (TableCell | undefined)[][] {
  const grid: (TableCell | undefined)[][] = rows.map(() => []);
  for (const [at, row] of rows.entries()) {
    let column = 0;
    for (const cell of row) {
      while (grid[at]?.[column] !== undefined) column++;
      const right = Math.min(column + cell.columns, mostColumns);
      for (const spanned of grid.slice(at, at + cell.rows)) for (let place = column; place < right; place++) spanned[place] = cell;
      column = right;
      if (column === mostColumns) break;
    }
  }
  return grid.map((row) => Array.from(row));
}

function nameColumns(headerRows: readonly (readonly (TableCell | undefined)[])[], columns: number): string[] {
  const taken = new Set<string>();
  return Array.from({ length: columns }, (_, column) => {
    const texts = headerRows.map((row) => row[column]?.text ?? "").filter((text) => text !== "");
    const name = [...new Set(texts)].join(" ") || `column ${column + 1}`;
    let own = name;
    for (let number = 2; taken.has(own); number++) own = `${name} ${number}`;
    taken.add(own);
    return own;
  });
}
