export type TableColumnType = 'text' | 'integer' | 'real' | 'boolean' | 'time';

export interface TableColumn {
  readonly name: string;
  readonly type: TableColumnType;
}

/** null: not known. */
export type TableValue = string | number | boolean | Date | null;

/** Writes a table piece by piece. */
export interface TableWriter {
  write(rows: readonly (readonly TableValue[])[]): void | Promise<void>;
  /** All is written, and the file has its name. */
  finish(): void | Promise<void>;
  /** Leaves nothing behind; what had the name before still has it. */
  abandon(): void;
}
