import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { FreshFile } from './fresh-file.ts';
import type { TableColumn, TableColumnType, TableValue, TableWriter } from './table-writer.ts';

/** Rows of a row group: what is held in memory at a time. */
const GROUP_ROWS = 20_000;

const TYPES = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT64' },
  real: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  // Of UTC, as the converted type says.
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
} as const satisfies Record<TableColumnType, object>;

/** A table as a Parquet file: every column may have nulls, whole numbers are INT64, times are milliseconds of UTC. */
export class ParquetFile implements TableWriter {
  readonly #file: FreshFile;
  readonly #columns: readonly TableColumn[];
  readonly #writer: ParquetWriter;
  #rows: (readonly TableValue[])[] = [];

  /** @throws KISIM_E_EXPORT_WRITE */
  constructor(path: string, columns: readonly TableColumn[], createdBy: string) {
    this.#file = new FreshFile(path);
    this.#columns = columns;
    this.#writer = this.#file.guard(
      () =>
        new ParquetWriter({
          writer: fileWriter(this.#file.written),
          createdBy,
          schema: [
            { name: 'root', num_children: columns.length },
            ...columns.map(({ name, type }) => ({
              name,
              repetition_type: 'OPTIONAL' as const,
              ...TYPES[type],
            })),
          ],
        }),
    );
  }

  write(rows: readonly (readonly TableValue[])[]): void {
    for (const row of rows) {
      this.#rows.push(row);
      if (this.#rows.length >= GROUP_ROWS) this.#writeGroup();
    }
  }

  finish(): void {
    if (this.#rows.length > 0) this.#writeGroup();
    this.#file.guard(() => void this.#writer.finish());
    this.#file.take();
  }

  abandon(): void {
    this.#file.abandon();
  }

  #writeGroup(): void {
    const rows = this.#rows;
    this.#rows = [];
    this.#file.guard(() => {
      this.#writer.write({
        rowGroupSize: GROUP_ROWS,
        columnData: this.#columns.map(({ name, type }, i) => ({
          name,
          data: rows.map((row) => stored(type, row[i] ?? null)),
        })),
      });
    });
  }
}

function stored(type: TableColumnType, value: TableValue): TableValue | bigint {
  return type === 'integer' && typeof value === 'number' ? BigInt(Math.round(value)) : value;
}
